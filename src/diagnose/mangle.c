#include "diagnose/mangle.h"

#include "base/buf.h"

enum { TEXT_MAX = 64 * 1024, STEPS_MAX = 2000, BACKSLASHES_MAX = 4 };

/* Longer sequences first: the bytes of Windows-1252 occur inside UTF-8 too. */
static const struct str smart_quotes[] = {
        STR_INIT("\xe2\x80\x98"), STR_INIT("\xe2\x80\x99"), STR_INIT("\xe2\x80\x9a"),
        STR_INIT("\xe2\x80\x9b"), STR_INIT("\xe2\x80\x9c"), STR_INIT("\xe2\x80\x9d"),
        STR_INIT("\xe2\x80\x9e"), STR_INIT("\xe2\x80\x9f"), STR_INIT("\xe2\x80\xb9"),
        STR_INIT("\xe2\x80\xba"), STR_INIT("\xe2\x80\xb2"), STR_INIT("\xe2\x80\xb3"),
        STR_INIT("\xc2\xab"),     STR_INIT("\xc2\xbb"),     STR_INIT("\x91"),
        STR_INIT("\x92"),         STR_INIT("\x93"),         STR_INIT("\x94"),
};

/* What looks like white space, or like nothing, and is no space. */
static const struct str odd_blanks[] = {
        STR_INIT("\xe2\x80\x8b"), STR_INIT("\xe2\x80\x8c"), STR_INIT("\xe2\x80\x8d"),
        STR_INIT("\xe2\x80\xaf"), STR_INIT("\xe2\x81\xa0"), STR_INIT("\xef\xbb\xbf"),
        STR_INIT("\xc2\xa0"),     STR_INIT("\xc2\xad"),     STR_INIT("\r"),
        STR_INIT("\n"),           STR_INIT("\t"),           STR_INIT("\v"),
        STR_INIT("\f"),
};

/* Bytes of the sequence that the text begins with, or 0. */
static size_t match(struct str text, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(text, list[i]))
			return list[i].n;
	return 0;
}

static size_t match_smart(struct str text)
{
	return match(text, smart_quotes, LEN(smart_quotes));
}

static size_t match_odd(struct str text)
{
	return match(text, odd_blanks, LEN(odd_blanks));
}

static size_t match_blank(struct str text)
{
	return str_starts(text, STR(" ")) ? 1 : match_odd(text);
}

static struct str skip_blanks(struct str text)
{
	size_t n;

	while ((n = match_blank(text)))
		text = str_from(text, n);
	return text;
}

/* One quote, perhaps escaped. */
static size_t match_one_quote(struct str text)
{
	size_t n = 0;

	while (n < text.n && n < BACKSLASHES_MAX && text.p[n] == '\\')
		n++;
	return n < text.n && (text.p[n] == '"' || text.p[n] == '\'') ? n + 1 : 0;
}

/* One that ends a string takes along the blanks up to the one that begins the next. */
static size_t match_quote(struct str text)
{
	size_t n = match_one_quote(text);
	struct str gap = str_from(text, n);
	struct str next = skip_blanks(gap);
	size_t more = n && next.n < gap.n ? match_one_quote(next) : 0;

	return more ? text.n - next.n + more : n;
}

/* Backslashes in front of a semicolon. */
static size_t match_escape(struct str text)
{
	size_t n = 0;

	while (n < text.n && n < BACKSLASHES_MAX && text.p[n] == '\\')
		n++;
	return n && n < text.n && text.p[n] == ';' ? n : 0;
}

struct str mangle_skip(struct str text)
{
	for (;;) {
		size_t n = match_blank(text);

		if (!n)
			n = match_quote(text);
		if (!n)
			n = match_smart(text);
		if (!n && str_starts(text, STR("\\")))
			n = 1;
		if (!n)
			return text;
		text = str_from(text, n);
	}
}

