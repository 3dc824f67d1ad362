/* The certificate of each tracking domain that has one, wants one or failed to get one: a
 * row for it. Its words and times are those of life/certificate.h. */
#pragma once

#include "store/store.h"

struct certificate_row {
	int64_t id; /* of the tracking domain */
	int64_t account_id;
	struct str host, state, source;
	bool is_wanted; /* as was last said of the host */
	int64_t generation, not_before, not_after;
	int64_t ordered_at;
	bool is_ordered;
	int64_t attempts, faults, try_at, next_at, failed_at;
	struct str failure; /* of the last order; empty: none */
	bool is_told_expiring;
	struct str issuer, serial;
	struct str words;     /* what stands in the way, in words; may be empty */
	struct str directory; /* of the authority that was last asked */
	struct str leaf;      /* the certificate itself, DER in base64 */
	int64_t updated_at;
};

struct certificate_rows {
	struct certificate_row *v;
	size_t n;
	int64_t next;
};

/* Both conditions must hold; 0 or empty: none. */
struct certificate_filter {
	int64_t account_id;
	struct str state;
};

/* Adds it, or writes all of it. */
NODISCARD bool certificate_save(struct store *store, const struct certificate_row *row,
                                struct err *err);
/* By the id of the tracking domain; of any account where `account` is 0. */
NODISCARD bool certificate_find(struct store *store, struct arena *a, int64_t account,
                                int64_t tracking, struct certificate_row **out,
                                struct err *err);
NODISCARD bool certificate_list(struct store *store, struct arena *a,
                                const struct certificate_filter *filter,
                                const struct store_page *page,
                                struct certificate_rows *out, struct err *err);
NODISCARD bool certificate_remove(struct store *store, int64_t tracking,
                                  struct err *err);

/* What is due when: all rows that have a time or an order under way. */
struct certificate_due {
	int64_t tracking, next_at;
	bool is_ordered;
};
typedef bool certificate_due_fn(const struct certificate_due *due, void *arg);
NODISCARD bool certificate_load(struct store *store, certificate_due_fn *each,
                                void *arg, struct err *err);
/* How many were ordered since then. */
NODISCARD bool certificate_count_ordered(struct store *store, int64_t since, int64_t *n,
                                         struct err *err);
/* What failed with another authority may be tried with this one now. */
NODISCARD bool certificate_forgive(struct store *store, struct str directory,
                                   int64_t now, struct err *err);

/* How many there are of a state; when the first of those that have not ended does, or 0. */
struct certificate_count {
	struct str state;
	int64_t n, first_not_after;
};

struct certificate_counts {
	struct certificate_count *v;
	size_t n;
};

/* Reads an index from end to end: not on each request. */
NODISCARD bool certificate_count(struct store *store, struct arena *a, int64_t now,
                                 struct certificate_counts *out, struct err *err);
