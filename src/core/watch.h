/*
 * Watching: every domain has one time at which it is looked at next, loaded from the table
 * `schedule`; when it comes, a check runs (check.h), and what it saw decides the next time
 * (life/life.h). When checks begin, who waits for them, what a lost turn leads to: jobs.h.
 *
 *	struct watch *w = watch_new(&setup);
 *	if (!watch_load(w, &err)) …
 *	watch_now(w, 42, "request", 10000, on_done, call);
 */
#pragma once

#include "api/api.h"
#include "config/config.h"
#include "core/jobs.h"
#include "resolve/resolver.h"

struct turn;
struct watch;

/* All lent. */
struct watch_setup {
	struct resolver *resolver;
	struct store *store;
	struct turn *turn;
	struct api *api; /* is told who becomes verified; may be NULL */
	const struct config *config;
};

struct watch *watch_new(const struct watch_setup *setup);
/* Options that may change while it runs: dns.resolvers, acme.caa_names, watch.jitter,
 * watch.batch. */
void watch_reconfigure(struct watch *w, const struct config *config);
/* Reads the schedule of all domains, and begins. */
NODISCARD bool watch_load(struct watch *w, struct err *err);
void watch_drain(struct watch *w); /* as jobs_drain() */
/* As jobs_stop(). Then the resolver may go, with what it has under way, then the rest. */
void watch_stop(struct watch *w);
void watch_free(struct watch *w);

/* The domain's row of the schedule was written in this turn: next_at, 0 or -1 for never.
 * Comes into force with the commit. */
void watch_schedule(struct watch *w, int64_t domain, int64_t next_at);
/* A check as soon as there is room: jobs_now(). */
void watch_now(struct watch *w, int64_t domain, const char *cause, int64_t wait_ms,
               jobs_done_fn *done, void *arg);
/* The clock has jumped. */
void watch_poke(struct watch *w);

struct jobs_stats watch_stats(const struct watch *w);
/* Of those done: nothing could be concluded. */
uint64_t watch_undetermined(const struct watch *w);
