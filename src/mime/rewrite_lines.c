#include "mime/rewrite_lines.h"

#include <string.h>

enum { LINE_MAX = 998 };

/* The line of that place. Places come in the order of the text, so that each byte is
 * looked at once, however long lines are. */
static struct rewrite_line line_at(struct rewrite_lines *l, size_t at)
{
	size_t from = at < l->line.start ? 0 : l->line.next;
	const char *lf;
	ptrdiff_t n;

	if (at >= l->line.start && at < l->line.next)
		return l->line;
	lf = at > from ? memrchr(l->text.p + from, '\n', at - from) : NULL;
	n = str_find_char(str_from(l->text, at), '\n');
	l->line.start = lf ? (size_t)(lf + 1 - l->text.p) : from;
	l->line.end = n < 0 ? l->text.n : at + (size_t)n;
	l->line.next = l->line.end + 1;
	if (n >= 0 && l->line.end > l->line.start && l->text.p[l->line.end - 1] == '\r')
		l->line.end--;
	return l->line;
}

static bool is_long(struct rewrite_line line)
{
	return line.end - line.start > LINE_MAX;
}

/* The column of the output that `at`, on this line, comes to. */
static size_t output_column(const struct rewrite_lines *l, struct rewrite_line line,
                            size_t at)
{
	if (line.start > l->written_to)
		return at - line.start;
	return l->column + at - l->written_to;
}

/* What is left of a line behind a place, which may be inside its end. */
static size_t rest_of(struct rewrite_line line, size_t at)
{
	return line.end > at ? line.end - at : 0;
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
		struct str line = str_from(l->text, l->line.start);

		at -= is_bracketed(l, link);
		/* A line "--x " by itself might be a boundary. */
		return at > l->written_to && p[at - 1] == ' ' &&
		                       !str_starts(line, STR("--"))
		               ? at
		               : 0;
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

/* What begins at `start`, on this line. */
static void replace(struct arena *a, struct rewrite_lines *l, struct rewrite_line line,
                    size_t start, size_t end, struct str text, struct edits *edits)
{
	const char *lf = text.n ? memrchr(text.p, '\n', text.n) : NULL;

	l->column = lf ? (size_t)(text.p + text.n - lf - 1)
	               : output_column(l, line, start) + text.n;
	l->written_to = end;
	edits_add(a, edits, start, end, text);
}

/* Where a target of `n` bytes takes breaks, 0 for none. False where they cannot be. */
static bool find_breaks(const struct rewrite_lines *l, const struct link *link,
                        struct rewrite_line line, size_t n, size_t rest, size_t *before,
                        size_t *behind)
{
	size_t column = output_column(l, line, link->start);
	/* A break may begin with a blank. */
	size_t max = LINE_MAX - str_starts(l->eol, STR(" "));

	*before = *behind = 0;
	if (column + n > max) {
		*before = break_before(l, link);
		column = link->start - *before;
		if (!*before || column + n > max ||
		    output_column(l, line, *before) > max)
			return false;
	}
	if (column + n + rest <= max)
		return true;
	*behind = break_behind(l, link);
	return *behind && column + n + (*behind - link->end) <= max;
}

bool rewrite_lines_link(struct arena *a, struct rewrite_lines *l,
                        const struct link *link, struct str target, struct edits *edits)
{
	struct rewrite_line first, last;
	size_t before = 0, behind = 0;

	if (l->is_free) {
		edits_add(a, edits, link->start, link->end, target);
		return true;
	}
	first = line_at(l, link->start);
	last = line_at(l, link->end);
	if (!is_long(first) && !is_long(last) &&
	    !find_breaks(l, link, first, target.n, rest_of(last, link->end), &before,
	                 &behind))
		return false;
	if (before)
		replace(a, l, first, before, before, l->eol, edits);
	replace(a, l, first, link->start, link->end, target, edits);
	if (behind)
		replace(a, l, last, behind, behind, l->eol, edits);
	return true;
}

/* The piece with a break before it, and one behind it where what is left of the line would
 * still make it too long; but none that leaves what might be a boundary at its front. */
static struct str on_own_line(struct arena *a, const struct rewrite_lines *l,
                              struct str text, struct str rest)
{
	bool is_too_long = text.n + rest.n > LINE_MAX;

	text = arena_join(a, l->eol, text);
	if (is_too_long && !str_starts(rest, STR("--")))
		text = arena_join(a, text, l->eol);
	return text;
}

void rewrite_lines_piece(struct arena *a, struct rewrite_lines *l, size_t start,
                         size_t end, struct str text, struct edits *edits)
{
	struct rewrite_line first, last;
	size_t rest;

	if (l->is_free) {
		edits_add(a, edits, start, end, text);
		return;
	}
	first = line_at(l, start);
	last = line_at(l, end);
	rest = rest_of(last, end);
	if (!is_long(first) && !is_long(last) &&
	    output_column(l, first, start) + text.n + rest > LINE_MAX)
		text = on_own_line(a, l, text, str_slice(l->text, end, rest));
	replace(a, l, first, start, end, text, edits);
}
