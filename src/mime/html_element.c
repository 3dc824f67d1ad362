#include "mime/html_element.h"

enum { SAME_LETTER_MAX = 6 };

#define LOADED(name, attribute)                                                        \
	{                                                                              \
		STR_INIT(name), STR_INIT(attribute), false, HTML_DATA                  \
	}
#define FOLLOWED(name, attribute)                                                      \
	{                                                                              \
		STR_INIT(name), STR_INIT(attribute), true, HTML_DATA                   \
	}
#define CONTENT(name, state)                                                           \
	{                                                                              \
		STR_INIT(name), {NULL, 0}, false, state                                \
	}

static const struct html_element elements[26][SAME_LETTER_MAX] = {
        ['a' - 'a'] = {FOLLOWED("a",      "href"),             FOLLOWED("area", "href")},
        ['b' - 'a'] = {LOADED("body",          "background"),                             LOADED("base", "href")},
        ['f' - 'a'] = {LOADED("form","action")},
        ['i' - 'a'] = {LOADED("img",                 "src"),                        CONTENT("iframe", HTML_RAWTEXT)},
        ['l' - 'a'] = {LOADED("link",                 "href")                                                    },
        ['n' - 'a'] = {CONTENT("noembed", HTML_RAWTEXT),
                       CONTENT("noframes", HTML_RAWTEXT)},
        ['p' - 'a'] = {CONTENT("plaintext",     HTML_PLAINTEXT)},
        ['s' - 'a'] = {CONTENT("style", HTML_RAWTEXT),       CONTENT("script", HTML_SCRIPT)},
        ['t' - 'a'] = {LOADED("td",    "background"),                       LOADED("tr", "background"),
                       LOADED("table", "background"), LOADED("th", "background"),
                       CONTENT("title", HTML_RCDATA), CONTENT("textarea", HTML_RCDATA)},
        ['x' - 'a'] = {CONTENT("xmp",HTML_RAWTEXT)                },
};

/* An old word for img, which parsers turn into it. */
static const struct html_element image = LOADED("img", "src");

const struct html_element *html_element_find(struct str name)
{
	unsigned letter = name.n ? (unsigned)char_lower(name.p[0]) - 'a' : 26;

	if (letter >= 26)
		return NULL;
	for (size_t i = 0; i < SAME_LETTER_MAX; i++) {
		const struct html_element *e = &elements[letter][i];

		if (e->name.n == name.n && str_eq_nocase(e->name, name))
			return e;
	}
	return str_eq_nocase(name, STR("image")) ? &image : NULL;
}

/* An entry of `open`: its row in `kept`, and as what its content is read. */
enum { ROW = 15, AS_SVG = 16, AS_MATH = 32 };

/* The roots of foreign content, and the places in it where HTML stands again. */
static const struct {
	struct str name;
	unsigned inside; /* 0: a root, anywhere */
} kept[] = {
        {STR_INIT("svg"),           0      },
        {STR_INIT("math"),          0      },
        {STR_INIT("foreignobject"), AS_SVG },
        {STR_INIT("desc"),          AS_SVG },
        {STR_INIT("title"),         AS_SVG },
        {STR_INIT("mi"),            AS_MATH},
        {STR_INIT("mo"),            AS_MATH},
        {STR_INIT("mn"),            AS_MATH},
        {STR_INIT("ms"),            AS_MATH},
        {STR_INIT("mtext"),         AS_MATH},
};

/* The start tags that end foreign content (§13.2.6.5). */
static const struct str html_only[] = {
        STR_INIT("b"),       STR_INIT("big"),  STR_INIT("blockquote"),
        STR_INIT("body"),    STR_INIT("br"),   STR_INIT("center"),
        STR_INIT("code"),    STR_INIT("dd"),   STR_INIT("div"),
        STR_INIT("dl"),      STR_INIT("dt"),   STR_INIT("em"),
        STR_INIT("embed"),   STR_INIT("h1"),   STR_INIT("h2"),
        STR_INIT("h3"),      STR_INIT("h4"),   STR_INIT("h5"),
        STR_INIT("h6"),      STR_INIT("head"), STR_INIT("hr"),
        STR_INIT("i"),       STR_INIT("img"),  STR_INIT("li"),
        STR_INIT("listing"), STR_INIT("menu"), STR_INIT("meta"),
        STR_INIT("nobr"),    STR_INIT("ol"),   STR_INIT("p"),
        STR_INIT("pre"),     STR_INIT("ruby"), STR_INIT("s"),
        STR_INIT("small"),   STR_INIT("span"), STR_INIT("strong"),
        STR_INIT("strike"),  STR_INIT("sub"),  STR_INIT("sup"),
        STR_INIT("table"),   STR_INIT("tt"),   STR_INIT("u"),
        STR_INIT("ul"),      STR_INIT("var"),
};

static int find_kept(struct str name)
{
	for (size_t i = 0; i < LEN(kept); i++)
		if (str_eq_nocase(kept[i].name, name))
			return (int)i;
	return -1;
}

static bool is_html_only(struct str name)
{
	for (size_t i = 0; i < LEN(html_only); i++)
		if (str_eq_nocase(html_only[i], name))
			return true;
	return false;
}

static unsigned top(const struct html_foreign *f)
{
	return f->n ? f->open[f->n - 1] : 0;
}

bool html_is_foreign(const struct html_foreign *f)
{
	return top(f) & (AS_SVG | AS_MATH);
}

static void push(struct html_foreign *f, int row, unsigned as)
{
	if (f->n < HTML_FOREIGN_DEPTH_MAX)
		f->open[f->n++] = (unsigned char)((unsigned)row | as);
}

static void leave(struct html_foreign *f)
{
	while (html_is_foreign(f))
		f->n--;
}

bool html_foreign_start(struct html_foreign *f, struct str name, bool is_self_closing)
{
	unsigned space = top(f) & (AS_SVG | AS_MATH);
	int row;

	if (space && is_html_only(name)) {
		leave(f);
		return false;
	}
	row = find_kept(name);
	if (row >= 0 && kept[row].inside == 0) {
		if (!is_self_closing)
			push(f, row, space ? space : row == 0 ? AS_SVG : AS_MATH);
		return true;
	}
	if (row >= 0 && !is_self_closing && space == kept[row].inside)
		push(f, row, 0);
	return space != 0;
}

void html_foreign_end(struct html_foreign *f, struct str name)
{
	int row = f->n ? find_kept(name) : -1;

	if (html_is_foreign(f) &&
	    (str_eq_nocase(name, STR("p")) || str_eq_nocase(name, STR("br"))))
		leave(f);
	if (row < 0)
		return;
	if (!html_is_foreign(f)) {
		if ((top(f) & ROW) == (unsigned)row)
			f->n--;
		return;
	}
	for (size_t i = f->n; i > 0 && (f->open[i - 1] & (AS_SVG | AS_MATH)); i--)
		if ((f->open[i - 1] & ROW) == (unsigned)row) {
			f->n = i - 1;
			return;
		}
}
