/* When each domain is checked next, in a narrow table of its own, so that the core loads
 * a million of them at its start in less than a second. */
#pragma once

#include "store/store.h"

struct schedule_row {
	int64_t domain_id, next_at;
};

/* Calls `each` with every row; it may end the loading by returning false. */
typedef bool schedule_fn(const struct schedule_row *row, void *arg);
NODISCARD bool schedule_load(struct store *store, schedule_fn *each, void *arg,
                             struct err *err);
/* Adds or moves; a next_at of 0 takes the domain off. */
NODISCARD bool schedule_set(struct store *store, const struct schedule_row *rows,
                            size_t n, struct err *err);
