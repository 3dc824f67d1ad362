/*
 * The driver of ask/answer: resolves all pending questions of many checks in parallel
 * on one libevent loop.
 *
 * Three ways a question goes (enum dns_via): DNS_RECURSION through libunbound, which
 * walks from the root hints straight to the authoritative servers, caches for seconds
 * only and validates DNSSEC where there is a trust anchor; or, where `servers` are
 * given
 * (--dns), to those servers alone. DNS_AUTHORITY and DNS_RESOLVER go directly to the
 * question's server by UDP with random port and id, by TCP when truncated.
 *
 *	struct resolver *r;
 *	if (!resolver_new(&(struct resolver_options){.timeout_ms = 5000}, &r, &err)) …
 *	resolver_run(r, &answers);		(one check, waits)
 *
 *	resolver_start(r, &answers, done, arg);	(many checks: returns at once,
 *	resolver_loop(r);			 calls done(arg) when all are answered)
 *
 * Every question ends: with what was learned, or with DNS_TIMEOUT and the reason at its
 * deadline, which counts from resolver_start().
 *
 * Cost, so that a caller knows how much to start at once: a question through libunbound
 * takes 28 kB while it is under way (keep to RESOLVER_AT_ONCE), a direct one takes 1 kB
 * and, of a bounded number of sockets, one; those beyond wait for a free one. The soft
 * limit of descriptors is raised to 2048 where the hard limit allows.
 */
#pragma once

#include "base/err.h"
#include "base/option.h"
#include "dns/answer.h"

struct event_base;
struct resolver;

/*
 * The servers of --dns share the time of a question and are asked in turn until one
 * gives an answer; CNAMEs that an authority leaves open are chased.
 */
struct resolver_options {
	struct option_list servers; /* "ADDR[:PORT]" of --dns; none: recursion */
	struct str root_hints;      /* file; empty: the built-in roots */
	struct str trust_anchor;    /* file; empty: the system's root anchor, none where
	                               root_hints is given */
	int64_t timeout_ms;         /* of one question; 0 takes RESOLVER_TIMEOUT_MS */
};

enum { RESOLVER_TIMEOUT_MS = 5000, RESOLVER_AT_ONCE = 1024 };

struct resolver_stats {
	uint64_t questions; /* handed to the network or to libunbound */
	uint64_t responses; /* packets that came back and were understood */
};

/*
 * Fails with ERR_USAGE where an entry of `servers` is no address, with ERR_INPUT where
 * the hints or the anchor cannot be used. The options are copied.
 */
NODISCARD bool resolver_new(const struct resolver_options *options,
                            struct resolver **out, struct err *err);
/* Questions still under way end unanswered, without done(). NULL is allowed. */
void resolver_free(struct resolver *r);

/* Answers all pending questions; returns when none is left. */
void resolver_run(struct resolver *r, struct dns_answers *answers);

typedef void resolver_done_fn(void *arg);
/* Starts all pending questions of `answers` (at least one); done() comes from the loop
 * when the last is answered and may start the next. `answers` must live until then. */
void resolver_start(struct resolver *r, struct dns_answers *answers,
                    resolver_done_fn *done, void *arg);
/* What is started from now on uses nothing that was learned before: a check that somebody
 * asks for sees the DNS of this moment. It costs the next questions the way down from the
 * root. */
void resolver_forget(struct resolver *r);
/* The loop itself, for a program that has more on it; lent. It has two priorities: events
 * that are given 0 go before all of DNS, which has 1, as those have that are given none. */
struct event_base *resolver_base(struct resolver *r);
/* Runs the loop until nothing is under way. */
void resolver_loop(struct resolver *r);
/* Calls fn once after `ms` from within the loop; for watching and pacing. */
void resolver_after(struct resolver *r, int64_t ms, resolver_done_fn *fn, void *arg);

/*
 * After silence: whether a server of --dns can be reached at all. Sends it a probe
 * (". NS") unless it has answered something before. False fills err (ERR_UNAVAILABLE);
 * always true for recursion.
 */
NODISCARD bool resolver_check_reachable(struct resolver *r, struct err *err);

struct resolver_stats resolver_stats(const struct resolver *r);
