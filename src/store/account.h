/* Accounts: the customers of this instance. An operator account may act for others. */
#pragma once

#include "store/store.h"

struct account_row {
	int64_t id;
	struct str name, owner_email, region, language;
	bool is_operator;
	int64_t created_at, closed_at;
	/* What is kept of recipients' addresses: full, truncated, none; empty: what the
	 * installation says. */
	struct str ip_policy;
};

struct account_rows {
	struct account_row *v;
	size_t n;
	int64_t next; /* cursor of the next page; 0: this was the last */
};

/* The row's id is not used; *id is the one it got. */
NODISCARD bool account_add(struct store *store, const struct account_row *row,
                           int64_t *id, struct err *err);
NODISCARD bool account_find(struct store *store, struct arena *a, int64_t id,
                            struct account_row **out, struct err *err);
NODISCARD bool account_list(struct store *store, struct arena *a,
                            const struct store_page *page, struct account_rows *out,
                            struct err *err);
/* Writes name, owner_email, region, language, is_operator and ip_policy of the row with this id. */
NODISCARD bool account_save(struct store *store, const struct account_row *row,
                            struct err *err);
/* Closes at `now`, or opens again with 0. */
NODISCARD bool account_close(struct store *store, int64_t id, int64_t now,
                             struct err *err);
