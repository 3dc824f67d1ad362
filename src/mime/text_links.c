#include "mime/text_links.h"

#include "base/utf8.h"

#include <string.h>

/* Length of what begins here and may be part of a URL, 0 where the URL ends. */
static size_t unit_length(struct str s, struct text_form form)
{
	/* U+00A0, U+00AB, U+00BB; U+2000–206F, U+3000–303F, U+FF00–FFEF: blanks,
	 * quotes and full-width punctuation. */
	static const struct str ends[] = {
	        STR_INIT("\xc2\xa0"), STR_INIT("\xc2\xab"), STR_INIT("\xc2\xbb"),
	        STR_INIT("\xe2\x80"), STR_INIT("\xe2\x81"), STR_INIT("\xe3\x80"),
	        STR_INIT("\xef\xbc"), STR_INIT("\xef\xbd"), STR_INIT("\xef\xbe"),
	        STR_INIT("\xef\xbf"),
	};
	unsigned char c;

	if (s.n == 0)
		return 0;
	c = (unsigned char)s.p[0];
	if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')
		return 0;
	if (c < 0x80)
		return 1;
	if (!form.is_utf8)
		return 0;
	for (size_t i = 0; i < LEN(ends); i++)
		if (str_starts(s, ends[i]))
			return 0;
	return utf8_length(s);
}

static size_t run_length(struct str s, struct text_form form)
{
	size_t n = 0;
	size_t unit;

	for (;;) {
		while (n < s.n && (char_is_alnum(s.p[n]) || s.p[n] == '/' ||
		                   s.p[n] == '-' || s.p[n] == '.' || s.p[n] == '='))
			n++; /* most of a URL, looked at without much ado */
		unit = unit_length(str_from(s, n), form);
		if (unit == 0)
			return n;
		n += unit;
	}
}

static size_t count_char(struct str s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Whether the last character belongs to the sentence, not to the URL. Brackets that the
 * URL has opened are its own. */
static bool is_of_sentence(struct str url)
{
	static const char pairs[][2] = {
	        {'(', ')'},
                {'[', ']'},
                {'{', '}'}
        };
	char last = url.p[url.n - 1];

	for (size_t i = 0; i < LEN(pairs); i++)
		if (last == pairs[i][1])
			return count_char(url, last) > count_char(url, pairs[i][0]);
	return strchr(".,;:!?'*_~`|\\", last) != NULL;
}

/* No URL ends with more brackets and dots than this; so the trimming stays linear. */
enum { TRIM_MAX = 32 };

static struct str trim_sentence(struct str url, size_t least)
{
	for (int i = 0; i < TRIM_MAX && url.n > least && is_of_sentence(url); i++)
		url.n--;
	/* Where lines were joined, what was trimmed may have been all of the last. */
	while (url.n > least && char_is_blank(url.p[url.n - 1]))
		url.n--;
	return url;
}

/* Length of a line end at the front, 0 where there is none. */
static size_t eol_length(struct str s)
{
	if (str_starts(s, STR("\r\n")))
		return 2;
	return s.n && s.p[0] == '\n';
}

/* Joins what stands on several lines: up to `n` bytes, line ends and the blanks around
 * them left out. */
static struct str join_lines(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!char_is_blank(s.p[i]))
			p[n++] = s.p[i];
	return (struct str){p, n};
}

/* Length of "<…>" contents that run over line ends, 0 where it is no such URL: at each
 * line end the line must have been full, and nothing else may be blank. */
static size_t bracketed_length(struct str s, struct text_form form)
{
	enum { LINES_MAX = 40 };
	size_t n = 0;

	for (int line = 0; line < LINES_MAX; line++) {
		size_t blank, eol;

		n += run_length(str_from(s, n), form);
		if (n < s.n && s.p[n] == '>')
			return n;
		blank = form.is_delsp && n < s.n && s.p[n] == ' ';
		eol = eol_length(str_from(s, n + blank));
		n += eol ? blank : 0;
		if (!eol || n + eol >= s.n || s.p[n + eol] == '\r' ||
		    s.p[n + eol] == '\n')
			return 0;
		n += eol;
	}
	return 0;
}

/* The same for delsp=yes: each " " before a line end goes, and the line goes on. */
static size_t delsp_length(struct str s, struct text_form form)
{
	size_t n = run_length(s, form);

	for (;;) {
		size_t eol = 0;

		if (n < s.n && s.p[n] == ' ')
			eol = eol_length(str_from(s, n + 1));
		if (!eol || !run_length(str_from(s, n + 1 + eol), form))
			return n;
		n += 1 + eol;
		n += run_length(str_from(s, n), form);
	}
}

/* Where "http://" or "https://" that ends with this colon begins, or -1. */
static ptrdiff_t scheme_start(struct str text, size_t colon)
{
	static const struct str schemes[] = {STR_INIT("http"), STR_INIT("https")};
	struct str before = str_slice(text, 0, colon);

	if (!str_starts(str_from(text, colon), STR("://")))
		return -1;
	for (size_t i = 0; i < LEN(schemes); i++) {
		size_t at = colon - schemes[i].n;

		if (str_ends_nocase(before, schemes[i]) &&
		    (at == 0 || !char_is_alnum(text.p[at - 1])))
			return (ptrdiff_t)at;
	}
	return -1;
}

static size_t add_link(struct arena *a, struct str text, size_t start,
                       struct text_form form, const struct link_rules *rules,
                       struct links *out)
{
	struct str rest = str_from(text, start);
	size_t least = (size_t)str_find_char(rest, ':') + 3;
	size_t n = 0;
	struct str value;
	struct link *link;

	if (start && text.p[start - 1] == '<')
		n = bracketed_length(rest, form);
	if (n == 0) {
		n = form.is_delsp ? delsp_length(rest, form) : run_length(rest, form);
		n = trim_sentence(str_slice(rest, 0, n), least).n;
	}
	value = str_slice(rest, 0, n);
	if (str_find_char(value, '\n') >= 0)
		value = join_lines(a, value);
	link = ARRAY_ADD(out, a);
	*link = (struct link){.value = value,
	                      .start = start,
	                      .end = start + n,
	                      .why = link_judge(value, rules)};
	return start + n;
}

void text_links(struct arena *a, struct str text, struct text_form form,
                const struct link_rules *rules, struct links *out)
{
	size_t at = 0;

	for (;;) {
		ptrdiff_t colon = str_find_char(str_from(text, at), ':');
		ptrdiff_t start;

		/* One more than may be, so that the caller sees it. */
		if (colon < 0 || out->n > LINKS_MAX)
			return;
		start = scheme_start(text, at + (size_t)colon);
		if (start < (ptrdiff_t)at)
			at += (size_t)colon + 1;
		else
			at = add_link(a, text, (size_t)start, form, rules, out);
	}
}
