/* Compliance reviews of domains: what was submitted, asked, answered and decided. */
#pragma once

#include "store/store.h"

struct review_row {
	int64_t id, domain_id;
	struct str state, kind;              /* kind: business, personal */
	struct str switches;                 /* JSON */
	struct str form, questions, answers; /* JSON */
	struct str reason, decided_by;
	int64_t submitted_at, decided_at;
};

struct review_rows {
	struct review_row *v;
	size_t n;
	int64_t next;
};

NODISCARD bool review_add(struct store *store, const struct review_row *row,
                          int64_t *id, struct err *err);
NODISCARD bool review_find(struct store *store, struct arena *a, int64_t id,
                           struct review_row **out, struct err *err);
/* The newest of a domain. */
NODISCARD bool review_find_newest(struct store *store, struct arena *a, int64_t domain,
                                  struct review_row **out, struct err *err);
/* All in one state, oldest first: the operator's queue. */
NODISCARD bool review_list(struct store *store, struct arena *a, struct str state,
                           const struct store_page *page, struct review_rows *out,
                           struct err *err);
/* Writes all but id and domain_id. */
NODISCARD bool review_save(struct store *store, const struct review_row *row,
                           struct err *err);
