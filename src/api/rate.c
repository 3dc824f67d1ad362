#include "api/rate.h"

enum { SET_SIZE = 8 };

struct rate_table rate_init(struct arena *a)
{
	return (struct rate_table){ARENA_ARRAY(a, struct rate_bucket, RATE_BUCKETS)};
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	return x;
}

uint64_t rate_owner(enum rate_kind kind, uint64_t id)
{
	return (uint64_t)kind << 60 | (id & (UINT64_MAX >> 4));
}

/* The owner's bucket of its set, or the one there that was used longest ago. */
static struct rate_bucket *find(struct rate_table *t, uint64_t owner)
{
	struct rate_bucket *set =
	        &t->v[mix(owner) % (RATE_BUCKETS / SET_SIZE) * SET_SIZE];
	struct rate_bucket *oldest = set;

	for (size_t i = 0; i < SET_SIZE; i++) {
		if (set[i].owner == owner)
			return &set[i];
		if (set[i].at < oldest->at)
			oldest = &set[i];
	}
	return oldest;
}

/* Rounded up, but for what the arithmetic leaves over: a minute is 60, not 61. */
static int64_t whole_seconds(double ms)
{
	int64_t s = (int64_t)(ms + 999.5) / 1000;

	return s > 0 ? s : 1;
}

/* What adding up parts of a token may lose. */
#define ALMOST 1e-6

struct rate_result rate_take(struct rate_table *t, uint64_t owner, int64_t per_minute,
                             int64_t now)
{
	struct rate_bucket *b = find(t, owner);
	double full = (double)per_minute;
	double per_ms = full / 60000;
	struct rate_result out = {.limit = per_minute};

	if (b->owner != owner)
		*b = (struct rate_bucket){owner, now, full};
	if (now > b->at)
		b->tokens += (double)(now - b->at) * per_ms;
	b->at = now;
	if (b->tokens > full)
		b->tokens = full;
	out.ok = b->tokens >= 1 - ALMOST;
	if (out.ok)
		b->tokens -= 1;
	else
		out.retry_s = whole_seconds((1 - b->tokens) / per_ms);
	out.remaining = (int64_t)b->tokens;
	return out;
}
