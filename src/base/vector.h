/*
 * Sixteen bytes at a time, in vectors that the compiler maps to what the processor has.
 * For the few loops that look at every byte of a letter.
 *
 *	bytes16 hits = (bytes16)(load16(p) == '=');
 *	if (any16(hits))
 *		p += first16(hits);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words16 __attribute__((vector_size(16)));

static inline bytes16 load16(const char *p)
{
	bytes16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Whether any byte is not zero. */
static inline bool any16(bytes16 hits)
{
	words16 w = (words16)hits;

	return w[0] | w[1];
}

/* Index of the first byte that is not zero, where all are 0 or 0xff and any is not. */
static inline size_t first16(bytes16 hits)
{
	words16 w = (words16)hits;
	size_t half = w[0] ? 0 : 1;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return half * 8 + (size_t)__builtin_clzll(w[half]) / 8;
	return half * 8 + (size_t)__builtin_ctzll(w[half]) / 8;
}
