/* Host names of customers that serve tracked links. A name in use is one row. */
#pragma once

#include "store/store.h"

struct tracking_row {
	int64_t id, account_id, domain_id;
	struct str name, mode, region, target, status;
	int64_t created_at, retired_at;
};

/* Both conditions must hold; 0: none. */
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
/* Writes domain_id, mode, region, target and status of the row with this id. */
NODISCARD bool tracking_save(struct store *store, const struct tracking_row *row,
                             struct err *err);
NODISCARD bool tracking_retire(struct store *store, int64_t account, int64_t id,
                               int64_t now, bool *retired, struct err *err);
