/*
 * Certificates that are to be revoked: a list in the store, worked off one after the other
 * until the authority has done each. What fails is tried again after five minutes, twice
 * as long each time up to a day; what is refused for good, or has expired anyway, is
 * dropped with a line in the log.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct acme_client;
struct event_base;
struct revocations;
struct store;
struct turn;

/* All lent. */
struct revocations *revocations_new(struct event_base *base, struct store *store,
                                    struct turn *turn, struct acme_client *acme);
/* Within a turn: `leaf` is the certificate (DER) in base64. It is found within seconds. */
NODISCARD bool revocations_add(struct store *store, struct str host,
                               struct str directory, struct str leaf, struct err *err);
/* The clock has jumped. */
void revocations_poke(struct revocations *r);
/* NULL is allowed. */
void revocations_free(struct revocations *r);
