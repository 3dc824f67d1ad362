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

size_t base64url_write(struct str bytes, char *out)
{
	return encode(out, bytes, url_digits, false);
}

/* One more than the value of a digit of the URL form; 0: none. */
#define R(c, v)  [c] = (v) + 1
#define R2(c, v) R(c, v), R((c) + 1, (v) + 1)
#define R8(c, v)                                                                       \
	R2(c, v), R2((c) + 2, (v) + 2), R2((c) + 4, (v) + 4), R2((c) + 6, (v) + 6)
#define R26(c, v)                                                                      \
	R8(c, v), R8((c) + 8, (v) + 8), R8((c) + 16, (v) + 16), R2((c) + 24, (v) + 24)
static const uint8_t url_values[256] = {
        R26('A', 0), R26('a', 26), R8('0', 52), R2('8', 60), R('-', 62), R('_', 63),
};
#undef R26
#undef R8
#undef R2
#undef R

/* Adds the value of a digit to *bits; sets *bad where it is none. */
static inline uint32_t url_bits(char c, uint32_t *bad)
{
	uint32_t v = url_values[(uint8_t)c];

	*bad |= v - 1;
	return v - 1;
}

ptrdiff_t base64url_read(struct str text, char *out)
{
	size_t n = 0, i = 0;
	uint32_t bad = 0; /* above 63 once a digit was none */
	uint32_t v;

	for (; i + 4 <= text.n; i += 4) {
		v = url_bits(text.p[i], &bad) << 18;
		v |= url_bits(text.p[i + 1], &bad) << 12;
		v |= url_bits(text.p[i + 2], &bad) << 6;
		v |= url_bits(text.p[i + 3], &bad);
		out[n++] = (char)(v >> 16);
		out[n++] = (char)(v >> 8);
		out[n++] = (char)v;
	}
	if (text.n - i == 1 || bad > 63)
		return -1;
	if (text.n - i >= 2) {
		v = url_bits(text.p[i], &bad) << 18 | url_bits(text.p[i + 1], &bad)
		                                              << 12;
		if (text.n - i == 3)
			v |= url_bits(text.p[i + 2], &bad) << 6;
		out[n++] = (char)(v >> 16);
		if (text.n - i == 3)
			out[n++] = (char)(v >> 8);
		if (bad > 63 || (v & (text.n - i == 3 ? 0xff : 0xffff)))
			return -1;
	}
	return (ptrdiff_t)n;
}
