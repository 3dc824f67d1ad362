/* What a server's certificate is worth, looked at by OpenSSL during the handshake of a
 * probe that goes on whatever it is. Private to src/fetch. */
#pragma once

#include "fetch/fetch_async.h"

#include <openssl/ssl.h>

/* The authorities that are trusted: the system's and those of a file (may be NULL). */
NODISCARD bool trust_open(const char *ca_file, X509_STORE **out, struct err *err);

/* Where one handshake notes what it sees. */
struct trust_look {
	struct arena *a;
	struct str host;
	struct fetch_certificate *out;
};

/* Makes a connection's context verify against the store, note it, and go on. The look is
 * lent as long as the context. */
void trust_attach(SSL_CTX *context, X509_STORE *store, struct trust_look *look);
