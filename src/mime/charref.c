#include "mime/charref.h"

#include "mime/charref_table.h"

enum { CODE_MAX = 0x10ffff, REPLACEMENT = 0xfffd };

/* What the numbers of C1 controls mean (WHATWG HTML §13.2.5.80); 0 is as it is. */
static const uint16_t windows_1252[32] = {
        0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
        0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static void add_code(struct charref *out, uint32_t code)
{
	char *p = out->text + out->n;

	if (code < 0x80) {
		p[0] = (char)code;
		out->n += 1;
	} else if (code < 0x800) {
		p[0] = (char)(0xc0 | code >> 6);
		p[1] = (char)(0x80 | (code & 63));
		out->n += 2;
	} else if (code < 0x10000) {
		p[0] = (char)(0xe0 | code >> 12);
		p[1] = (char)(0x80 | (code >> 6 & 63));
		p[2] = (char)(0x80 | (code & 63));
		out->n += 3;
	} else {
		p[0] = (char)(0xf0 | code >> 18);
		p[1] = (char)(0x80 | (code >> 12 & 63));
		p[2] = (char)(0x80 | (code >> 6 & 63));
		p[3] = (char)(0x80 | (code & 63));
		out->n += 4;
	}
}

static uint32_t mend_code(uint32_t code)
{
	if (code == 0 || code > CODE_MAX || (code >= 0xd800 && code <= 0xdfff))
		return REPLACEMENT;
	if (code >= 0x80 && code <= 0x9f && windows_1252[code - 0x80])
		return windows_1252[code - 0x80];
	return code;
}

/* s begins with "&#". */
static size_t parse_number(struct str s, struct charref *out)
{
	bool is_hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
	size_t start = is_hex ? 3 : 2;
	size_t i = start;
	uint32_t code = 0;

	for (; i < s.n && (is_hex ? char_is_hex(s.p[i]) : char_is_digit(s.p[i])); i++) {
		code = code * (is_hex ? 16 : 10) + (uint32_t)char_hex(s.p[i]);
		if (code > CODE_MAX)
			code = CODE_MAX + 1;
	}
	if (i == start)
		return 0;
	add_code(out, mend_code(code));
	return i < s.n && s.p[i] == ';' ? i + 1 : i;
}

/* The character of a row's name at `depth`; -1 behind its end, which sorts first. */
static int name_char(size_t row, size_t depth)
{
	const struct charref_row *r = &charref_rows[row];

	return depth < r->name_len ? charref_names[r->name_at + depth] : -1;
}

/* The first row of low … high-1 whose character at `depth` is at least c. */
static size_t lower_bound(size_t low, size_t high, size_t depth, int c)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (name_char(middle, depth) < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The longest name that `s` (without the ampersand) begins with. Each character narrows
 * the rows to those that agree so far; a name that ends here is the first of them. */
static const struct charref_row *find_name(struct str s)
{
	const struct charref_row *found = NULL;
	size_t low, high;
	unsigned char c = s.n ? (unsigned char)s.p[0] : 0;

	if (c >= 128)
		return NULL;
	low = charref_starts[c];
	high = charref_starts[c + 1];
	for (size_t depth = 1; low < high; depth++) {
		if (charref_rows[low].name_len == depth)
			found = &charref_rows[low];
		if (depth == s.n || (unsigned char)s.p[depth] >= 128)
			break;
		low = lower_bound(low, high, depth, s.p[depth]);
		high = lower_bound(low, high, depth, s.p[depth] + 1);
	}
	return found;
}

static size_t parse_name(struct str s, bool in_attribute, struct charref *out)
{
	const struct charref_row *row = find_name(str_from(s, 1));
	size_t n;

	if (!row)
		return 0;
	n = 1 + (size_t)row->name_len;
	if (in_attribute && s.p[n - 1] != ';' && n < s.n &&
	    (s.p[n] == '=' || char_is_alnum(s.p[n])))
		return 0;
	add_code(out, row->first);
	if (row->second)
		add_code(out, row->second);
	return n;
}

size_t charref_parse(struct str s, bool in_attribute, struct charref *out)
{
	need(s.n && s.p[0] == '&');
	out->n = 0;
	if (str_starts(s, STR("&amp;"))) { /* by far the most frequent */
		add_code(out, '&');
		return 5;
	}
	if (s.n > 1 && s.p[1] == '#')
		return parse_number(s, out);
	return parse_name(s, in_attribute, out);
}
