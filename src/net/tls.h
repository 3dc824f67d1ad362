/*
 * The TLS side of a server: certificate chain and key, TLS 1.2 and newer, ALPN "http/1.1".
 * The server makes an SSL of it for each connection and drives SSL_read and SSL_write
 * itself on its events.
 *
 *	struct tls_context tls;
 *	if (!tls_context_init(&tls, "/etc/signet/cert.pem", "/etc/signet/key.pem", err))
 *		return false;
 *	options.tls = &tls;
 *	…
 *	tls_context_reload(&tls, err);	(SIGHUP; connections keep what they began with)
 *
 * Or with a certificate for each name that clients ask for (SNI, RFC 6066 §3). The name is
 * looked for when the ClientHello has come, before anything is answered; where that takes
 * a while, the handshake is left alone and taken up again, and then looks once more:
 *
 *	static enum tls_found find(void *arg, struct str name, struct tls_waiter *waiter,
 *	                           struct tls_pair **pair)
 *	{
 *		struct entry *e = entry_find(arg, name);
 *		if (e->is_known)
 *			return (*pair = e->pair) ? TLS_FOUND : TLS_UNKNOWN;
 *		tls_waiter_add(&e->waiters, waiter);
 *		ask_for(e);	(later: tls_waiters_wake(&e->waiters))
 *		return TLS_LATER;
 *	}
 *	tls_context_init_by_name(&tls, find, arg);
 *
 * An unknown name, or none, gets the alert unrecognized_name and no certificate at all.
 *
 * Session tickets are sealed by keys that this context alone knows and that are forgotten
 * after TLS_TICKETS_MS. Processes do not share them: resuming saves a server 5 % of a
 * handshake with ECDSA, and a key that never leaves a process is not worth less for that.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ssl_ctx_st;
struct tls_pair;

enum {
	TLS_NAME_MAX = 253,
	TLS_CHAIN_MAX = 8, /* certificates of a pair */
	TLS_TICKETS_MS = 2 * 60 * 60 * 1000,
};

/* A handshake that waits for a certificate, in the list of whoever looks for it. */
struct tls_waiter {
	struct tls_waiter *next, **link; /* link: NULL where it is in no list */
	void (*ready)(struct tls_waiter *waiter);
	void *arg;
};

/* Adds it, or leaves it where it is already in a list. */
void tls_waiter_add(struct tls_waiter **list, struct tls_waiter *waiter);
void tls_waiter_remove(struct tls_waiter *waiter);
/* Empties the list; each handshake goes on in the next turn of the loop. */
void tls_waiters_wake(struct tls_waiter **list);

enum tls_found { TLS_FOUND, TLS_LATER, TLS_UNKNOWN };

/* The name is a host name in lower case. What is put into *pair is lent for the call. */
typedef enum tls_found tls_find_fn(void *arg, struct str name,
                                   struct tls_waiter *waiter, struct tls_pair **pair);

struct tls_context {
	struct ssl_ctx_st *ssl;            /* OpenSSL's SSL_CTX */
	char certificate[4096], key[4096]; /* paths; empty where it came from memory */
	tls_find_fn *find;
	void *find_arg;
	int64_t tickets_at; /* when the keys of the tickets were made */
};

/* Reads the PEM files: the certificate and behind it those of its issuers; the key. Fails
 * where they cannot be read or do not belong together. */
NODISCARD bool tls_context_init(struct tls_context *tls, const char *certificate,
                                const char *key, struct err *err);
/* The same from memory. */
NODISCARD bool tls_context_init_pem(struct tls_context *tls, struct str certificate,
                                    struct str key, struct err *err);
/* Reads the files again; where that fails, the old ones stay in use. */
NODISCARD bool tls_context_reload(struct tls_context *tls, struct err *err);
/* Puts other ones in their place; where that fails, the old ones stay in use. */
NODISCARD bool tls_context_replace(struct tls_context *tls, struct str certificate,
                                   struct str key, struct err *err);
/* One that has no certificate of its own. It must stay where it is. */
void tls_context_init_by_name(struct tls_context *tls, tls_find_fn *find, void *arg);
/* New keys for tickets where it is time. */
void tls_context_rotate(struct tls_context *tls);
void tls_context_done(struct tls_context *tls);

/* A chain, certificates in DER one behind the other, its own first, and the private key
 * (PKCS #8 or of its type). Fails where they cannot be read, do not belong together, or the key is none that
 * serves (EC P-256 or P-384, RSA of 2048 bits and more). */
NODISCARD bool tls_pair_new(struct str chain, struct str key, struct tls_pair **out,
                            struct err *err);
/* Those who use it go on; NULL is allowed. */
void tls_pair_free(struct tls_pair *pair);
/* Until when its certificate is valid (ms UTC). */
int64_t tls_pair_not_after(const struct tls_pair *pair);

/* Of a ClientHello's server_name extension: the one host name in it, lower case, NUL
 * behind it. False where it is none. Pure. */
NODISCARD bool tls_name_read(struct str extension, char out[TLS_NAME_MAX + 1],
                             struct str *name);
