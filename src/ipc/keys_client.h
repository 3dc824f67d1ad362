/*
 * Calls to the keys role, from core, gate and edge: asynchronous, on the caller's loop.
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
 * The key of a TLS host is named by host and generation, likewise: keys_tls_csr() of the
 * same two gives a request for the same key each time. It lies beside the one in use until
 * keys_tls_install() brings a chain that fits it; that one is in use from then on. An edge
 * knows one call, keys_tls_get().
 *
 * A call whose keys process dies is sent again to the next one; one that has no answer
 * after KEYS_TIMEOUT_MS (of an edge: KEYS_EDGE_TIMEOUT_MS) ends with KEYS_UNAVAILABLE. Each call calls back exactly once
 * and never from within the call itself; at most KEYS_PENDING_MAX (of an edge:
 * KEYS_EDGE_PENDING_MAX) are under way, more end with KEYS_UNAVAILABLE.
 */
#pragma once

#include "crypto/certificate.h"
#include "crypto/key.h"
#include "ipc/channel.h"
#include "ipc/grant.h"

struct keys_client;

enum {
	KEYS_TIMEOUT_MS = 30000,
	KEYS_PENDING_MAX = 16384,
	/* A handshake waits for it. */
	KEYS_EDGE_TIMEOUT_MS = 5000,
	KEYS_EDGE_PENDING_MAX = 1024,
};

/* X(NAME, "what it means") */
#define KEYS_REFUSALS(X)                                                               \
	X(NONE, "done")                                                                \
	X(UNAVAILABLE, "the keys process does not answer")                             \
	X(UNKNOWN_KEY, "there is no such key")                                         \
	X(FORGED, "the grant is not genuine")                                          \
	X(EXPIRED, "the grant has expired")                                            \
	X(RATE, "too many of these calls in this time")                                \
	X(DAMAGED, "the file of the key cannot be opened")                             \
	X(UNFIT, "the certificate is not fit for its key or its host")                 \
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

/* The certificate that is in use for a host. */
struct keys_tls {
	uint64_t generation; /* 0: it was uploaded */
	struct certificate own;
	struct str chain; /* DER, one behind the other, its own first */
};

struct keys_result {
	enum keys_refusal refusal; /* KEYS_NONE: it worked */
	const char *reason;        /* of a refusal: a sentence */
	struct str public_key;     /* of keys_take(): the bytes of p= */
	struct str signature;      /* of keys_sign() */
	struct keys_stats stats;   /* of keys_stats() */
	struct str csr;            /* of keys_tls_csr(): DER */
	struct keys_tls tls;       /* of keys_tls_install(), upload and look */
	struct str words;          /* KEYS_UNFIT: why, for the owner of the host */
	/* Of keys_tls_get(): the chain as above, the key in DER for d2i_PrivateKey(). */
	struct str tls_chain, tls_key;
	enum tls_key_kind tls_kind;
	int64_t tls_not_after; /* ms UTC */
};

/* The result is lent. */
typedef void keys_done_fn(void *arg, const struct keys_result *result);

/* `self` is ROLE_CORE, ROLE_GATE or ROLE_EDGE. */
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

/* What is too long ends with KEYS_INVALID (IPC_BODY_MAX for all together). `generation` is 1 or more. */
void keys_tls_csr(struct keys_client *k, struct str host, uint64_t generation,
                  keys_done_fn *done, void *arg);
/* KEYS_UNKNOWN_KEY where there is no key of that generation. */
void keys_tls_install(struct keys_client *k, struct str host, uint64_t generation,
                      struct str chain_pem, keys_done_fn *done, void *arg);
/* A customer's own certificate and key, PEM. */
void keys_tls_upload(struct keys_client *k, struct str host, struct str chain_pem,
                     struct str key_pem, keys_done_fn *done, void *arg);
/* KEYS_UNKNOWN_KEY where nothing is in use. */
void keys_tls_look(struct keys_client *k, struct str host, keys_done_fn *done,
                   void *arg);
/* Removes all keys of the host; where there are none it succeeds. */
void keys_tls_drop(struct keys_client *k, struct str host, keys_done_fn *done,
                   void *arg);
/* Of an edge: chain and key of a host, or KEYS_UNKNOWN_KEY. */
void keys_tls_get(struct keys_client *k, struct str host, keys_done_fn *done,
                  void *arg);
