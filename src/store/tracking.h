/*
 * Host names of customers that serve tracked links. A name in use is one row; a retired one
 * stays, since its links live on. What is looked at next, and when, stands in a narrow
 * table beside it, which tracking_save() keeps.
 */
#pragma once

#include "store/store.h"

struct tracking_row {
	int64_t id, account_id, domain_id;
	struct str name, mode, region, target, status;
	struct str environment;      /* production, staging, test */
	bool http_allowed;           /* links by HTTP where HTTPS does not work */
	struct str aasa, assetlinks; /* JSON for apps (S1-29), or empty */
	struct str http, https;      /* "green", "red", "unknown" */
	bool is_dangling, is_listed;
	int64_t status_since, checked_at, verified_at, changed_at;
	int64_t next_at; /* 0: only on news */
	int64_t fault_streak;
	struct str seen; /* JSON: what the last look saw; or empty */
	int64_t created_at, retired_at;
};

/* All given conditions must hold; 0: none. */
struct tracking_filter {
	int64_t account_id, domain_id;
};

struct tracking_rows {
	struct tracking_row *v;
	size_t n;
	int64_t next;
};

/* 0 in *id where the name is in use, by whichever account. */
NODISCARD bool tracking_add(struct store *store, const struct tracking_row *row,
                            int64_t *id, struct err *err);
/* account 0: of whichever. */
NODISCARD bool tracking_find(struct store *store, struct arena *a, int64_t account,
                             int64_t id, struct tracking_row **out, struct err *err);
/* The one in use. */
NODISCARD bool tracking_find_name(struct store *store, struct arena *a, struct str name,
                                  struct tracking_row **out, struct err *err);
/* Retired ones are in it: their links live on. */
NODISCARD bool tracking_list(struct store *store, struct arena *a,
                             const struct tracking_filter *filter,
                             const struct store_page *page, struct tracking_rows *out,
                             struct err *err);
/* Writes all of the row with this id but account, name and the times of its making and
 * retiring. */
NODISCARD bool tracking_save(struct store *store, const struct tracking_row *row,
                             struct err *err);
/* No new links; it is looked at once more, at `now`. */
NODISCARD bool tracking_retire(struct store *store, int64_t account, int64_t id,
                               int64_t now, bool *retired, struct err *err);

/* Calls `each` with every row that has a time; it may end the loading. */
typedef bool tracking_schedule_fn(int64_t id, int64_t next_at, void *arg);
NODISCARD bool tracking_schedule_load(struct store *store, tracking_schedule_fn *each,
                                      void *arg, struct err *err);
