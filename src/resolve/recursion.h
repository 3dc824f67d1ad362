/*
 * Recursion by libunbound on our own loop (ub_ctx_create_event): from the root straight
 * to the authoritative servers, validated where there is a trust anchor.
 *
 * Freshness comes before caching: positive answers live RECURSION_TTL_MAX seconds at
 * most, negative ones RECURSION_NEGATIVE_TTL_MAX. A record from here may thus show a
 * smaller TTL than its zone says; one authoritative server, asked directly, shows the
 * whole. The SOA of a negative answer gets its own minimum as TTL, which is the longest
 * that a resolver may keep the answer (RFC 2308 §5).
 */
#pragma once

#include "base/err.h"
#include "dns/answer.h"

enum { RECURSION_TTL_MAX = 30, RECURSION_NEGATIVE_TTL_MAX = 5 };

struct event_base;
struct ub_ctx;

struct recursion_options {
	struct str root_hints;   /* file; empty: the built-in roots */
	struct str trust_anchor; /* file; empty: none */
	size_t sockets;          /* open at once */
	struct arena *arena;     /* for as long as it is open; takes its memory */
};

/* A cache goes with its context; one that is old goes when its questions have ended. */
struct recursion_context {
	struct ub_ctx *ctx;
	size_t under_way;
	struct recursion_context *next;
};

struct recursion {
	struct event_base *base;
	struct recursion_options options;
	struct recursion_context *now;          /* NULL: not open */
	struct recursion_context *old, *unused; /* lists */
	bool wants_forgetting;
	uint64_t questions; /* handed to libunbound */
	uint64_t responses;
};

struct recursion_query;

/* `learned` is lent for the call; its records live in the query's arena. */
typedef void recursion_done_fn(struct recursion_query *q,
                               const struct dns_answer *learned);

/* Embedded in what the caller keeps for a question; must live until done or cancelled.
 */
struct recursion_query {
	struct recursion *recursion;
	struct recursion_context *context;
	const struct dns_question *question; /* lent */
	struct arena *arena;                 /* takes the answer */
	recursion_done_fn *done;
	int id; /* libunbound's */
};

NODISCARD bool recursion_open(struct recursion *u, struct event_base *base,
                              const struct recursion_options *options, struct err *err);
void recursion_close(struct recursion *u);
/* What is asked from the next recursion_tidy() on is answered without what was learned
 * before. */
void recursion_forget(struct recursion *u);
/* Drops contexts that nobody needs any more; never to be called from within done(). */
void recursion_tidy(struct recursion *u);

/* Asks; done() comes once, maybe before this returns. */
void recursion_start(struct recursion *u, struct recursion_query *q);
/* done() will not come. */
void recursion_stop(struct recursion_query *q);
