#include "keys/sign_rate.h"

#include "base/random.h"

enum { MINUTE_MS = 60000 };

/* FNV-1a with a seed, mixed at the end. */
static uint64_t hash(uint64_t seed, struct str s)
{
	uint64_t h = 14695981039346656037u ^ seed;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)char_lower(s.p[i])) * 1099511628211u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

bool sign_rate_take(struct sign_rate *r, struct str domain, uint32_t per_minute,
                    int64_t now)
{
	int64_t minute = now / MINUTE_MS + 1;
	struct sign_rate_place *row, *found = NULL;
	uint64_t h;

	if (!r->seed)
		random_bytes(&r->seed, sizeof(r->seed));
	h = hash(r->seed, domain);
	row = r->places[h % SIGN_RATE_ROWS];
	for (int i = 0; i < SIGN_RATE_WAYS && !found; i++)
		if (row[i].minute && row[i].hash == h)
			found = &row[i];
	if (!found) {
		found = &row[0];
		for (int i = 1; i < SIGN_RATE_WAYS; i++)
			if (row[i].minute < found->minute)
				found = &row[i];
		*found = (struct sign_rate_place){.hash = h};
	}
	if (found->minute != minute) {
		found->minute = minute;
		found->count = 0;
	}
	if (found->count >= per_minute)
		return false;
	found->count++;
	return true;
}
