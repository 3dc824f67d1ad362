#include "base/utf8.h"

#include <stdio.h>

static bool is_tail(struct str s, size_t i)
{
	return i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;
}

size_t utf8_length(struct str s)
{
	unsigned char c = s.n ? (unsigned char)s.p[0] : 0;
	unsigned char d = s.n > 1 ? (unsigned char)s.p[1] : 0;

	if (s.n == 0)
		return 0;
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return is_tail(s, 1) ? 2 : 0;
	if (c >= 0xe0 && c <= 0xef) {
		if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f))
			return 0;
		return is_tail(s, 1) && is_tail(s, 2) ? 3 : 0;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if ((c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f))
			return 0;
		return is_tail(s, 1) && is_tail(s, 2) && is_tail(s, 3) ? 4 : 0;
	}
	return 0;
}

struct str utf8_skip_mark(struct str s)
{
	return str_starts(s, STR("\xef\xbb\xbf")) ? str_from(s, 3) : s;
}

bool utf8_is_valid(struct str s)
{
	while (s.n) {
		size_t n = utf8_length(s);

		if (n == 0)
			return false;
		s = str_from(s, n);
	}
	return true;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

struct str utf8_printable(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n * 4 + 1);
	size_t n = 0;

	while (s.n) {
		size_t length = utf8_length(s);

		if (length == 0 || (length == 1 && is_control(s.p[0]))) {
			n += (size_t)snprintf(out + n, 5, "\\%03u",
			                      (unsigned)(unsigned char)s.p[0]);
			length = 1;
		} else {
			for (size_t i = 0; i < length; i++)
				out[n++] = s.p[i];
		}
		s = str_from(s, length);
	}
	return (struct str){out, n};
}

size_t utf8_columns(struct str s)
{
	size_t columns = 0;

	for (size_t i = 0; i < s.n; i++)
		columns += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return columns;
}
