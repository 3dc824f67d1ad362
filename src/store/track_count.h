/* How many events there were on each day, by domain, type and verdict: kept with each
 * event, never counted. They stay when events and domains are gone. */
#pragma once

#include "store/store.h"

struct track_count_row {
	int64_t account_id, domain_id; /* domain 0: none is known */
	int64_t day;                   /* since 1970, UTC */
	int64_t type, verdict;
	int64_t events;   /* how many */
	int64_t messages; /* of how many the first was on this day */
};

struct track_count_rows {
	struct track_count_row *v;
	size_t n;
};

/* Adds events and messages, which may be negative, to what is there. */
NODISCARD bool track_count_add(struct store *store, const struct track_count_row *row,
                               struct err *err);
/* Those of a domain from a day to a day, both within, in order; at most `limit`. */
NODISCARD bool track_count_list(struct store *store, struct arena *a, int64_t account,
                                int64_t domain, int64_t from, int64_t to, int64_t limit,
                                struct track_count_rows *out, struct err *err);
/* Whether the account has counts of this domain id or a higher one: the lowest such id,
 * 0 where there is none. To go through the domains that have any. */
NODISCARD bool track_count_next_domain(struct store *store, int64_t account,
                                       int64_t from, int64_t *domain, struct err *err);
