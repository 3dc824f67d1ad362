/*
 * One look at a tracking domain on the loop: what DNS says (life/tracking_dns.h), then,
 * where the name leads somewhere, probes of it (core/tracking_probe.h), then what becomes
 * of it (life/tracking.h), stored with its events in one savepoint.
 *
 *	tracking_look_start(&look, 5, "request");
 *	(later)	ended(arg, &look)
 *
 * The row is read again at the end: one that has changed meanwhile is looked at again.
 */
#pragma once

#include "core/jobs.h"
#include "core/tracking.h"
#include "core/tracking_probe.h"
#include "core/turn.h"
#include "life/tracking_dns.h"
#include "store/domain.h"
#include "store/tracking.h"

/* What all looks share; lent. */
struct look_world {
	struct resolver *resolver;
	struct store *store;
	struct turn *turn;
	const struct tracking_watch_setup *setup; /* whom to tell */
	struct probe_world probes;
	struct knowledge know;
	const struct str *public_resolvers, *lists;
	size_t public_resolver_count, list_count;
	struct tracking_rules rules;
	bool trust_resolver;
};

struct tracking_look_job {
	const struct look_world *world;
	void (*ended)(void *arg, struct tracking_look_job *look); /* in a turn */
	void *arg;

	int64_t id; /* 0: not under way */
	const char *cause;
	struct arena a;    /* rows, answers, what probes saw */
	struct arena pass; /* of one pass over DNS; the sight lives here */
	struct tracking_row *row;
	struct domain_row *domain; /* may be NULL */
	bool is_ready;
	struct hsts_memory hsts; /* of the look before */
	struct dns_answers answers;
	struct check_input in;
	struct tracking_look look;
	struct tracking_sight sight;
	struct probe_round round;
	struct event *soon;

	/* When it has ended. */
	enum job_outcome outcome;
	int64_t next_at; /* of JOB_STORED; 0: never */
};

void tracking_look_init(struct tracking_look_job *look, const struct look_world *world,
                        struct event_base *base,
                        void (*ended)(void *arg, struct tracking_look_job *look),
                        void *arg);
/* Begins; ended() is called later, never from here. `cause` NULL: by schedule. */
void tracking_look_start(struct tracking_look_job *look, int64_t id, const char *cause);
/* Ready for the next. */
void tracking_look_reset(struct tracking_look_job *look);
/* Takes its event off the loop. */
void tracking_look_stop(struct tracking_look_job *look);
/* The memory; the resolver and the probes must be gone. */
void tracking_look_done(struct tracking_look_job *look);
