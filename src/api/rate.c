#include "api/rate.h"

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

struct rate_result rate_take(struct rate_table *t, uint64_t owner, int64_t per_minute,
                             int64_t now)
{
	struct rate_bucket *b = &t->v[mix(owner) % RATE_BUCKETS];
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
	out.ok = b->tokens >= 1;
	if (out.ok)
		b->tokens -= 1;
	else
		out.retry_s = (int64_t)((1 - b->tokens) / per_ms / 1000) + 1;
	out.remaining = (int64_t)b->tokens;
	return out;
}
