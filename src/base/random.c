#include "base/random.h"

#include "base/need.h"

#include <sys/random.h>

void random_bytes(void *p, size_t n)
{
	char *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		need(got > 0);
		at += got;
		n -= (size_t)got;
	}
}

/* Numbers are taken from a block of 64, since a system call for each would cost more
 * than the DNS question it serves. */
static uint32_t random_u32(void)
{
	static uint32_t block[64];
	static size_t left;

	if (left == 0) {
		random_bytes(block, sizeof(block));
		left = LEN(block);
	}
	return block[--left];
}

uint32_t random_below(uint32_t below)
{
	uint32_t limit;
	uint32_t r;

	need(below > 0);
	limit = UINT32_MAX - UINT32_MAX % below;
	do {
		r = random_u32();
	} while (r >= limit);
	return r % below;
}
