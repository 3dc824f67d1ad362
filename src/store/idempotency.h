/* Answers to requests that carried an Idempotency-Key, to be given again to the same
 * request. `digest` is of the request: another one under the same key is an error. */
#pragma once

#include "store/store.h"

struct idempotency_row {
	int64_t account_id;
	struct str key, digest;
	int64_t status; /* HTTP status of the answer; 0: still under way */
	struct str body;
	int64_t created_at;
};

NODISCARD bool idempotency_find(struct store *store, struct arena *a, int64_t account,
                                struct str key, struct idempotency_row **out,
                                struct err *err);
/* Adds or replaces. */
NODISCARD bool idempotency_save(struct store *store, const struct idempotency_row *row,
                                struct err *err);
NODISCARD bool idempotency_remove(struct store *store, int64_t account, struct str key,
                                  struct err *err);
/* Removes those from before `before`, at most `limit`. */
NODISCARD bool idempotency_expire(struct store *store, int64_t before, int64_t limit,
                                  int64_t *removed, struct err *err);
