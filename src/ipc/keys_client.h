/*
 * Calls to the keys role, from core and gate: asynchronous, on the caller's loop.
 *
 *	struct keys_client *keys = keys_client_new(base, ROLE_CORE);
 *	keys_client_connect(keys, fd);		(at start and from each new peer)
 *
 *	char id[KEY_ID_LEN + 1];
 *	key_id_new(id);
 *	keys_take(keys, str_c(id), KEY_RSA, STR("acme.example"), on_taken, me);
 *
 * The caller names the key. Since the name decides, a take may be repeated, even after a
 * crash of either side: the same id always gives the same key. When it answers, the key
 * is on disk for good.
 *
 * A call whose keys process dies is sent again to the next one; one that has no answer
 * after KEYS_TIMEOUT_MS ends with KEYS_UNAVAILABLE. Each call calls back exactly once
 * and never from within the call itself; at most KEYS_PENDING_MAX are under way, more
 * end with KEYS_UNAVAILABLE.
 */
#pragma once

#include "crypto/key.h"
#include "ipc/channel.h"
#include "ipc/grant.h"

struct keys_client;

enum { KEYS_TIMEOUT_MS = 30000, KEYS_PENDING_MAX = 16384 };

/* X(NAME, "what it means") */
#define KEYS_REFUSALS(X)                                                               \
	X(NONE, "done")                                                                \
	X(UNAVAILABLE, "the keys process does not answer")                             \
	X(UNKNOWN_KEY, "there is no such key")                                         \
	X(FORGED, "the grant is not genuine")                                          \
	X(EXPIRED, "the grant has expired")                                            \
	X(RATE, "the domain has signed its fill for this minute")                      \
	X(DAMAGED, "the file of the key cannot be opened")                             \
	X(INVALID, "the call makes no sense")                                          \
	X(FAILED, "the disk or the library failed")

enum keys_refusal {
#define X(name, text) KEYS_##name,
	KEYS_REFUSALS(X)
#undef X
	        KEYS_REFUSAL_COUNT,
};

const char *keys_refusal_text(enum keys_refusal refusal);

struct keys_stats {
	uint64_t pool, pool_wanted; /* RSA keys in stock, and how many shall be */
	uint64_t waiting;           /* takes that wait for a key */
	uint64_t signatures, refusals, takes;
	uint64_t cached; /* keys in memory */
};

struct keys_result {
	enum keys_refusal refusal; /* KEYS_NONE: it worked */
	const char *reason;        /* of a refusal: a sentence */
	struct str public_key;     /* of keys_take(): the bytes of p= */
	struct str signature;      /* of keys_sign() */
	struct keys_stats stats;   /* of keys_stats() */
};

/* The result is lent. */
typedef void keys_done_fn(void *arg, const struct keys_result *result);

/* `self` is ROLE_CORE or ROLE_GATE. */
struct keys_client *keys_client_new(struct event_base *base, enum role self);
/* A way to a keys process, old or new; takes the descriptor and sends what is pending. */
void keys_client_connect(struct keys_client *k, int fd);
bool keys_client_is_connected(const struct keys_client *k);
size_t keys_client_pending(const struct keys_client *k);
/* Pending calls end without calling back. NULL is allowed. */
void keys_client_free(struct keys_client *k);

void keys_take(struct keys_client *k, struct str key_id, enum key_algorithm algorithm,
               struct str domain, keys_done_fn *done, void *arg);
void keys_sign(struct keys_client *k, const struct grant *g,
               const uint8_t digest[SHA256_BYTES], keys_done_fn *done, void *arg);
/* Dropping a key that is not there succeeds. */
void keys_drop(struct keys_client *k, struct str key_id, keys_done_fn *done, void *arg);
void keys_stats(struct keys_client *k, keys_done_fn *done, void *arg);
