/*
 * The certificates of tracking hosts: does what life/certificate.h decides. For each host
 * that has one there is a row in the store and a time in a wheel.
 *
 *	facts	certificates_consider(), called by tracking.c with what it has just seen;
 *		when an order is due and they are too old, it is asked to look again
 *	CAA	asked here, at the moment of the order
 *	order	keys makes key and request (TLS_CSR), the role acme has it certified
 *		(ACME_ORDER), keys puts the chain beside its key (TLS_INSTALL), the row is
 *		stored with an event, edges are told (TLS_CHANGED)
 *
 * Every step may be repeated: the host and its generation name the key, acme takes up an
 * order of a host that it has under way or finished, keys installs the same chain again.
 * The row says that an order is under way before it begins, so after the end of any
 * process it is taken up where it was: none is lost, none is made twice.
 *
 * A host that is deleted has its certificate revoked (revocations.h) and its keys dropped.
 */
#pragma once

#include "config/config.h"
#include "life/certificate.h"

struct acme_client;
struct certificates;
struct event_base;
struct keys_client;
struct resolver;
struct store;
struct turn;

/* All lent. */
struct certificates_setup {
	struct event_base *base;
	struct store *store;
	struct turn *turn;
	struct resolver *resolver;
	struct keys_client *keys;
	struct acme_client *acme;
	const struct config *config;
	/* Learn the facts of this tracking domain now, then call certificates_consider(). */
	void (*look)(void *arg, int64_t tracking);
	/* The host has another certificate than before, or none: tell the edges, look. */
	void (*changed)(void *arg, int64_t tracking, struct str host);
	void *arg;
};

struct certificates *certificates_new(const struct certificates_setup *setup);
/* Reads when each is due, and begins; orders that were under way go on. */
NODISCARD bool certificates_load(struct certificates *c, struct err *err);
void certificates_reconfigure(struct certificates *c, const struct config *config);
/* Begins nothing more. */
void certificates_drain(struct certificates *c);
/* The clock has jumped. */
void certificates_poke(struct certificates *c);
/* Nothing is called any more; before keys, acme and resolver go. */
void certificates_stop(struct certificates *c);
/* The resolver must be gone. NULL is allowed. */
void certificates_free(struct certificates *c);

struct certificates_stats {
	uint64_t orders;         /* since the start: begun, or taken up again */
	uint64_t issued, failed; /* of those that have ended */
};
struct certificates_stats certificates_stats(const struct certificates *c);

/*
 * What was seen of a tracking domain just now; to be called whenever it was looked at, and
 * when it is wanted no longer. `facts` is copied, its `caa` ignored: that is asked here.
 * Takes effect soon, in a turn of its own.
 */
void certificates_consider(struct certificates *c, int64_t tracking,
                           const struct certificate_facts *facts);
/* The tracking domain is deleted: revoke and drop. Within the turn that deletes it, before
 * its row goes. */
NODISCARD bool certificates_remove(struct certificates *c, int64_t tracking,
                                   struct err *err);

/* ---- for the API; within its savepoint ---- */

/* Somebody wants it (anew) now. *again_at: from when on it may be asked, if not now, else
 * 0. */
NODISCARD bool certificates_request(struct certificates *c, int64_t tracking,
                                    int64_t *again_at, struct err *err);
/* Revokes and drops what there is; a host that is wanted gets another. */
NODISCARD bool certificates_withdraw(struct certificates *c, int64_t tracking,
                                     struct err *err);

struct certificates_uploaded {
	bool ok;
	bool is_unfit;    /* the customer's fault */
	struct str words; /* why not */
};
typedef void certificates_uploaded_fn(void *arg, const struct certificates_uploaded *r);
/* A customer's own. done() is called once, from the loop, in a turn in which the row is
 * written. */
void certificates_upload(struct certificates *c, int64_t tracking, struct str host,
                         struct str chain_pem, struct str key_pem,
                         certificates_uploaded_fn *done, void *arg);
