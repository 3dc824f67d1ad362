#include "edge/pages.h"

#include "base/buf.h"
#include "base/markup.h"

enum { PAGE_MAX = 16 * 1024 };

/* X(NAME, English). {name} {address} {host} stand for what is known. A text that is empty
 * is not shown. */
#define PAGE_TEXTS(X)                                                                  \
	X(SENDER, "the sender")                                                        \
	X(UNSUBSCRIBE_HEADING, "Unsubscribe")                                          \
	X(UNSUBSCRIBE_ASK,                                                             \
	  "Do you want to stop receiving these messages from {name}?")                 \
	X(UNSUBSCRIBE_ADDRESS, "This is about {address}.")                             \
	X(UNSUBSCRIBE_BUTTON, "Unsubscribe")                                           \
	X(UNSUBSCRIBED_HEADING, "You are unsubscribed")                                \
	X(UNSUBSCRIBED_TEXT,                                                           \
	  "{name} will be told. A message that is already on its way may still "       \
	  "arrive.")                                                                   \
	X(CONFIRM_HEADING, "One more step")                                            \
	X(CONFIRM_TEXT,                                                                \
	  "This link from {name} works only once. Some programs open links in "        \
	  "messages before their readers do, so please open it with the button.")      \
	X(CONFIRM_HOST, "It leads to {host}.")                                         \
	X(CONFIRM_BUTTON, "Open the link")                                             \
	X(NOT_FOUND_HEADING, "This link does not work")                                \
	X(NOT_FOUND_TEXT,                                                              \
	  "It is incomplete or was changed on its way. Please open it from the "       \
	  "message itself.")                                                           \
	X(HOME_HEADING, "Links of e-mail messages")                                    \
	X(HOME_TEXT,                                                                   \
	  "This host serves the links of e-mail messages that the owner of its name "  \
	  "sends. There is nothing to see here.")                                      \
	X(UNAVAILABLE_HEADING, "Please try again in a moment")                         \
	X(UNAVAILABLE_TEXT, "The link works, but not right now.")                      \
	X(MOVED_HEADING, "Unsubscribing is not done here any more")                    \
	X(MOVED_TEXT,                                                                  \
	  "The messages that this link comes from were sent by a service that is no "  \
	  "longer used. Nothing has been changed.")                                    \
	X(MOVED_CONTACT, "To unsubscribe, please write to or visit:")                  \
	X(MOVED_REPLY,                                                                 \
	  "To unsubscribe, please answer one of the messages with the word "           \
	  "“unsubscribe”.")

enum text {
#define X(name, english) TEXT_##name,
	PAGE_TEXTS(X)
#undef X
	        TEXTS,
	TEXT_NONE = TEXTS,
};

/* A row a language; the texts in the order of the list above. */
static const struct language {
	const char *code;
	const char *texts[TEXTS];
} languages[] = {
#define X(name, english) english,
        {"en", {PAGE_TEXTS(X)}},
#undef X
};

/* What each page is made of. */
static const struct shape {
	enum text heading, text, more, button;
} shapes[PAGE_KINDS] = {
        [PAGE_UNSUBSCRIBE] = {TEXT_UNSUBSCRIBE_HEADING,  TEXT_UNSUBSCRIBE_ASK,
                              TEXT_UNSUBSCRIBE_ADDRESS,                                             TEXT_UNSUBSCRIBE_BUTTON},
        [PAGE_UNSUBSCRIBED] = {TEXT_UNSUBSCRIBED_HEADING, TEXT_UNSUBSCRIBED_TEXT,
                              TEXT_NONE,                                                            TEXT_NONE              },
        [PAGE_CONFIRM] = {TEXT_CONFIRM_HEADING,      TEXT_CONFIRM_TEXT,      TEXT_CONFIRM_HOST,
                              TEXT_CONFIRM_BUTTON                                                                          },
        [PAGE_NOT_FOUND] = {TEXT_NOT_FOUND_HEADING,    TEXT_NOT_FOUND_TEXT,    TEXT_NONE,
                              TEXT_NONE                                                                                    },
        [PAGE_HOME] = {TEXT_HOME_HEADING,         TEXT_HOME_TEXT,         TEXT_NONE,         TEXT_NONE              },
        [PAGE_UNAVAILABLE] = {TEXT_UNAVAILABLE_HEADING,  TEXT_UNAVAILABLE_TEXT,
                              TEXT_NONE,                                                            TEXT_NONE              },
        [PAGE_MOVED] = {TEXT_MOVED_HEADING,        TEXT_MOVED_TEXT,        TEXT_NONE,         TEXT_NONE              },
};

#define STYLE                                                                          \
	"body{font:1.1em/1.5 sans-serif;max-width:34em;margin:3em auto;padding:0 1em}" \
	"button{font:inherit;padding:.5em 1.2em}"
