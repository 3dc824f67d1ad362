/*
 * Token buckets: so many requests a minute for each key, saved up to a minute's worth. The
 * table has a fixed size; the bucket that was used longest ago gives way and begins full
 * again, so the limit is never stricter than said.
 */
#pragma once

#include "base/arena.h"

enum { RATE_BUCKETS = 32768 };

/* Whose buckets there are; no two kinds share one. */
enum rate_kind {
	RATE_KEY = 1,
	RATE_USER,
	RATE_ADDRESS,
	RATE_LOGIN,
	RATE_LOGIN_FROM,
	RATE_VERIFY,
	RATE_TRACKING,
};

struct rate_bucket {
	uint64_t owner; /* 0: free */
	int64_t at;     /* monotonic ms of `tokens` */
	double tokens;
};

struct rate_table {
	struct rate_bucket *v; /* RATE_BUCKETS */
};

struct rate_result {
	bool ok;
	int64_t limit, remaining;
	int64_t retry_s; /* seconds until the next is allowed */
};

struct rate_table rate_init(struct arena *a);
/* The owner of this kind with this number. */
uint64_t rate_owner(enum rate_kind kind, uint64_t id);
/* Takes one token of `owner` at the monotonic time `now`. */
struct rate_result rate_take(struct rate_table *t, uint64_t owner, int64_t per_minute,
                             int64_t now);
