#include "base/base64.h"

#include <string.h>

static const char standard_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Returns how many digits were written. */
static size_t encode(char *out, struct str bytes, const char *digits, bool pad)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t left = bytes.n;
	size_t n = 0;
	uint32_t v;

	for (; left >= 3; left -= 3, p += 3, n += 4) {
		v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[n] = digits[v >> 18];
		out[n + 1] = digits[v >> 12 & 63];
		out[n + 2] = digits[v >> 6 & 63];
		out[n + 3] = digits[v & 63];
	}
	if (left) {
		v = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0);
		out[n++] = digits[v >> 18];
		out[n++] = digits[v >> 12 & 63];
		if (left > 1)
			out[n++] = digits[v >> 6 & 63];
		for (; pad && n % 4; n++)
			out[n] = '=';
	}
	return n;
}

struct str base64_encode(struct arena *a, struct str bytes)
{
	char *out = arena_bytes(a, (bytes.n / 3 + 1) * 4);

	return (struct str){out, encode(out, bytes, standard_digits, true)};
}

struct str base64url_encode(struct arena *a, struct str bytes)
{
	char *out = arena_bytes(a, (bytes.n / 3 + 1) * 4);

	return (struct str){out, encode(out, bytes, url_digits, false)};
}

struct str base64_encode_lines(struct arena *a, struct str bytes, size_t line_len,
                               struct str eol)
{
	size_t piece = line_len / 4 * 3;
	size_t room = (bytes.n / 3 + 1) * 4;
	size_t n = 0;
	char *out;

	need(piece > 0 && line_len % 4 == 0);
	out = arena_bytes(a, room + (room / line_len + 1) * eol.n);
	for (size_t at = 0; at < bytes.n; at += piece) {
		if (at) {
			memcpy(out + n, eol.p, eol.n);
			n += eol.n;
		}
		n += encode(out + n, str_slice(bytes, at, piece), standard_digits,
		            true);
	}
	return (struct str){out, n};
}

static int digit_value(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (char_is_digit(c))
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	if (c == (url ? '_' : '/'))
		return 63;
	return -1;
}

/* How the digits of one text are read. */
struct decode_rules {
	bool url, skip_blanks, padded;
};

static bool decode(struct arena *a, struct str text, struct decode_rules rules,
                   struct str *result)
{
	char *out = arena_bytes(a, text.n / 4 * 3 + 4);
	uint32_t bits = 0;
	size_t digits = 0;
	size_t pads = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int v = digit_value(text.p[i], rules.url);

		if (rules.skip_blanks && char_is_blank(text.p[i]))
			continue;
		if (rules.padded && text.p[i] == '=') {
			pads++;
			continue;
		}
		if (v < 0 || pads)
			return false;
		bits = bits << 6 | (uint32_t)v;
		digits++;
		if (digits % 4 != 1)
			out[n++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	if (digits % 4 == 1 || (rules.padded && (digits + pads) % 4 != 0) || pads > 2)
		return false;
	*result = (struct str){out, n};
	return true;
}

bool base64_decode(struct arena *a, struct str text, bool skip_blanks, struct str *out)
{
	return decode(a, text, (struct decode_rules){false, skip_blanks, true}, out);
}

bool base64url_decode(struct arena *a, struct str text, struct str *out)
{
	return decode(a, text, (struct decode_rules){true, false, false}, out);
}
