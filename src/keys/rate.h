/*
 * How many signatures each domain has had this minute. A fixed table of four places a
 * row: where more domains sign in a minute than fit, the least recent one is forgotten
 * and counts from zero, so the table errs towards signing.
 */
#pragma once

#include "base/arena.h"

enum { RATE_ROWS = 4096, RATE_WAYS = 4 };

struct rate_place {
	uint64_t hash;
	int64_t minute; /* 0: free */
	uint32_t count;
};

struct rate {
	struct rate_place places[RATE_ROWS][RATE_WAYS];
	uint64_t seed; /* so that nobody can choose names that collide */
};

/* Counts one; false where `domain` has had its `per_minute`. `now` is monotonic ms. */
bool rate_take(struct rate *r, struct str domain, uint32_t per_minute, int64_t now);
