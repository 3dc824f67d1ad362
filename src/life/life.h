/*
 * The life cycle of a sending domain (DESIGN.md, "Domain life cycle"): pure decisions from
 * what a check has seen. A check sees; life_step() says what becomes of the domain, what
 * is to be told, and when to look again.
 *
 *	pending ⇄ partial → verified → warning → lost
 *	   │         │          ↑_________│_______│	repaired
 *	   └─────────┴→ failed	(→ verified, or life_retry(): pending)
 *
 *	struct life_seen seen = life_see(verdict, false);
 *	enum life_event e = life_step(&rules, &life, &seen, now, random_below(…));
 *	save(life);	(life.next_check_at says when; 0: not by itself)
 *
 * What keeps it from being wrong about a customer's mail:
 *  - Only what the authoritative servers definitely say demotes a verified domain, and only
 *    when it is seen twice, LIFE_CONFIRM_MS apart, with nothing better between.
 *  - A DNS fault demotes nothing, confirms nothing, lets no clock run out: domains fail
 *    and are lost at the first definite answer behind their time.
 *  - Faults in a row push the next check away, doubling up to LIFE_BACK_OFF_MAX_MS.
 *
 * When a check is due: of a domain never verified at the times of its profile after
 * started_at, then each check_every_ms, and exactly when the time to fail has come; of
 * others each check_every_ms, for confirmation of a loss, and exactly when grace ends.
 * Where a needed record was answered negatively, also exactly when caches forget that
 * (RFC 2308 §5), if this comes sooner but not at once. "Each" is less up to a jitter,
 * never more.
 *
 * Suspension, review and deletion are not states of this machine: they are beside it
 * (life_shown_status), so that DNS goes on being watched meanwhile.
 */
#pragma once

#include "diagnose/verdict.h"
#include "plan/profile.h"

/* Ten minutes between two sights of a loss; four hours between checks of faults. */
#define LIFE_CONFIRM_MS      ((int64_t)10 * 60 * 1000)
#define LIFE_BACK_OFF_MS     ((int64_t)60 * 1000)
#define LIFE_BACK_OFF_MAX_MS ((int64_t)4 * 60 * 60 * 1000)

#define LIFE_STATUSES(X)                                                               \
	X(PENDING, "pending")   /* added; nothing required is right yet */             \
	X(PARTIAL, "partial")   /* some of what is required is right */                \
	X(VERIFIED, "verified") /* may send */                                         \
	X(WARNING, "warning") /* a required record is gone; sends until grace ends */  \
	X(LOST, "lost")       /* cannot send until repaired */                         \
	X(FAILED, "failed")   /* never complete in time; waits for a retry */

enum life_status {
#define X(name, text) LIFE_##name,
	LIFE_STATUSES(X)
#undef X
	        LIFE_STATUS_COUNT,
};

/* What is to be told; at most one a step. */
#define LIFE_EVENTS(X)                                                                 \
	X(NONE, "")                                                                    \
	X(PENDING, "domain.pending") /* what was right no longer is; or retried */     \
	X(PARTIAL, "domain.partial")                                                   \
	X(VERIFIED, "domain.verified")                                                 \
	X(WARNING, "domain.warning")                                                   \
	X(LOST, "domain.lost")                                                         \
	X(RECOVERED, "domain.recovered")                                               \
	X(FAILED, "domain.failed")

enum life_event {
#define X(name, text) LIFE_EVENT_##name,
	LIFE_EVENTS(X)
#undef X
};

/* The columns of a domain that a check changes. Times in ms UTC; 0: not so far. */
struct life {
	enum life_status status;
	int64_t status_since, started_at, checked_at;
	int64_t next_check_at; /* 0: only on request */
	int64_t verified_at;   /* the first time */
	int64_t loss_seen_at;  /* a loss that is not confirmed yet */
	int64_t warning_since;
	int64_t checks_done, fault_streak; /* faults in a row */
};

enum life_seen_kind {
	LIFE_SEEN_FAULTS, /* nothing can be concluded about the domain as a whole */
	LIFE_SEEN_NOTHING,
	LIFE_SEEN_SOME,
	LIFE_SEEN_COMPLETE,
};

/* What a check has seen of the required records. */
struct life_seen {
	enum life_seen_kind kind;
	bool loss; /* one is definitely missing or wrong at its authoritative servers */
	int64_t negative_until; /* the first end of a negative cache; 0: none */
};

struct life_rules {
	const struct profile_timings *timings;
	uint32_t jitter_percent; /* 0 … 50 */
};

/* "verified"; and the other way, false for a word that is none. */
const char *life_status_name(enum life_status status);
NODISCARD bool life_status_parse(struct str text, enum life_status *out);
/* "domain.verified"; "" of LIFE_EVENT_NONE. */
const char *life_event_name(enum life_event event);

/* A domain that is added now: pending, its first check due at once. */
struct life life_begin(int64_t now);
/* One check, ended at `now`. `random` (any 32 bits) chooses within the jitter. */
enum life_event life_step(const struct life_rules *rules, struct life *life,
                          const struct life_seen *seen, int64_t now, uint32_t random);
/* Starts the clock of a domain that was never verified again, with a check due at once;
 * of any other the check alone. The event is PENDING where it had failed. */
enum life_event life_retry(struct life *life, int64_t now);
/* The customer has to publish other records than before (another layout): from pending
 * again, whatever it was. */
enum life_event life_restart(struct life *life, int64_t now);

/* seen.c: what a whole verdict says. With `trust_resolver` (an installation that asks
 * fixed resolvers only) their word counts as that of the authoritative servers. */
struct life_seen life_see(const struct verdict *v, bool trust_resolver);
