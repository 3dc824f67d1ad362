/*
 * Calls to the acme role: asynchronous, on the core's loop.
 *
 *	acme_order(client, STR("track.acme.example"), csr_der, on_issued, me);
 *
 * A call whose acme process ends is given again to the next one, which takes up what was
 * under way (acme/orders.h). Each call calls back once, never from within the call itself:
 * one without an answer for ACME_TIMEOUT_MS ends as ACME_INTERNAL.
 */
#pragma once

#include "base/str.h"
#include "ipc/acme_failure.h"

struct acme_client;
struct event_base;

enum { ACME_TIMEOUT_MS = 20 * 60 * 1000 };

struct acme_result {
	enum acme_failure failure; /* ACME_NONE: it is done */
	int64_t retry_at;          /* not before; 0: nothing said */
	struct str text;           /* of a failure */
	struct str chain;          /* PEM, of an order */
};

/* The result is lent. */
typedef void acme_done_fn(void *arg, const struct acme_result *result);

struct acme_client *acme_client_new(struct event_base *base);
/* A way to an acme process, old or new; takes the descriptor and gives what is pending. */
void acme_client_connect(struct acme_client *c, int fd);
/* Pending calls end without calling back. NULL is allowed. */
void acme_client_free(struct acme_client *c);

void acme_order(struct acme_client *c, struct str host, struct str csr_der,
                acme_done_fn *done, void *arg);
/* The directory of the authority that has issued it; the certificate in DER. */
void acme_revoke(struct acme_client *c, struct str directory,
                 struct str certificate_der, acme_done_fn *done, void *arg);