/* The SHA-256 of STYLE; a test computes it again. */
#define STYLE_HASH "nfCSbnRWWWb/AHW9YjBwFNUfTPTBZxpEq7MFx2eQusM="
#define FIELDS(form)                                                                   \
	"Cache-Control: no-store\r\n"                                                  \
	"X-Robots-Tag: noindex, nofollow\r\n"                                          \
	"Referrer-Policy: no-referrer\r\n"                                             \
	"X-Frame-Options: DENY\r\n"                                                    \
	"Content-Security-Policy: default-src 'none'; style-src 'sha256-" STYLE_HASH   \
	"'; " form "base-uri 'none'; frame-ancestors 'none'\r\n"

struct str page_fields(enum page_kind kind)
{
	return kind == PAGE_CONFIRM ? STR(FIELDS(""))
	                            : STR(FIELDS("form-action 'self'; "));
}

size_t page_language_count(void)
{
	return LEN(languages);
}

const char *page_missing_text(size_t language)
{
	static const char *const names[] = {
#define X(name, english) #name,
	        PAGE_TEXTS(X)
#undef X
	};

	for (size_t i = 0; i < TEXTS; i++)
		if (!languages[language].texts[i])
			return names[i];
	return NULL;
}

/* By the part in front of the "-": "de-AT" is served by "de". */
static const struct language *find_language(struct str code)
{
	struct str main;

	str_cut(&code, '-', &main);
	for (size_t i = 0; i < LEN(languages); i++)
		if (str_eq_nocase(str_c(languages[i].code), main))
			return &languages[i];
	return &languages[0];
}

static struct str word_for(const struct language *l, const struct page *page,
                           struct str word)
{
	if (str_eq(word, STR("name")))
		return page->name.n ? page->name : str_c(l->texts[TEXT_SENDER]);
	if (str_eq(word, STR("address")))
		return page->address;
	return page->host;
}

/* The text with its words in place, escaped. */
static void add_text(struct buf *b, const struct language *l, const struct page *page,
                     enum text text)
{
	struct str rest = str_c(l->texts[text]), part, word;

	while (str_cut(&rest, '{', &part)) {
		markup_add(b, part);
		if (rest.p && str_cut(&rest, '}', &word))
			markup_add(b, word_for(l, page, word));
	}
}

static void add_paragraph(struct buf *b, const struct language *l,
                          const struct page *page, enum text text)
{
	buf_add(b, STR("<p>"));
	add_text(b, l, page, text);
	buf_add(b, STR("</p>\n"));
}

static void add_contact(struct buf *b, const struct language *l,
                        const struct page *page)
{
	if (!page->contact.n) {
		add_paragraph(b, l, page, TEXT_MOVED_REPLY);
		return;
	}
	add_paragraph(b, l, page, TEXT_MOVED_CONTACT);
	buf_add(b, STR("<p><a href=\""));
	markup_add(b, page->contact);
	buf_add(b, STR("\">"));
	markup_add(b, str_starts(page->contact, STR("mailto:"))
	                      ? str_from(page->contact, 7)
	                      : page->contact);
	buf_add(b, STR("</a></p>\n"));
}

struct str page_make(struct arena *a, enum page_kind kind, const struct page *page)
{
	const struct shape *shape = &shapes[kind];
	const struct language *l = find_language(page->language);
	AUTO(buf) b = {.max = PAGE_MAX};
	bool has_more = shape->more == TEXT_UNSUBSCRIBE_ADDRESS ? page->address.n > 0
	                : shape->more == TEXT_CONFIRM_HOST      ? page->host.n > 0
	                                                        : false;

	buf_printf(&b, "<!DOCTYPE html>\n<html lang=\"%s\">\n", l->code);
	buf_add(&b, STR("<head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	                "content=\"width=device-width\">\n<title>"));
	add_text(&b, l, page, shape->heading);
	buf_add(&b, STR("</title>\n<style>" STYLE "</style></head>\n<body><h1>"));
	add_text(&b, l, page, shape->heading);
	buf_add(&b, STR("</h1>\n"));
	add_paragraph(&b, l, page, shape->text);
	if (has_more)
		add_paragraph(&b, l, page, shape->more);
	if (kind == PAGE_MOVED)
		add_contact(&b, l, page);
	if (shape->button != TEXT_NONE) {
		buf_add(&b, STR("<form method=\"post\"><button name=\"confirm\" "
		                "value=\"yes\">"));
		add_text(&b, l, page, shape->button);
		buf_add(&b, STR("</button></form>\n"));
	}
	buf_add(&b, STR("</body>\n</html>\n"));
	need(!b.overflowed);
	return arena_dup(a, buf_str(&b));
}

struct str page_host_of(struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str rest;
	size_t n = 0;

	if (at < 0)
		return STR_NONE;
	rest = str_from(url, (size_t)at + 3);
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
		n++;
	return n <= 255 ? str_slice(rest, 0, n) : STR_NONE;
}
