/* What happened, in order: an id is higher than all before it and is never given twice,
 * so that whoever reads on from a cursor misses nothing. */
#pragma once

#include "store/store.h"

struct event_row {
	int64_t id, account_id, domain_id;
	struct str type; /* domain.verified … */
	int64_t at;
	struct str data; /* JSON */
};

struct event_rows {
	struct event_row *v;
	size_t n;
	int64_t next;
};

/* All given conditions must hold; empty or 0: none. */
struct event_filter {
	int64_t account_id, domain_id;
	struct str type;
};

NODISCARD bool event_append(struct store *store, const struct event_row *row,
                            int64_t *id, struct err *err);
NODISCARD bool event_find(struct store *store, struct arena *a, int64_t account,
                          int64_t id, struct event_row **out, struct err *err);
NODISCARD bool event_list(struct store *store, struct arena *a,
                          const struct event_filter *filter,
                          const struct store_page *page, struct event_rows *out,
                          struct err *err);
/* Removes events from before `before`, oldest first, at most `limit`; the newest of all
 * stays, since the next id follows from it. */
NODISCARD bool event_purge(struct store *store, int64_t before, int64_t limit,
                           int64_t *removed, struct err *err);
