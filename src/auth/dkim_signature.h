/*
 * A DKIM-Signature header field (RFC 6376 §3.5) with its tags understood. Reading never
 * fails: what is wrong stands in `problem`, a phrase for people, and makes the signature
 * a permanent error (§6.1.1); what could be read is there all the same.
 *
 *	struct dkim_signature s;
 *	dkim_signature_parse(&a, field, &s);
 *	if (s.problem) …
 *	dns_ask(answers, s.key_name, DNS_TXT)
 *
 * rsa-sha1 is known and refused (RFC 8301 §3.1). Tags that are not known, and z=, mean
 * nothing. Domain and selector may be U-labels (RFC 8616 §4).
 */
#pragma once

#include "auth/dkim_canon.h"
#include "crypto/key.h"

enum { DKIM_NO_TIME = -1 };

struct dkim_signature {
	const char *problem;         /* NULL where everything is understood */
	struct str domain, selector; /* canonical; as written where they are no names */
	struct str key_name;         /* where the key record is; empty without */
	struct str identity;         /* i= as written; empty where it is not given */
	struct str identity_domain;  /* canonical; the domain where i= is not given */
	struct str algorithm_name;   /* a= as written */
	enum key_algorithm algorithm;
	enum dkim_canon header_canon, body_canon;
	struct str names;              /* h= as written */
	struct str body_hash;          /* bytes */
	struct str signature;          /* bytes */
	struct str b;                  /* b= as written, for Authentication-Results */
	int64_t signed_at, expires_at; /* seconds; DKIM_NO_TIME where not given */
	uint64_t limit;                /* l=, or DKIM_NO_LIMIT */
	struct str unsigned_field;     /* the field with an empty b= */
};

/* `field` is the whole field with its name and its line end; it is borrowed. */
void dkim_signature_parse(struct arena *a, struct str field,
                          struct dkim_signature *out);
/* "rsa-sha256", "ed25519-sha256". */
const char *dkim_algorithm_name(enum key_algorithm algorithm);
NODISCARD bool dkim_algorithm_parse(struct str name, enum key_algorithm *out);
