/*
 * Tracking domains watched: each has its own time, loaded from `tracking_schedule`; when it
 * comes, one look (tracking_look.h) learns what DNS says and whether links would open,
 * life/tracking.h decides, and the turn stores it.
 *
 *	struct tracking_watch *w = tracking_watch_new(&setup);
 *	if (!tracking_watch_load(w, &err)) …
 *	tracking_watch_now(w, 5, "request", 10000, on_done, call);
 *
 * When looks begin, who waits for them, what a lost turn leads to: jobs.h.
 */
#pragma once

#include "api/api.h"
#include "config/config.h"
#include "core/jobs.h"
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

struct tracking_watch *tracking_watch_new(const struct tracking_watch_setup *setup);
void tracking_watch_reconfigure(struct tracking_watch *w, const struct config *config);
/* Makes sure of a row for the operator's host of each region, reads the schedule, begins. */
NODISCARD bool tracking_watch_load(struct tracking_watch *w, struct err *err);
void tracking_watch_drain(struct tracking_watch *w); /* as jobs_drain() */
void tracking_watch_stop(struct tracking_watch *w);  /* as jobs_stop() */
void tracking_watch_free(struct tracking_watch *w);

/* The row's next_at was written in this turn: in force with the commit. 0: never. */
void tracking_watch_schedule(struct tracking_watch *w, int64_t id, int64_t next_at);
/* A look as soon as there is room: jobs_now(). */
void tracking_watch_now(struct tracking_watch *w, int64_t id, const char *cause,
                        int64_t wait_ms, jobs_done_fn *done, void *arg);
void tracking_watch_poke(struct tracking_watch *w);
struct jobs_stats tracking_watch_stats(const struct tracking_watch *w);
