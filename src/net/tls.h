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
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ssl_ctx_st;

struct tls_context {
	struct ssl_ctx_st *ssl;            /* OpenSSL's SSL_CTX */
	char certificate[4096], key[4096]; /* paths; empty where it came from memory */
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
void tls_context_done(struct tls_context *tls);
