/*
 * Certificates of TLS hosts (X.509, RFC 5280), their keys, and the requests for them
 * (PKCS #10, RFC 2986). Whoever holds a key proves here that a chain belongs to it before
 * it goes into use.
 *
 *	struct certificate_chain chain;
 *	if (!certificate_chain_parse(&a, pem, &chain, &err) ||
 *	    !certificate_chain_check(&chain, key, host, now, &err))
 *		return false;		(the error is a sentence for the host's owner)
 *	chain.der			(own first, each certified by the next)
 *	chain.own.not_after
 *
 * What is read is bounded: CHAIN_TEXT_MAX bytes of PEM, CHAIN_MAX certificates. Private
 * keys: EC on P-256 or P-384, RSA of 2048 to 4096 bits; those made here are P-256. No
 * trust is decided: a chain may end in any authority.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "crypto/secret.h"

enum {
	CHAIN_MAX = 8, /* certificates */
	CHAIN_TEXT_MAX = 48 * 1024,
	CHAIN_DER_MAX = 24 * 1024,
	TLS_KEY_TEXT_MAX = 8 * 1024,
	TLS_HOST_MAX = 240,
};

/* So that d2i_PrivateKey() need not guess, which takes four times as long. */
enum tls_key_kind { TLS_KEY_EC, TLS_KEY_RSA, TLS_KEY_KIND_COUNT };

struct tls_key;

/* What is said of one certificate; the views live in the arena. */
struct certificate {
	int64_t not_before, not_after; /* ms UTC */
	struct str issuer;             /* who certified it: its CN, or O, printable */
	struct str serial;             /* lower-case hex, two digits a byte */
	struct str names;              /* DNS names, lower case, a blank between two */
};

struct certificate_chain {
	struct str der; /* one behind the other, its own first */
	size_t n;
	struct certificate own; /* of the first */
};

/* A host name as TLS asks for it: lower case, labels of letters, digits, hyphens and
 * underscores, at least two, no final dot, TLS_HOST_MAX bytes. */
bool tls_host_is_valid(struct str host);

/* From PEM; text around the certificates is left out, anything else in PEM refused. */
NODISCARD bool certificate_chain_parse(struct arena *a, struct str pem,
                                       struct certificate_chain *out, struct err *err);
/* From DER, one certificate behind the other. */
NODISCARD bool certificate_chain_decode(struct arena *a, struct str der,
                                        struct certificate_chain *out, struct err *err);
/* PEM of a chain. */
NODISCARD bool certificate_chain_format(struct arena *a,
                                        const struct certificate_chain *chain,
                                        struct str *pem, struct err *err);
/* The DER of the i-th, i < n. */
struct str certificate_chain_at(const struct certificate_chain *chain, size_t i);
/* Whether it is for this host; a wildcard stands for one label (RFC 6125 §6.4.3). */
bool certificate_has_name(const struct certificate *c, struct str host);
/*
 * Whether the chain can serve the host with that key at the time `now` (ms UTC): the key
 * is the first one's, its names have the host, it is in force, meant for servers, and
 * each certificate is signed by the next.
 */
NODISCARD bool certificate_chain_check(const struct certificate_chain *chain,
                                       const struct tls_key *key, struct str host,
                                       int64_t now, struct err *err);

/* A new key on P-256. */
NODISCARD bool tls_key_generate(struct tls_key **out, struct err *err);
/* From PEM: PKCS #8, SEC 1 or PKCS #1; the error says what else it is. */
NODISCARD bool tls_key_parse(struct str pem, struct tls_key **out, struct err *err);
/* To and from DER (SEC 1, PKCS #1), which is what edges get. */
NODISCARD bool tls_key_encode(const struct tls_key *key, struct secret *der,
                              struct err *err);
NODISCARD bool tls_key_decode(enum tls_key_kind kind, struct str der,
                              struct tls_key **out, struct err *err);
enum tls_key_kind tls_key_kind(const struct tls_key *key);
/* NULL is allowed. */
void tls_key_free(struct tls_key *key);

/* A request in DER for a certificate of this host, signed with its key: the host is its
 * subject alternative name, and its common name where it fits into one. */
NODISCARD bool tls_key_request(struct arena *a, const struct tls_key *key,
                               struct str host, struct str *der, struct err *err);
