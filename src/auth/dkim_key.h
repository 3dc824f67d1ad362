/*
 * DKIM key records: the TXT at SELECTOR._domainkey.DOMAIN (RFC 6376 §3.6.1, RFC 8301,
 * RFC 8463). Parsing never fails; it gives every fact of the record and one status that
 * says whether a signature may be verified with it, the first reason against it
 * winning.
 *
 *	struct dkim_key record;
 *	dkim_key_parse(&a, text, &record);
 *	if (record.status == DKIM_KEY_USABLE)
 *		… record.key.bits …
 *	else
 *		… dkim_key_reason(record.status) …
 *
 * rsa-sha1 is not verified at all (RFC 8301 §3.1), and neither is RSA below 1024 bits
 * (§3.2); fewer than 2048 are worth an advice (`is_short`).
 */
#pragma once

#include "auth/tags.h"
#include "crypto/key.h"

enum dkim_key_status {
	DKIM_KEY_USABLE,
	DKIM_KEY_SYNTAX,       /* the tag list or its v= is broken: no key record */
	DKIM_KEY_NO_KEY,       /* no p= at all */
	DKIM_KEY_NOT_SHA256,   /* h= leaves out sha256: nothing left but sha1 */
	DKIM_KEY_REVOKED,      /* p= is empty */
	DKIM_KEY_NOT_EMAIL,    /* s= is for other services */
	DKIM_KEY_UNKNOWN_TYPE, /* k= is neither rsa nor ed25519 */
	DKIM_KEY_BAD_KEY,      /* p= is no base64, or no key of that type */
	DKIM_KEY_WEAK,         /* RSA of fewer than KEY_RSA_BITS_MIN bits */
};

struct dkim_key {
	struct tags tags; /* as written */
	enum dkim_key_status status;
	/* The same with a v= at the wrong place forgiven, as verifiers do. */
	enum dkim_key_status tolerant_status;
	enum key_algorithm algorithm; /* of k=, rsa where it is not given */
	bool has_key;
	struct public_key key;     /* where has_key */
	bool is_short;             /* usable, yet below KEY_RSA_BITS_ADVISED */
	bool has_sha1, has_sha256; /* what h= allows; both where it is not given */
	bool is_testing;           /* t=y */
	bool is_strict;            /* t=s: no subdomain of d= in i= */
	struct str notes;          /* n= */
	struct tag_problems problems;
};

/* Borrows the text. */
void dkim_key_parse(struct arena *a, struct str text, struct dkim_key *out);
/* Whether a TXT record wants to be a DKIM key, right or wrong: it has v=DKIM1 or p=. */
bool dkim_key_is_meant(struct arena *a, struct str text);
/* A phrase for people: "the key is revoked". */
const char *dkim_key_reason(enum dkim_key_status status);
/* The record to publish: "v=DKIM1; k=rsa; p=…", `public_bytes` as private_key_public()
 * gives them. */
struct str dkim_key_format(struct arena *a, enum key_algorithm algorithm,
                           struct str public_bytes);
