/*
 * HTTP probes on the event loop (libcurl's multi interface on libevent): a GET to given
 * addresses for a given host, which tells what there is to see of the answer and of the
 * server's certificate.
 *
 *	struct fetch_pool *pool = fetch_pool_new(&(struct fetch_pool_options){.base = base});
 *	struct fetch_ask ask = {.host = STR("track.acme.example"), .port = 443,
 *	                        .is_tls = true, .path = STR("/"), .addresses = v,
 *	                        .address_count = n};
 *	fetch_start(pool, &ask, on_got, arg);	(later: on_got(arg, &got))
 *
 * A bad certificate is a finding, not an error: the talk goes on, and got.certificate says
 * what is wrong with it. Redirects are not followed, names are not looked up, no proxy is
 * taken from the environment, nothing but the addresses given is talked to; addresses that
 * are not public are refused unless the pool allows them (SSRF). Bodies are cut at
 * `body_max`. Beyond `at_once` probes wait in order; the deadline counts from their start.
 *
 * Where this machine itself has no way to an address (no IPv6, say), silence says nothing
 * about whoever is there: that is FETCH_NO_WAY, no failure of theirs.
 *
 * RFC 9110, RFC 6797 §6.1 (HSTS), RFC 6125 (names), RFC 5280 (chains).
 */
#pragma once

#include "base/err.h"
#include "base/ip.h"

struct event_base;
struct fetch_pool;

enum { FETCH_ADDRESSES_MAX = 8, FETCH_BODY_MAX = 64 * 1024, FETCH_AT_ONCE = 128 };

struct fetch_pool_options {
	struct event_base *base;
	const char *ca_file; /* PEM, beside the system's; NULL: none */
	bool allow_private;
	size_t at_once;         /* 0: FETCH_AT_ONCE */
	int64_t timeout_ms;     /* of a probe that says none; 0: 10 s */
	const char *user_agent; /* NULL: "Signet" */
};

/* Reads the authorities' certificates now, so that no file is opened later. Fails where
 * ca_file cannot be read. */
NODISCARD bool fetch_pool_new(const struct fetch_pool_options *options,
                              struct fetch_pool **out, struct err *err);
/* What is under way ends without being told. NULL is allowed. */
void fetch_pool_free(struct fetch_pool *pool);
size_t fetch_pool_count(const struct fetch_pool *pool); /* under way and waiting */

struct fetch_ask {
	struct str host, path; /* canonical name; path with its query */
	uint16_t port;
	bool is_tls;
	bool connects_only; /* no handshake and no request: whether TCP connects */
	const struct ip *addresses; /* tried in order, at most FETCH_ADDRESSES_MAX */
	size_t address_count;
	int64_t timeout_ms; /* of the whole, half of it to connect; 0: as the pool has it */
	size_t body_max; /* 0: FETCH_BODY_MAX */
};

enum fetch_end {
	FETCH_ANSWERED, /* or connected, where no more was wanted */
	FETCH_NO_ADDRESS,
	FETCH_PRIVATE,     /* none of the addresses is public */
	FETCH_NO_WAY,      /* this machine cannot get to any of them */
	FETCH_UNREACHABLE, /* no connection */
	FETCH_TIMEOUT,
	FETCH_TLS,    /* the handshake fails */
	FETCH_BROKEN, /* no HTTP, or cut */
};

/* X(NAME, "what is wrong with the certificate") */
#define FETCH_TRUSTS(X)                                                                \
	X(UNSEEN, "no certificate was shown")                                          \
	X(GOOD, "the certificate is valid")                                            \
	X(EXPIRED, "the certificate has expired")                                      \
	X(NOT_YET, "the certificate is not valid yet")                                 \
	X(SELF_SIGNED, "the certificate is signed by itself")                          \
	X(UNKNOWN_ISSUER, "no known authority stands behind the certificate, or an "   \
	                  "intermediate certificate is missing")                       \
	X(WRONG_NAME, "the certificate is for other names")                            \
	X(OTHER, "the certificate is not valid")

enum fetch_trust {
#define X(name, text) FETCH_TRUST_##name,
	FETCH_TRUSTS(X)
#undef X
};

const char *fetch_trust_text(enum fetch_trust trust);

struct fetch_certificate {
	enum fetch_trust trust;
	struct str why;    /* OpenSSL's words where the chain is not good */
	struct str names;  /* the DNS names it is for, blanks between */
	struct str issuer; /* common name or organization */
	int64_t not_before, not_after;
};

struct fetch_got {
	enum fetch_end end;
	struct str why;  /* libcurl's words where there is no answer */
	bool is_refused; /* the last address refused the connection */
	struct ip from;  /* who was talked to; length 0: nobody */
	int status;
	struct str location, hsts, server, age, body; /* empty: not there */
	bool is_cut;                                  /* the body was longer */
	struct fetch_certificate certificate;
};

/* Called once, from the loop, never from fetch_start(); `got` is lent for the call. */
typedef void fetch_done_fn(void *arg, const struct fetch_got *got);
void fetch_start(struct fetch_pool *pool, const struct fetch_ask *ask,
                 fetch_done_fn *done, void *arg);

/* The longest time an HSTS value asks for (RFC 6797 §6.1.1): its max-age in seconds, 0
 * where it is none or switches it off; and whether sub-domains are in it. */
int64_t fetch_hsts(struct str value, bool *include_subdomains);
