/*
 * One check of a domain on the loop: reads its row, makes the plan from layout and settings
 * as they were frozen, asks DNS in passes, and stores what came of it: the life of the
 * domain, its next time, the verdict, what there is to tell.
 *
 *	if (!check_start(&check, 42, "request"))	(nothing to check)
 *		…
 *	(later)	on_ended(arg, &check)
 *
 * The row is read again at the end, so whatever happened to the domain meanwhile counts: a
 * deleted one is left alone, one with other records is checked again.
 *
 * The check of a verified domain by schedule asks the authoritative servers only about what
 * is wrong; all others ask them about everything and look more closely.
 */
#pragma once

#include "core/jobs.h"
#include "core/layouts.h"
#include "core/turn.h"
#include "diagnose/check_job.h"
#include "life/life.h"

/* What all checks share; lent. */
struct check_world {
	struct resolver *resolver;
	struct store *store;
	struct turn *turn;
	struct api *api; /* NULL: no reviews */
	struct layouts *layouts;
	struct knowledge know;
	const struct str *public_resolvers;
	size_t public_resolver_count;
	uint32_t jitter_percent;
	bool trust_resolver; /* dns.servers: nobody else can be asked */
};

struct check {
	const struct check_world *world;
	void (*ended)(void *arg, struct check *check); /* from the loop, in a turn */
	void *arg;

	int64_t domain; /* 0: not under way */
	const char *cause;
	struct arena a; /* the row, and what the setup refers to */
	struct domain_row *row;
	struct check_setup setup;
	struct check_job job;
	struct event *soon; /* for what ends at once */

	/* When it has ended. */
	enum job_outcome outcome;
	struct life_seen seen;
	int64_t next_at; /* of JOB_STORED; 0: never */
};

void check_init(struct check *check, const struct check_world *world,
                struct event_base *base, void (*ended)(void *arg, struct check *check),
                void *arg);
/* Begins; ended() is called later, never from here. `cause` NULL: by schedule, or "added"
 * of a domain that was never checked. */
void check_start(struct check *check, int64_t domain, const char *cause);
/* Ready for the next; to be called from ended() or later. */
void check_reset(struct check *check);
/* Takes its event off the loop. */
void check_stop(struct check *check);
/* The memory; where it is under way, the resolver must be gone. */
void check_done(struct check *check);
