/* Numbers as LEB128, seven bits a byte, the low ones first; only the shortest form is
 * read. Private to src/track. */
#pragma once

#include "base/str.h"

enum { VARINT_MAX = 10 };

/* Writes up to VARINT_MAX bytes and returns how many. */
static inline size_t varint_put(char *out, uint64_t v)
{
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		out[n++] = (char)(v | 0x80);
	out[n++] = (char)v;
	return n;
}

/* Takes a number off the front; false where there is none. */
NODISCARD static inline bool varint_take(struct str *rest, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < rest->n && i < VARINT_MAX; i++) {
		uint8_t byte = (uint8_t)rest->p[i];

		if (i == VARINT_MAX - 1 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		if (byte == 0 && i > 0)
			return false;
		*rest = str_from(*rest, i + 1);
		*out = v;
		return true;
	}
	return false;
}

/* Fixed lengths, the high byte first. */
static inline size_t fixed_put(char *out, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (char)(v >> (8 * (bytes - 1 - i)));
	return bytes;
}

NODISCARD static inline bool fixed_take(struct str *rest, size_t bytes, uint64_t *out)
{
	uint64_t v = 0;

	if (rest->n < bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | (uint8_t)rest->p[i];
	*rest = str_from(*rest, bytes);
	*out = v;
	return true;
}
