#include "mime/rewrite_lines.h"

#include <string.h>

enum { LINE_MAX = 998 };

/* A line of the text around a piece of it. Nobody looks further than a line may be long:
 * some letters are one line. */
struct line {
	size_t before, behind; /* bytes of it in front of the piece, and behind */
	bool is_long;          /* too long as it stands */
};

static struct line line_around(struct str text, size_t start, size_t end)
{
	size_t window = start < LINE_MAX + 1 ? start : LINE_MAX + 1;
	struct str rest = str_slice(text, end, LINE_MAX + 2);
	const char *lf = window ? memrchr(text.p + start - window, '\n', window) : NULL;
	ptrdiff_t next = str_find_char(rest, '\n');
	struct str piece = str_slice(text, start, end - start);
	ptrdiff_t first;
	struct line line;

	line.before = lf ? (size_t)(text.p + start - 1 - lf) : window;
	line.behind = next < 0 ? rest.n : (size_t)next;
	if (next > 0 && rest.p[next - 1] == '\r')
		line.behind--;
	/* A target may run over line ends. */
	first = str_find_char(piece, '\n');
	if (first < 0) {
		line.is_long = line.before + piece.n + line.behind > LINE_MAX;
	} else {
		lf = memrchr(piece.p, '\n', piece.n);
		line.is_long =
		        line.before + (size_t)first > LINE_MAX ||
		        (size_t)(piece.p + piece.n - 1 - lf) + line.behind > LINE_MAX;
	}
	return line;
}

/* The column of the output that `at` comes to, on a line with so many bytes before. */
static size_t output_column(const struct rewrite_lines *l, size_t at, size_t before)
{
	/* A piece behind which something was written already counts as it stood. */
	if (at < l->written_to || before < at - l->written_to)
		return before;
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
	while (at > l->written_to && char_is_blank(p[at - 1]))
		at--;
	if (at <= l->written_to || p[at - 1] != '=')
		return 0;
	at--;
	while (at > l->written_to && char_is_blank(p[at - 1]))
		at--;
	while (at > l->written_to && !char_is_blank(p[at - 1]) &&
	       !strchr("/\"'>", p[at - 1]))
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
	const char *lf = text.n ? memrchr(text.p, '\n', text.n) : NULL;
	size_t before = line_around(l->text, start, start).before;

	if (lf)
		l->column = (size_t)(text.p + text.n - 1 - lf);
	else
		l->column = output_column(l, start, before) + text.n;
	l->written_to = end;
	edits_add(a, edits, start, end, text);
}

/* Where breaks must go so that the line with the new target is short enough, 0 for
 * nowhere; false where they cannot. */
static bool place_breaks(const struct rewrite_lines *l, const struct link *link,
                         size_t n, struct line line, size_t *before, size_t *behind)
{
	size_t column = output_column(l, link->start, line.before);

	*before = *behind = 0;
	if (column + n > LINE_MAX) {
		*before = break_before(l, link);
		column = link->start - *before;
		if (!*before || column + n > LINE_MAX)
			return false;
	}
	if (column + n + line.behind > LINE_MAX) {
		*behind = break_behind(l, link);
		if (!*behind || column + n + (*behind - link->end) > LINE_MAX)
			return false;
	}
	return true;
}

bool rewrite_lines_link(struct arena *a, struct rewrite_lines *l,
                        const struct link *link, struct str target, struct edits *edits)
{
	struct line line;
	size_t before = 0, behind = 0;

	if (l->is_free) {
		edits_add(a, edits, link->start, link->end, target);
		return true;
	}
	line = line_around(l->text, link->start, link->end);
	if (!line.is_long && !place_breaks(l, link, target.n, line, &before, &behind))
		return false;
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
	struct line line;

	if (l->is_free) {
		edits_add(a, edits, start, end, text);
		return;
	}
	line = line_around(l->text, start, end);
	if (!line.is_long &&
	    output_column(l, start, line.before) + text.n + line.behind > LINE_MAX)
		text = arena_join(a, l->eol, text);
	replace(a, l, start, end, text, edits);
}
