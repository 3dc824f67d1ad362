#include "cli/json_out.h"

#include "base/utf8.h"

static void put(FILE *out, struct str s)
{
	fwrite_unlocked(s.p, 1, s.n, out);
}

/* How many of the bytes at the front, which are no UTF-8, are one fault: a lead byte and
 * those that could follow it. */
static size_t fault_length(struct str s)
{
	unsigned char lead = (unsigned char)s.p[0];
	size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
	unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	size_t n = 1;

	if (lead < 0xc2 || lead > 0xf4)
		return 1;
	for (; n <= wanted && n < s.n; n++) {
		unsigned char c = (unsigned char)s.p[n];

		if (c < low || c > high)
			break;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

/* The escape of an ASCII character that needs one. */
static void put_escape(FILE *out, char c)
{
	switch (c) {
	case '"':
		put(out, STR("\\\""));
		break;
	case '\\':
		put(out, STR("\\\\"));
		break;
	case '\n':
		put(out, STR("\\n"));
		break;
	default:
		fprintf(out, "\\u%04x", (unsigned)(unsigned char)c);
	}
}

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' &&
	       c != '\\';
}

void json_out_chars(FILE *out, struct str s)
{
	while (s.n) {
		size_t n = 0;

		while (n < s.n && is_plain(s.p[n]))
			n++;
		if (n == 0 && (unsigned char)s.p[0] >= 0x80)
			n = utf8_length(s);
		if (n) {
			put(out, str_slice(s, 0, n));
		} else if ((unsigned char)s.p[0] >= 0x80) {
			n = fault_length(s);
			put(out, STR("\xef\xbf\xbd"));
		} else {
			n = 1;
			put_escape(out, s.p[0]);
		}
		s = str_from(s, n);
	}
}

void json_out_string(FILE *out, struct str s)
{
	putc_unlocked('"', out);
	json_out_chars(out, s);
	putc_unlocked('"', out);
}
