#include "base/str.h"

#include "base/vector.h"

#include <string.h>

struct str str_c(const char *c)
{
	return (struct str){c, c ? strlen(c) : 0};
}

int char_hex(char c)
{
	need(char_is_hex(c));
	return char_is_digit(c) ? c - '0' : char_lower(c) - 'a' + 10;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (char_lower(a.p[i]) != char_lower(b.p[i]))
			return false;
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_slice(s, 0, prefix.n), prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq_nocase(str_slice(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool str_ends_nocase(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq_nocase(str_from(s, s.n - suffix.n), suffix);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return -1;
	at = memmem(s.p, s.n, needle.p, needle.n);
	return at ? at - s.p : -1;
}

ptrdiff_t str_find_nocase(struct str s, struct str needle)
{
	char first;

	if (needle.n == 0)
		return 0;
	first = char_lower(needle.p[0]);
	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (char_lower(s.p[i]) == first &&
		    str_eq_nocase(str_slice(s, i, needle.n), needle))
			return (ptrdiff_t)i;
	return -1;
}

ptrdiff_t str_find_char(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t str_find_pair(struct str s, char first, char second)
{
	size_t i = 0;

	for (; i + 17 <= s.n; i += 16) {
		bytes16 hits = (bytes16)((load16(s.p + i) == (uint8_t)first) &
		                         (load16(s.p + i + 1) == (uint8_t)second));

		if (any16(hits))
			return (ptrdiff_t)(i + first16(hits));
	}
	for (; i + 1 < s.n; i++)
		if (s.p[i] == first && s.p[i + 1] == second)
			return (ptrdiff_t)i;
	return -1;
}

bool str_is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

struct str str_trim(struct str s)
{
	while (s.n && char_is_blank(s.p[0]))
		s = str_from(s, 1);
	while (s.n && char_is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_cut(struct str *rest, char sep, struct str *head)
{
	ptrdiff_t at;

	if (!rest->p) {
		*head = STR_NONE;
		return false;
	}
	at = str_find_char(*rest, sep);
	if (at < 0) {
		*head = *rest;
		*rest = STR_NONE;
		return true;
	}
	*head = str_slice(*rest, 0, (size_t)at);
	*rest = (struct str){rest->p + at + 1, rest->n - (size_t)at - 1};
	return true;
}

bool str_cut_word(struct str *rest, struct str *word)
{
	size_t n = 0;

	*rest = str_trim(*rest);
	while (n < rest->n && !char_is_blank(rest->p[n]))
		n++;
	*word = str_slice(*rest, 0, n);
	*rest = str_from(*rest, n);
	return n > 0;
}

size_t str_distance(struct str x, struct str y)
{
	size_t row[64];

	if (x.n >= LEN(row) || y.n >= LEN(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= y.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= x.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= y.n; j++) {
			size_t best = corner + (x.p[i - 1] != y.p[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[y.n];
}

bool str_parse_uint(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (!char_is_digit(s.p[i]) || value > (max - digit) / 10)
			return false;
		if (digit > max)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}
