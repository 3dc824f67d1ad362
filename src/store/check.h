/*
 * Checks: the history of what was seen of a domain. A routine check that sees what the
 * one before saw becomes no row of its own: that one's `repeated` and `last_at` move on.
 */
#pragma once

#include "store/store.h"

struct check_row {
	int64_t id, domain_id, at;
	struct str cause; /* schedule, request, added, retry */
	struct str status;
	bool can_send;
	struct str digest;   /* of what was seen: equal means unchanged */
	int64_t repeated;    /* how many more times it was seen so */
	int64_t last_at;     /* the last of them; `at` where there is none */
	struct str document; /* JSON: the verdict */
};

struct check_rows {
	struct check_row *v;
	size_t n;
	int64_t next;
};

/* Adds a check, or counts it on the domain's newest one where cause is "schedule" and
 * status, can_send and digest are equal; *id is the row it is in. */
NODISCARD bool check_add(struct store *store, const struct check_row *row, int64_t *id,
                         struct err *err);
NODISCARD bool check_find(struct store *store, struct arena *a, int64_t domain,
                          int64_t id, struct check_row **out, struct err *err);
NODISCARD bool check_find_newest(struct store *store, struct arena *a, int64_t domain,
                                 struct check_row **out, struct err *err);
/* Without the documents. */
NODISCARD bool check_list(struct store *store, struct arena *a, int64_t domain,
                          const struct store_page *page, struct check_rows *out,
                          struct err *err);
/* Removes checks last seen before `before`, at most `limit`; the newest of each domain
 * stays. Call until *removed is less than `limit`. */
NODISCARD bool check_purge(struct store *store, int64_t before, int64_t limit,
                           int64_t *removed, struct err *err);
