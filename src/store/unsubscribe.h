/*
 * Who unsubscribed: no more mail of that domain goes to that address (S3-42). Addresses are
 * kept in lower case, as no server that is known tells them apart. A domain of 0 stands for
 * all of the account: the link was under a host of no domain.
 */
#pragma once

#include "store/store.h"

struct unsubscribe_row {
	int64_t id, account_id, domain_id;
	struct str address;
	int64_t message, at;
};

struct unsubscribe_rows {
	struct unsubscribe_row *v;
	size_t n;
	int64_t next;
};

/* Both conditions must hold; 0: none. */
struct unsubscribe_filter {
	int64_t account_id, domain_id;
};

/* 0 in *id where the address had unsubscribed already. It is in lower case. */
NODISCARD bool unsubscribe_add(struct store *store, const struct unsubscribe_row *row,
                               int64_t *id, struct err *err);
/* Whether mail of this domain may not go to this address (in lower case). */
NODISCARD bool unsubscribe_has(struct store *store, int64_t account, int64_t domain,
                               struct str address, bool *has, struct err *err);
NODISCARD bool unsubscribe_find(struct store *store, struct arena *a, int64_t account,
                                int64_t id, struct unsubscribe_row **out,
                                struct err *err);
NODISCARD bool unsubscribe_list(struct store *store, struct arena *a,
                                const struct unsubscribe_filter *filter,
                                const struct store_page *page,
                                struct unsubscribe_rows *out, struct err *err);
NODISCARD bool unsubscribe_remove(struct store *store, int64_t account, int64_t id,
                                  bool *removed, struct err *err);
