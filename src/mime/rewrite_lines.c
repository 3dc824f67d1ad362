#include "mime/rewrite_lines.h"

#include <string.h>

enum { LINE_MAX = 998 };

static size_t line_start(struct str text, size_t at)
{
	const char *lf = at ? memrchr(text.p, '\n', at) : NULL;

	return lf ? (size_t)(lf + 1 - text.p) : 0;
}

static size_t line_end(struct str text, size_t at)
{
	ptrdiff_t lf = str_find_char(str_from(text, at), '\n');

	if (lf < 0)
		return text.n;
	at += (size_t)lf;
	return at > 0 && text.p[at - 1] == '\r' ? at - 1 : at;
}

/* Whether the line at that place is too long already; a link may end on another line. */
static bool is_long_line(struct str text, size_t at)
{
	return line_end(text, at) - line_start(text, at) > LINE_MAX;
}

/* The column of the output that `at` comes to. */
static size_t output_column(const struct rewrite_lines *l, size_t at)
{
	size_t start = line_start(l->text, at);

	if (start > l->written_to)
		return at - start;
	return l->column + at - l->written_to;
}

/* Whether the link stands in brackets of its own. */
static bool is_bracketed(const struct rewrite_lines *l, const struct link *link)
{
	static const char pairs[][2] = {
	        {'<', '>'},
                {'(', ')'},
                {'[', ']'}
        };

	if (link->start == 0 || link->end == l->text.n)
		return false;
	for (size_t i = 0; i < LEN(pairs); i++)
		if (l->text.p[link->start - 1] == pairs[i][0] &&
		    l->text.p[link->end] == pairs[i][1])
			return true;
	return false;
}

/* A place for a break before the link, or 0 where there is none: in HTML where the name
 * of its attribute begins, in text behind a blank. */
static size_t break_before(const struct rewrite_lines *l, const struct link *link)
{
	size_t at = link->start;
	const char *p = l->text.p;

	if (!l->is_html) {
		at -= is_bracketed(l, link);
		return at > l->written_to && p[at - 1] == ' ' ? at : 0;
	}
	at -= link->quote != 0;
	while (at && char_is_blank(p[at - 1]))
		at--;
	if (!at || p[at - 1] != '=')
		return 0;
	at--;
	while (at && char_is_blank(p[at - 1]))
		at--;
	while (at && !char_is_blank(p[at - 1]) && !strchr("/\"'>", p[at - 1]))
		at--;
	return at > l->written_to ? at : 0;
}

/* The same behind it. */
static size_t break_behind(const struct rewrite_lines *l, const struct link *link)
{
	size_t at = link->end + (link->quote != 0);

	if (!l->is_html) {
		at += is_bracketed(l, link);
		if (at == l->text.n || l->text.p[at] != ' ')
			return 0;
		at++;
	}
	return at <= l->free_to ? at : 0;
}

static void replace(struct arena *a, struct rewrite_lines *l, size_t start, size_t end,
                    struct str text, struct edits *edits)
{
	ptrdiff_t lf = -1;

	for (size_t i = text.n; i-- > 0 && lf < 0;)
		if (text.p[i] == '\n')
			lf = (ptrdiff_t)i;
	l->column = lf < 0 ? output_column(l, start) + text.n : text.n - (size_t)lf - 1;
	l->written_to = end;
	edits_add(a, edits, start, end, text);
}

bool rewrite_lines_link(struct arena *a, struct rewrite_lines *l,
                        const struct link *link, struct str target, struct edits *edits)
{
	size_t to = line_end(l->text, link->end);
	size_t column, before, behind;

	if (l->is_free || is_long_line(l->text, link->start) ||
	    is_long_line(l->text, link->end)) {
		if (l->is_free)
			edits_add(a, edits, link->start, link->end, target);
		else
			replace(a, l, link->start, link->end, target, edits);
		return true;
	}
	column = output_column(l, link->start);
	before = 0;
	if (column + target.n > LINE_MAX) {
		before = break_before(l, link);
		column = link->start - before;
		if (!before || column + target.n > LINE_MAX)
			return false;
	}
	behind = 0;
	if (column + target.n + (to - link->end) > LINE_MAX) {
		behind = break_behind(l, link);
		if (!behind || column + target.n + (behind - link->end) > LINE_MAX)
			return false;
	}
	if (before)
		replace(a, l, before, before, l->eol, edits);
	replace(a, l, link->start, link->end, target, edits);
	if (behind)
		replace(a, l, behind, behind, l->eol, edits);
	return true;
}

void rewrite_lines_piece(struct arena *a, struct rewrite_lines *l, size_t start,
                         size_t end, struct str text, struct edits *edits)
{
	size_t to;

	if (l->is_free) {
		edits_add(a, edits, start, end, text);
		return;
	}
	to = line_end(l->text, end);
	if (!is_long_line(l->text, start) && !is_long_line(l->text, end) &&
	    output_column(l, start) + text.n + (to - end) > LINE_MAX)
		text = arena_join(a, l->eol, text);
	replace(a, l, start, end, text, edits);
}
