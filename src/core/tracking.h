/*
 * Tracking domains watched: each has its own time in a timing wheel, loaded from
 * `tracking_schedule`; when it comes, one look (tracking_look.h) learns what DNS says and
 * whether links would open, life/tracking.h decides, and the turn stores it.
 *
 *	struct tracking_watch *w = tracking_watch_new(&setup);
 *	if (!tracking_watch_load(w, &err)) …
 *	tracking_watch_now(w, 5, "request", 10000, on_done, call);
 *
 * As in watch.h: what is asked for goes before the schedule, a bounded number runs at
 * once, what is stored and what is in the wheel agree behind each commit.
 */
#pragma once

#include "api/api.h"
#include "config/config.h"
#include "fetch/fetch_async.h"
#include "life/certificate.h"
#include "resolve/resolver.h"

struct tracking_watch;
struct turn;

/* All lent. */
struct tracking_watch_setup {
	struct resolver *resolver;
	struct store *store;
	struct turn *turn;
	struct fetch_pool *fetch;
	const struct config *config;
	/* Told of each look, within the turn that stores it; may be NULL. */
	void (*consider)(void *arg, int64_t id, const struct certificate_facts *facts);
	void *arg;
};

typedef void tracking_done_fn(void *arg, enum api_verified how);

struct tracking_watch *tracking_watch_new(const struct tracking_watch_setup *setup);
void tracking_watch_reconfigure(struct tracking_watch *w, const struct config *config);
/* Makes sure of a row for the operator's host of each region, reads the schedule, begins. */
NODISCARD bool tracking_watch_load(struct tracking_watch *w, struct err *err);
void tracking_watch_drain(struct tracking_watch *w);
void tracking_watch_stop(struct tracking_watch *w);
void tracking_watch_free(struct tracking_watch *w);

/* The row's next_at was written in this turn: in force with the commit. 0: never. */
void tracking_watch_schedule(struct tracking_watch *w, int64_t id, int64_t next_at);
/* A look as soon as there is room, begun behind the commit of this turn; `cause` is a
 * literal. done() (may be NULL) as in watch_now(). */
void tracking_watch_now(struct tracking_watch *w, int64_t id, const char *cause,
                        int64_t wait_ms, tracking_done_fn *done, void *arg);
void tracking_watch_poke(struct tracking_watch *w);

struct tracking_watch_stats {
	uint64_t scheduled, running, waiting, done, failed;
};
struct tracking_watch_stats tracking_watch_stats(const struct tracking_watch *w);
