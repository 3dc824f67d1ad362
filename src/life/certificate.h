/*
 * The certificate of one tracking host: what state it is in, what is to be done next and
 * when. Pure decisions; core/certificates.c does what they say.
 *
 *	none → checking → issuing → valid → renewing → valid …
 *	          ↑          ↓        ↑        ↓
 *	          └───── failed ──────┘     (expired: failed)
 *
 *	enum certificate_action what = certificate_next(&rules, &c, &facts, &budget, now);
 *	LOOK:	learn the facts anew, then ask again
 *	ASK:	look CAA up, then ask again
 *	ORDER:	certificate_order(); have it made; then one of
 *		certificate_issue(), certificate_refuse(), certificate_fault()
 *	WAIT:	until c.next_at, or until somebody has news
 *
 * What keeps authorities (RFC 8555) from being bothered, and links from breaking:
 *  - Nothing is ordered for a host that is not wanted: registered, of a verified domain.
 *  - Nothing is ordered that cannot work: its records must be right, CAA must allow the
 *    authority, its own challenge path must have been reached, all seen just now.
 *  - Never two orders at once for a host; after a refusal it waits 5 min, 30 min, 2 h,
 *    6 h, 24 h, 24 h …, and as long as the authority says.
 *  - All hosts together keep to a number of orders an hour.
 *  - Renewal begins when a third of the lifetime is left, whatever that is; what fails is
 *    tried again the sooner the nearer the end is, down to once an hour.
 *  - Faults of our own (keys or acme do not answer, the store) count for nothing.
 *  - A certificate that the customer has uploaded is left alone until it is about to
 *    expire.
 */
#pragma once

#include "base/str.h"

#define CERTIFICATE_STATES(X)                                                          \
	X(NONE, "none")         /* none is wanted */                                   \
	X(CHECKING, "checking") /* wanted; what an order needs is not there yet */     \
	X(ISSUING, "issuing")   /* the first is being ordered */                       \
	X(VALID, "valid")                                                              \
	X(RENEWING, "renewing") /* valid, and the next is due */                       \
	X(FAILED, "failed")     /* none is valid; tried again at next_at */

enum certificate_state {
#define X(name, text) CERTIFICATE_##name,
	CERTIFICATE_STATES(X)
#undef X
	        CERTIFICATE_STATE_COUNT,
};

/*
 * Why an order failed. X(NAME, "name", whose fault it is, "what to do")
 * HOST: of this host alone; ALL: every order would fail alike; OURS: it counts for nothing.
 */
#define CERTIFICATE_FAILURES(X)                                                        \
	X(NONE, "", OURS, "")                                                          \
	X(RATE_LIMITED, "rate_limited", HOST,                                          \
	  "It is tried again when the authority allows it; there is nothing to do.")   \
	X(ALL_LIMITED, "all_limited", ALL,                                             \
	  "The authority wants a pause from this whole server; it goes on by itself.") \
	X(UNAUTHORIZED, "unauthorized", HOST,                                          \
	  "The authority got another answer than ours at "                             \
	  "/.well-known/acme-challenge/: see that no other server, proxy or "          \
	  "redirection answers for this name.")                                        \
	X(CONNECTION, "connection", HOST,                                              \
	  "The authority cannot reach this name by HTTP on port 80: open it in the "   \
	  "firewall, and see that every address of the name leads here, IPv6 too.")    \
	X(DNS, "dns", HOST,                                                            \
	  "The authority cannot look this name up: repair its DNS, DNSSEC too.")       \
	X(CAA, "caa", HOST,                                                            \
	  "A CAA record forbids the authority: add one that allows it.")               \
	X(REJECTED, "rejected", HOST,                                                  \
	  "The authority does not certify this name by its policy: use another name, " \
	  "or upload a certificate.")                                                  \
	X(MALFORMED, "malformed", HOST,                                                \
	  "The authority does not understand the order: it is for the operator.")      \
	X(ACCOUNT, "account", ALL,                                                     \
	  "The authority does not accept the account: the operator has to see to "     \
	  "acme.contact and the account's binding.")                                   \
	X(SERVER, "server", ALL,                                                       \
	  "The authority has a fault; it is tried again by itself.")                   \
	X(UNREACHABLE, "unreachable", ALL,                                             \
	  "The authority cannot be reached from here; it is tried again by itself.")   \
	X(DEADLINE, "deadline", ALL,                                                   \
	  "The authority took too long; it is tried again by itself.")                 \
	X(INTERNAL, "internal", OURS,                                                  \
	  "It is a fault of this server; its log says more.")

enum certificate_failure {
#define X(name, text, whose, fix) CERTIFICATE_FAILURE_##name,
	CERTIFICATE_FAILURES(X)
#undef X
	        CERTIFICATE_FAILURE_COUNT,
};

/* What core/tracking.c has seen of the host. */
enum certificate_seen {
	CERTIFICATE_SEEN_UNKNOWN, /* a fault: nothing can be concluded */
	CERTIFICATE_SEEN_RIGHT,
	CERTIFICATE_SEEN_WRONG,
};

