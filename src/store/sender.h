/* Sender addresses (From) that an account uses, with the domain they belong to. */
#pragma once

#include "store/store.h"

struct sender_row {
	int64_t id, account_id, domain_id;
	struct str address, display_name, status;
	int64_t created_at, deleted_at;
};

/* Both conditions must hold; 0: none. */
struct sender_filter {
	int64_t account_id, domain_id;
};

struct sender_rows {
	struct sender_row *v;
	size_t n;
	int64_t next;
};

/* 0 in *id where the account has a sender of this address. */
NODISCARD bool sender_add(struct store *store, const struct sender_row *row,
                          int64_t *id, struct err *err);
/* These leave out what is deleted. */
NODISCARD bool sender_find(struct store *store, struct arena *a, int64_t account,
                           int64_t id, struct sender_row **out, struct err *err);
NODISCARD bool sender_find_address(struct store *store, struct arena *a,
                                   int64_t account, struct str address,
                                   struct sender_row **out, struct err *err);
NODISCARD bool sender_list(struct store *store, struct arena *a,
                           const struct sender_filter *filter,
                           const struct store_page *page, struct sender_rows *out,
                           struct err *err);
/* Writes domain_id, display_name and status of the row with this id. */
NODISCARD bool sender_save(struct store *store, const struct sender_row *row,
                           struct err *err);
NODISCARD bool sender_delete(struct store *store, int64_t account, int64_t id,
                             int64_t now, bool *deleted, struct err *err);
