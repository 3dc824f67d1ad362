#include "mime/html.h"

#include "mime/html_class.h"
#include "mime/html_parts.h"

#include <string.h>

#define SPACES (CLASS_SPACE | CLASS_TAG_END | CLASS_NAME_END | CLASS_VALUE_END)
#define A      CLASS_ALPHA

const uint8_t html_classes[256] = {
        ['\t'] = SPACES,
        ['\n'] = SPACES,
        ['\f'] = SPACES,
        ['\r'] = SPACES,
        [' '] = SPACES,
        ['/'] = CLASS_TAG_END | CLASS_NAME_END,
        ['>'] = CLASS_TAG_END | CLASS_NAME_END | CLASS_VALUE_END,
        ['='] = CLASS_NAME_END,
        ['A' ... 'Z'] = CLASS_ALPHA,
        ['a' ... 'z'] = CLASS_ALPHA,
};

struct html html_init(struct str text)
{
	return (struct html){.text = text};
}

size_t html_find(const struct html *h, size_t from, char c)
{
	const char *p =
	        from < h->text.n ? memchr(h->text.p + from, c, h->text.n - from) : NULL;

	return p ? (size_t)(p - h->text.p) : h->text.n;
}

static bool give_text(struct html *h, size_t end)
{
	size_t start = h->at;

	h->at = end;
	if (start == end || h->skips_text)
		return false;
	h->token.kind = HTML_TEXT;
	h->token.state = h->state;
	h->token.start = start;
	h->token.end = end;
	return true;
}

/* The name of the tag begins at `name`. Its attributes are still to come. */
static bool give_tag(struct html *h, enum html_kind kind, size_t name)
{
	const char *p = h->text.p;
	size_t n = h->text.n;
	size_t i = name + 1;

	while (i < n && !(html_class(p[i]) & CLASS_TAG_END))
		i++;
	h->token.kind = kind;
	h->token.start = h->at;
	h->token.name = (struct html_range){name, i};
	h->token.is_self_closing = false;
	h->at = i;
	if (i == n)
		return false;
	h->is_in_tag = true;
	if (kind == HTML_START_TAG)
		h->last_start_tag = (struct str){p + name, i - name};
	return true;
}

/* The tag ends before `at`, or the document does. */
static bool leave_tag(struct html *h, size_t at)
{
	h->is_in_tag = false;
	h->at = at;
	h->token.end = at;
	return false;
}

static bool drop_tag(struct html *h)
{
	leave_tag(h, h->text.n);
	h->token.end = 0;
	return false;
}

/* From i on: blanks and slashes in front of an attribute. True where one begins. */
static inline bool find_attr(struct html *h, size_t i, size_t *start)
{
	const char *p = h->text.p;
	size_t n = h->text.n;

	for (; i < n; i++) {
		if (html_class(p[i]) & CLASS_SPACE)
			continue;
		if (p[i] == '>')
			return leave_tag(h, i + 1);
		if (p[i] != '/') {
			*start = i;
			return true;
		}
		if (i + 1 < n && p[i + 1] == '>') {
			h->token.is_self_closing = true;
			return leave_tag(h, i + 2);
		}
	}
	return drop_tag(h);
}

/* The value behind an equals sign; i is behind it. */
static inline bool read_value(struct html *h, size_t i, struct html_attr *attr)
{
	const char *p = h->text.p;
	size_t n = h->text.n;
	size_t start;

	while (i < n && (html_class(p[i]) & CLASS_SPACE))
		i++;
	if (i == n)
		return drop_tag(h);
	attr->has_value = true;
	if (p[i] == '"' || p[i] == '\'') {
		const char *end = memchr(p + i + 1, p[i], n - i - 1);

		if (!end)
			return drop_tag(h);
		attr->quote = p[i];
		attr->value = (struct html_range){i + 1, (size_t)(end - p)};
		h->at = attr->value.end + 1;
		return true;
	}
	for (start = i; i < n && !(html_class(p[i]) & CLASS_VALUE_END);)
		i++;
	attr->value = (struct html_range){start, i};
	h->at = i;
	return true;
}

bool html_next_attr(struct html *h, struct html_attr *attr)
{
	const char *p = h->text.p;
	size_t n = h->text.n;
	size_t start, i;

	if (!h->is_in_tag || !find_attr(h, h->at, &start))
		return false;
	/* An equals sign in front is part of the name. */
	for (i = start + 1; i < n && !(html_class(p[i]) & CLASS_NAME_END);)
		i++;
	*attr = (struct html_attr){
	        .name = {start, i},
                  .value = {i,     i}
        };
	if (i < n && p[i] != '=')
		while (i < n && (html_class(p[i]) & CLASS_SPACE))
			i++;
	if (i == n)
		return drop_tag(h);
	if (p[i] == '=')
		return read_value(h, i + 1, attr);
	h->at = i;
	return true;
}

bool html_end_tag(struct html *h)
{
	struct html_attr attr;

	while (html_next_attr(h, &attr))
		;
	return h->token.end != 0;
}

/* At '<' in data: a token, or none and h->at behind it. */
static bool markup(struct html *h)
{
	size_t i = h->at;
	char c = i + 1 < h->text.n ? h->text.p[i + 1] : 0;

	if (html_class(c) & CLASS_ALPHA)
		return give_tag(h, HTML_START_TAG, i + 1);
	if (c == '!')
		return html_declaration(h);
	if (c == '?')
		return html_bogus_comment(h, i + 1);
	/* "</", see opens() */
	c = h->text.p[i + 2];
	if (html_class(c) & CLASS_ALPHA)
		return give_tag(h, HTML_END_TAG, i + 2);
	if (c != '>')
		return html_bogus_comment(h, i + 2);
	h->at = i + 3;
	return false;
}

/* Whether the '<' at i is more than text. */
static inline bool opens(const struct html *h, size_t i)
{
	const char *p = h->text.p;
	size_t n = h->text.n;

	return i + 1 < n && ((html_class(p[i + 1]) & CLASS_ALPHA) || p[i + 1] == '!' ||
	                     p[i + 1] == '?' || (p[i + 1] == '/' && i + 2 < n));
}

static bool next_data(struct html *h)
{
	size_t i = html_find(h, h->at, '<');

	while (i < h->text.n && !opens(h, i))
		i = html_find(h, i + 1, '<');
	if (give_text(h, i))
		return true;
	return i < h->text.n && markup(h);
}

static bool next_raw(struct html *h)
{
	size_t end = html_text_end(h);

	if (give_text(h, end))
		return true;
	if (end == h->text.n)
		return false;
	h->state = HTML_DATA;
	return give_tag(h, HTML_END_TAG, end + 2);
}

static bool next_cdata(struct html *h)
{
	size_t next;
	size_t end = html_cdata_end(h, &next);
	bool given = give_text(h, end);

	h->at = next;
	h->state = HTML_DATA;
	return given;
}

bool html_next(struct html *h)
{
	bool given = false;

	if (h->is_in_tag)
		html_end_tag(h);
	while (!given && h->at < h->text.n) {
		switch (h->state) {
		case HTML_DATA:
			given = next_data(h);
			break;
		case HTML_RCDATA:
		case HTML_RAWTEXT:
		case HTML_SCRIPT:
			given = next_raw(h);
			break;
		case HTML_PLAINTEXT:
			given = give_text(h, h->text.n);
			break;
		case HTML_CDATA:
			given = next_cdata(h);
			break;
		}
	}
	return given;
}
