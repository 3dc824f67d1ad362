/*
 * The orders that core has given, each a run of uacme: a few at a time, in the order in
 * which they came, each with a deadline.
 *
 *	orders_take(o, id, STR("track.acme.example"), csr_der);
 *	…	answer(arg, id, &result), once
 *
 * The account is made at the first order after the start (uacme new), with the contact,
 * the external binding and the terms, which whoever sets acme.directory accepts. Each
 * directory has a folder of its own with the key of its account.
 *
 * An order outlives whoever gave it: where core has ended meanwhile, orders_detach() is
 * called, and the core that comes gives the same order again and gets what became of it. A
 * certificate that lies there for the key of the request is given at once.
 *
 * Its run outlives this process, too (run.h): where acme was killed, the next one is given
 * the same order, waits for the run that is still going on, or finds how it has ended, and
 * orders anew only where that was for another key or authority. Only orders_stop() ends
 * runs. The account and revocations, which may be repeated, end with the process.
 */
#pragma once

#include "base/arena.h"
#include "ipc/acme_failure.h"

struct event_base;
struct orders;

enum {
	ORDERS_AT_ONCE = 4,
	ORDERS_MAX = 1000,
	ORDER_MS = 5 * 60 * 1000,
	ACCOUNT_MS = 60 * 1000,
};

/* All lent but copied. Empty: not set. */
struct orders_options {
	struct str uacme, directory, contact, eab_id, eab_key;
	int64_t order_ms; /* for tests; 0: ORDER_MS */
};

struct orders_result {
	enum acme_failure failure; /* ACME_NONE: it is done */
	int64_t retry_at;
	struct str text;  /* of a failure */
	struct str chain; /* PEM; empty of a revocation */
};

/* The result is lent. */
typedef void orders_answer_fn(void *arg, uint32_t id, const struct orders_result *r);

struct orders *orders_new(struct event_base *base, const struct orders_options *options,
                          orders_answer_fn *answer, void *arg);
/* For what begins from now on. */
void orders_configure(struct orders *o, const struct orders_options *options);
/* May answer at once. */
void orders_take(struct orders *o, uint32_t id, struct str host, struct str csr_der);
/* The directory says whose certificate it is; empty: that of the options. */
void orders_revoke(struct orders *o, uint32_t id, struct str directory,
                   struct str certificate_der);
/* Nobody waits for an answer any more. */
void orders_detach(struct orders *o);
/* Ends the runs, and what the process before has left running: the service ends. */
void orders_stop(struct orders *o);
/* The runs go on where they were not stopped. NULL is allowed. */
void orders_free(struct orders *o);