struct certificate_facts {
	bool is_wanted; /* in use, mode "managed", its sending domain is verified */
	int64_t at;     /* when the next two were seen; 0: never */
	enum certificate_seen dns;  /* the name points here */
	enum certificate_seen path; /* the own challenge path was reached by HTTP */
	int64_t caa_at;             /* when CAA was looked up; 0: never */
	enum certificate_seen caa;  /* it allows the authority */
	struct str why; /* of what is wrong, and what to do: for people; may be empty */
};

enum certificate_source {
	CERTIFICATE_NOBODY, /* there is no certificate */
	CERTIFICATE_ACME,
	CERTIFICATE_UPLOADED,
};

/* What is kept of a host. Times in ms UTC; 0: none. */
struct certificate_life {
	enum certificate_state state;
	enum certificate_source source;
	int64_t generation; /* of the key in use; what is ordered has the next */
	int64_t not_before, not_after;
	int64_t ordered_at; /* the last order */
	bool is_ordered;    /* one is under way */
	int64_t attempts;   /* refusals in a row */
	int64_t faults;     /* of ours in a row */
	int64_t try_at;     /* no order before */
	int64_t next_at;    /* when to ask certificate_next() again; 0: only on news */
	int64_t failed_at;
	enum certificate_failure failure; /* of the last order */
	bool is_told_expiring;
};

struct certificate_rules {
	bool is_enabled;         /* an authority is configured */
	int64_t orders_per_hour; /* of all hosts */
};

/* The orders that all hosts together may still make: a bucket that fills in an hour. */
struct certificate_budget {
	double left;
	int64_t at;           /* when `left` was right */
	int64_t paused_until; /* the authority does not want more; 0: it does */
};

enum certificate_action {
	CERTIFICATE_WAIT,
	CERTIFICATE_LOOK,
	CERTIFICATE_ASK,
	CERTIFICATE_ORDER,
};

/* At most one a step. */
#define CERTIFICATE_EVENTS(X)                                                          \
	X(NONE, "")                                                                    \
	X(ISSUED, "tracking.tls_issued")     /* also renewed and uploaded */           \
	X(FAILED, "tracking.tls_failed")     /* each refusal; or it has expired */     \
	X(EXPIRING, "tracking.tls_expiring") /* should have been renewed by now */

enum certificate_event {
#define X(name, text) CERTIFICATE_EVENT_##name,
	CERTIFICATE_EVENTS(X)
#undef X
};

/* How old facts may be for an order to rest on them. */
#define CERTIFICATE_FACTS_MS ((int64_t)5 * 60 * 1000)
/* When to ask again while the facts are not learned or not right. */
#define CERTIFICATE_LOOK_MS ((int64_t)60 * 60 * 1000)

/* Decides what is next and sets state and next_at. An event where time alone made one. */
enum certificate_action certificate_next(const struct certificate_rules *rules,
                                         struct certificate_life *c,
                                         const struct certificate_facts *facts,
                                         struct certificate_budget *budget, int64_t now,
                                         enum certificate_event *event);

/* An order begins: takes it from the budget. Its key is of generation c->generation + 1. */
void certificate_order(const struct certificate_rules *rules,
                       struct certificate_life *c, struct certificate_budget *budget,
                       int64_t now);
/* It is there, by an order or from the customer; `random` (any 32 bits) spreads renewals. */
enum certificate_event certificate_issue(struct certificate_life *c,
                                         enum certificate_source source,
                                         int64_t not_before, int64_t not_after,
                                         int64_t now, uint32_t random);
/* The authority refused. retry_at: as it says, else 0. */
enum certificate_event certificate_refuse(struct certificate_life *c,
                                          struct certificate_budget *budget,
                                          enum certificate_failure failure,
                                          int64_t retry_at, int64_t now,
                                          uint32_t random);
/* Something of ours failed: gives the order back to the budget; tried again after a minute,
 * twice as long each time up to half an hour. */
void certificate_fault(struct certificate_life *c, struct certificate_budget *budget,
                       int64_t now, uint32_t random);
/* Somebody asks for it now. 0: it will be tried, else from when on it may be. */
int64_t certificate_request(struct certificate_life *c, int64_t now);
/* There is none any more: removed on request. */
void certificate_drop(struct certificate_life *c, int64_t now);

/* When it is to be renewed: at a third of its lifetime, or a bit before. */
int64_t certificate_renew_at(const struct certificate_life *c, uint32_t random);
bool certificate_is_valid(const struct certificate_life *c, int64_t now);

/* The rest of an hour's orders, `ordered` having been made in the last one. */
struct certificate_budget
certificate_budget_begin(const struct certificate_rules *rules, int64_t ordered,
                         int64_t now);

/* "valid"; "rate_limited"; what to do; "tracking.tls_issued". */
const char *certificate_state_name(enum certificate_state state);
NODISCARD bool certificate_state_parse(struct str text, enum certificate_state *out);
const char *certificate_failure_name(enum certificate_failure failure);
NODISCARD bool certificate_failure_parse(struct str text,
                                         enum certificate_failure *out);
const char *certificate_failure_fix(enum certificate_failure failure);
/* Every order would fail alike. */
bool certificate_failure_is_for_all(enum certificate_failure failure);
const char *certificate_source_name(enum certificate_source source);
NODISCARD bool certificate_source_parse(struct str text, enum certificate_source *out);
const char *certificate_event_name(enum certificate_event event);
