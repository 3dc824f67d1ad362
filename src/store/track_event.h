/*
 * What happened to tracked links, one row each, in the order in which it was read from the
 * journals. Whoever adds gives the id: higher than all before it (track_event_newest()),
 * so that a reader with a cursor misses nothing.
 *
 * Numbers of types, verdicts and reasons are the owner's (track/).
 */
#pragma once

#include "store/store.h"

struct track_event_row {
	int64_t id, account_id, domain_id; /* domain 0: none is known */
	int64_t type, at, message, link, verdict, reasons, source;
	int64_t method, tls, answer, hints;
	struct str host, text, ip, agent;
};

struct track_event_rows {
	struct track_event_row *v;
	size_t n;
	int64_t next;
};

/* As much of a row as another of its message is judged by. */
struct track_near_row {
	int64_t id, domain_id, type, at, link, verdict, reasons, source;
};

struct track_near_rows {
	struct track_near_row *v;
	size_t n;
};

/* All given conditions must hold; 0: none. A list by type or verdict reads some thousand
 * rows and no more, so a page may have fewer rows than asked for, or none, and still
 * another behind it. */
struct track_event_filter {
	int64_t account_id, domain_id, message, type;
	bool has_verdict;
	int64_t verdict;
};

/* The domain that a tracking host of this account belongs to, in use or retired; 0: none. */
NODISCARD bool track_domain_of_host(struct store *store, struct str host,
                                    int64_t account, int64_t *domain, struct err *err);
/* The highest id there is, 0 for none. */
NODISCARD bool track_event_newest(struct store *store, int64_t *id, struct err *err);
NODISCARD bool track_event_add(struct store *store, const struct track_event_row *row,
                               struct err *err);
/* The newest of a message. */
NODISCARD bool track_event_near(struct store *store, struct arena *a, int64_t message,
                                int64_t limit, struct track_near_rows *out,
                                struct err *err);
NODISCARD bool track_event_relabel(struct store *store, int64_t id, int64_t verdict,
                                   int64_t reasons, struct err *err);
NODISCARD bool track_event_find(struct store *store, struct arena *a, int64_t account,
                                int64_t id, struct track_event_row **out,
                                struct err *err);
NODISCARD bool track_event_list(struct store *store, struct arena *a,
                                const struct track_event_filter *filter,
                                const struct store_page *page,
                                struct track_event_rows *out, struct err *err);
/* Removes those from before `before`, oldest first, at most `limit`; the newest of all
 * stays, since the next id follows from it. */
NODISCARD bool track_event_purge(struct store *store, int64_t before, int64_t limit,
                                 int64_t *removed, struct err *err);
