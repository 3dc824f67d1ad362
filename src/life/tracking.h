/*
 * The life of a tracking domain: pure decisions from what a look at it has seen, as
 * life.h has them for sending domains.
 *
 *	waiting → pending ⇄ in_use → verified ⇄ lost	(retired is beside it: links live on)
 *
 *	unsigned events = tracking_step(&rules, &t, &seen, now, random_below(…));
 *	save(t);	(t.next_at says when to look again; 0: only on news)
 *
 * The status is about DNS: the name leads to its edge, or, in mode own_cdn, somewhere. Two
 * lights beside it say whether a link would open (links.h sees to that): http and https.
 * What a look could not decide (a DNS fault, a fault of our own) changes nothing.
 *
 * When it is looked at: while something is missing 1, 2, 5, 10, 15, 30 min after the last
 * change, then hourly, and after three days ever more seldom down to each 12 h; where all
 * is green hourly. Intervals are less up to a jitter, never more. Faults in a row push the
 * next look away, doubling up to TRACKING_BACK_OFF_MAX_MS.
 */
#pragma once

#include "base/str.h"

#define TRACKING_BACK_OFF_MS     ((int64_t)60 * 1000)
#define TRACKING_BACK_OFF_MAX_MS ((int64_t)4 * 60 * 60 * 1000)

#define TRACKING_STATUSES(X)                                                           \
	X(WAITING, "waiting")   /* its sending domain is not verified yet (S1-25) */   \
	X(PENDING, "pending")   /* its record is not there, or not right */            \
	X(IN_USE, "in_use")     /* the name has another purpose (S2-17) */             \
	X(VERIFIED, "verified") /* its record is right */                              \
	X(LOST, "lost")         /* it was right */

enum tracking_status {
#define X(name, text) TRACKING_##name,
	TRACKING_STATUSES(X)
#undef X
	        TRACKING_STATUS_COUNT,
};

#define TRACKING_MODES(X)                                                              \
	X(MANAGED, "managed")   /* the name leads to our edge, certified by us */      \
	X(OWN_CDN, "own_cdn")   /* it leads to the customer's CDN, and that to us */   \
	X(OPERATOR, "operator") /* the installation's own host of a region */

enum tracking_mode {
#define X(name, text) TRACKING_MODE_##name,
	TRACKING_MODES(X)
#undef X
	        TRACKING_MODE_COUNT,
};

enum tracking_light {
	TRACKING_UNKNOWN,
	TRACKING_GREEN,
	TRACKING_RED,
	TRACKING_AMBER, /* of a verdict, never of a name: links open, but not for all */
	TRACKING_LIGHTS
};

/* What DNS definitely says about the name. */
enum tracking_dns {
	TRACKING_DNS_UNKNOWN, /* a fault, or the servers disagree: nothing is concluded */
	TRACKING_DNS_RIGHT,
	TRACKING_DNS_ABSENT,
	TRACKING_DNS_WRONG,
	TRACKING_DNS_IN_USE,
};

/* What is told; several a step. X(NAME, "type") */
#define TRACKING_EVENTS(X)                                                             \
	X(WAITING, "tracking.waiting")                                                 \
	X(PENDING, "tracking.pending")                                                 \
	X(IN_USE, "tracking.in_use")                                                   \
	X(VERIFIED, "tracking.verified")                                               \
	X(LOST, "tracking.lost")                                                       \
	X(DANGLING, "tracking.dangling") /* leads where others may answer */           \
	X(HTTP, "tracking.http")         /* links by HTTP open */                      \
	X(HTTP_LOST, "tracking.http_lost")                                             \
	X(HTTPS, "tracking.https") /* links by HTTPS open */                           \
	X(HTTPS_LOST, "tracking.https_lost")                                           \
	X(LISTED, "tracking.listed") /* on a block-list */                             \
	X(UNLISTED, "tracking.unlisted")

enum tracking_event {
#define X(name, text) TRACKING_EVENT_##name,
	TRACKING_EVENTS(X)
#undef X
	        TRACKING_EVENT_COUNT,
};

/* The columns that a look changes. Times in ms UTC; 0: not so far. */
struct tracking {
	enum tracking_status status;
	enum tracking_light http, https;
	bool is_dangling, is_listed;
	int64_t status_since, checked_at, verified_at;
	int64_t changed_at; /* something that may mend it: added, asked for, certified */
	int64_t next_at;    /* 0: only on news */
	int64_t fault_streak; /* faults in a row */
};

enum tracking_list { TRACKING_LIST_UNKNOWN, TRACKING_LIST_NO, TRACKING_LIST_YES };

struct tracking_seen {
	bool is_ready;   /* its sending domain is verified; true where it needs none */
	bool is_retired; /* no new links: looked at twice a day, nothing told but loss */
	enum tracking_dns dns;
	bool is_dangling;
	int64_t negative_until; /* when caches forget that it was not there; 0 */
	enum tracking_light http, https;
	enum tracking_list listed;
};

struct tracking_rules {
	int64_t every_ms;        /* 0: an hour */
	uint32_t jitter_percent; /* 0 … 50 */
};

/* Added now: waiting or pending, and looked at at once. */
struct tracking tracking_begin(bool is_ready, int64_t now);
/* One look, ended at `now`; gives the bits 1 << enum tracking_event. */
unsigned tracking_step(const struct tracking_rules *rules, struct tracking *t,
                       const struct tracking_seen *seen, int64_t now, uint32_t random);
/* Something may have mended it: the quick looks begin again, one of them now. */
void tracking_stir(struct tracking *t, int64_t now);

/*
 * Whose name it is where two want it. Proof: 0 none; 1 a verified sending domain; 2 one of
 * the same organization as the name. The first keeps it unless the other proves more.
 */
int tracking_proof(bool is_domain_verified, bool is_same_organization);
bool tracking_may_claim(int claimant, int holder);

const char *tracking_status_name(enum tracking_status status);
NODISCARD bool tracking_status_parse(struct str text, enum tracking_status *out);
const char *tracking_mode_name(enum tracking_mode mode);
NODISCARD bool tracking_mode_parse(struct str text, enum tracking_mode *out);
/* "unknown", "green", "red", "amber" */
const char *tracking_light_name(enum tracking_light light);
NODISCARD bool tracking_light_parse(struct str text, enum tracking_light *out);
/* "tracking.verified" */
const char *tracking_event_name(enum tracking_event event);
