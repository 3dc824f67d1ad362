/*
 * How many signatures each domain has had this minute. A fixed table of four places a
 * row: where more domains sign in a minute than fit, the least recent one is forgotten
 * and counts from zero, so the table errs towards signing.
 */
#pragma once

#include "base/arena.h"

enum { SIGN_RATE_ROWS = 4096, SIGN_RATE_WAYS = 4 };

struct sign_rate_place {
	uint64_t hash;
	int64_t minute; /* 0: free */
	uint32_t count;
};

struct sign_rate {
	struct sign_rate_place places[SIGN_RATE_ROWS][SIGN_RATE_WAYS];
	uint64_t seed; /* so that nobody can choose names that collide */
};

/* Counts one; false where `domain` has had its `per_minute`. `now` is monotonic ms. */
bool sign_rate_take(struct sign_rate *r, struct str domain, uint32_t per_minute,
                    int64_t now);
