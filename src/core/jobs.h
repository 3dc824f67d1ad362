/*
 * Things that are looked at again and again, each at a time of its own: which is due, who
 * has asked, how many looks at once. What a look is and what it stores is the owner's:
 * checks of domains (watch.h), looks at tracking domains (tracking.h).
 *
 *	struct jobs *j = jobs_new(&(struct jobs_setup){resolver, turn, 64, 10, start, w});
 *	jobs_set(j, 42, row->next_at);			(for each row of the schedule)
 *	jobs_poke(j);					(begins)
 *	(then)	start(w, 3, 42, "request")		(a job in slot 3, of 64)
 *	(later)	jobs_ended(j, 3, &(struct job_end){JOB_STORED, next_at, NULL});
 *
 * Requests go before the schedule, in their order. Nothing has two jobs at once: a request
 * for what has one under way leads to another behind that, since whoever asks may have
 * published something after its questions were asked. Requests that wait for the same thing
 * are one.
 *
 * What is stored and what is in the wheel agree behind each commit. Where a job fails, or
 * the turn is lost in which it ended, the next comes a minute later.
 */
#pragma once

#include "api/api.h"
#include "resolve/resolver.h"

struct jobs;
struct turn;

enum { JOBS_REQUESTS_MAX = 10000, JOBS_RETRY_MS = 60000 };

struct jobs_setup {
	struct resolver *resolver; /* lent, for its loop; forgets when somebody asks */
	struct turn *turn;         /* lent */
	size_t slots;              /* jobs at once */
	int64_t batch;             /* starts, then the loop looks at other things */
	/* Begins a job in a free slot; jobs_ended() follows later, never from here. `cause`
	 * is that of the request, NULL: by schedule. */
	void (*start)(void *arg, size_t slot, int64_t id, const char *cause);
	void *arg;
};

enum job_outcome {
	JOB_STORED,
	JOB_GONE, /* there is no such thing, or nothing to look at: off the schedule */
	JOB_CHANGED, /* it is another now than when the job began: once more */
	JOB_FAILED,  /* nothing was stored; told to the log */
};

struct job_end {
	enum job_outcome outcome;
	int64_t next_at; /* of JOB_STORED: written in this turn; 0: never */
	const char
	        *cause; /* of JOB_CHANGED: for the job behind it; a literal or NULL */
};

typedef void jobs_done_fn(void *arg, enum api_verified how);

struct jobs *jobs_new(const struct jobs_setup *setup);
void jobs_set_batch(struct jobs *j, int64_t batch);
/* Takes up no more jobs; those under way go on, but nobody waits for them any more. */
void jobs_drain(struct jobs *j);
/* Takes its events off the loop: nothing is called, and nothing may be asked, any more. */
void jobs_stop(struct jobs *j);
/* After jobs_stop(). */
void jobs_free(struct jobs *j);

/* The time of one thing (id above 0) as the store has it; 0 or -1: never. */
void jobs_set(struct jobs *j, int64_t id, int64_t at);
/* The same, as it was written in this turn: comes into force with the commit. */
void jobs_schedule(struct jobs *j, int64_t id, int64_t next_at);
/* A job as soon as there is room, begun behind the commit of this turn. `cause` is a
 * literal. `done` (may be NULL) is called once, from the loop, within a turn: when the
 * job is stored, or after wait_ms (0: no limit) while it goes on. BUSY where the job fails
 * or this turn is lost; and where too many ask or after a drain: then it is due at once. */
void jobs_now(struct jobs *j, int64_t id, const char *cause, int64_t wait_ms,
              jobs_done_fn *done, void *arg);
/* The job of a slot is over, in this turn; the slot is free, who waited is told. */
void jobs_ended(struct jobs *j, size_t slot, const struct job_end *end);
/* Looks for what is due: behind jobs_set(), and when the clock has jumped. */
void jobs_poke(struct jobs *j);

struct jobs_stats {
	uint64_t scheduled;    /* things that have a time */
	uint64_t running;      /* jobs under way */
	uint64_t waiting;      /* due or requested, without room */
	uint64_t done, failed; /* since the start; failed: nothing was stored */
	int64_t lag_ms;        /* how late the oldest that is due is */
};

struct jobs_stats jobs_stats(const struct jobs *j);