/* How many bytes at the front are mangling of these kinds and go without a trace. */
static size_t match_junk(struct str text, unsigned kinds)
{
	size_t n = 0;

	if (kinds & MANGLING_SMART)
		n = match_smart(text);
	if (!n && kinds & MANGLING_QUOTES)
		n = match_quote(text);
	if (!n && kinds & MANGLING_ESCAPES)
		n = match_escape(text);
	return n;
}

struct str mangle_undo(struct arena *a, struct str text, unsigned kinds)
{
	AUTO(buf) b = {.max = TEXT_MAX};
	struct str out;
	size_t n;

	while (text.n) {
		if ((n = match_junk(text, kinds))) {
			text = str_from(text, n);
		} else if (kinds & MANGLING_BLANKS && match_odd(text)) {
			buf_add_char(&b, ' ');
			text = skip_blanks(text);
		} else {
			buf_add_char(&b, text.p[0]);
			text = str_from(text, 1);
		}
	}
	out = arena_dup(a, buf_str(&b));
	return kinds & MANGLING_LEADING ? skip_blanks(out) : out;
}

struct str mangle_squeeze(struct arena *a, struct str text)
{
	AUTO(buf) b = {.max = TEXT_MAX};

	for (text = skip_blanks(text); text.n; text = skip_blanks(str_from(text, 1)))
		buf_add_char(&b, text.p[0]);
	return arena_dup(a, buf_str(&b));
}

/* The search for an order in which pieces make a text. */
struct puzzle {
	struct str *pieces;
	size_t n;
	size_t *order;
	size_t used; /* length of `order` */
	int steps;
};

static bool is_used(const struct puzzle *p, size_t piece)
{
	for (size_t i = 0; i < p->used; i++)
		if (p->order[i] == piece)
			return true;
	return false;
}

static bool solve(struct puzzle *p, struct str goal)
{
	if (goal.n == 0)
		return p->used > 1;
	for (size_t i = 0; i < p->n && p->steps < STEPS_MAX; i++) {
		p->steps++;
		if (p->pieces[i].n == 0 || is_used(p, i) ||
		    !str_starts(goal, p->pieces[i]))
			continue;
		p->order[p->used++] = i;
		if (solve(p, str_from(goal, p->pieces[i].n)))
			return true;
		p->used--;
	}
	return false;
}

/* The data of the last tag p=, of a text without blanks; or the empty view. */
static struct str key_data(struct str squeezed)
{
	ptrdiff_t at = str_find_nocase(squeezed, STR(";p="));
	struct str data = STR_NONE;

	if (at >= 0)
		data = str_from(squeezed, (size_t)at + 3);
	else if (str_starts_nocase(squeezed, STR("p=")))
		data = str_from(squeezed, 2);
	return str_find_char(data, ';') < 0 ? data : STR_NONE;
}

/* The piece with p= may have its other tags in any form. */
static bool solve_key(struct puzzle *p, struct str goal)
{
	if (goal.n == 0)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		struct str data = key_data(p->pieces[i]);

		if (data.n == 0 || data.n == goal.n || !str_starts(goal, data))
			continue;
		p->order[0] = i;
		p->used = 1;
		if (solve(p, str_from(goal, data.n)))
			return true;
	}
	return false;
}

size_t mangle_pieces(struct arena *a, const struct dns_records *txt, struct str value,
                     size_t order[MANGLE_PIECES_MAX])
{
	struct puzzle p = {.n = txt->n, .order = order};
	struct str goal = mangle_squeeze(a, value);

	if (txt->n < 2 || txt->n > MANGLE_PIECES_MAX || goal.n == 0)
		return 0;
	p.pieces = ARENA_ARRAY(a, struct str, txt->n);
	for (size_t i = 0; i < txt->n; i++)
		p.pieces[i] = mangle_squeeze(
		        a, mangle_undo(a, txt->v[i].txt.text, MANGLING_ALL));
	if (solve(&p, goal))
		return p.used;
	p.used = 0;
	return solve_key(&p, key_data(goal)) ? p.used : 0;
}
