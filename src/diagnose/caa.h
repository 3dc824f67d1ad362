/*
 * CAA: whether an authority may certify a name (RFC 8659, RFC 8657). Pure: it asks DNS by
 * dns_ask(), as everything here does.
 *
 *	const struct dns_answer *set = caa_find(answers, name, true);
 *	struct caa_permission p = caa_read(set, &issuer);
 *	if (caa_judge(&p) == CAA_FORBIDDEN) …
 *
 * The set that counts is that of the name, behind a CNAME that of its target, else of the
 * nearest name above (§3). For a plain name "issue" counts alone; "issuewild" (§4.3) is for
 * wildcards. A critical property that nobody knows forbids all (§4.5). A DNS fault at a
 * level forbids too, for the time being: an authority must not issue then.
 */
#pragma once

#include "dns/answer.h"

struct caa_issuer {
	const struct str *names; /* by which CAA may name it: "letsencrypt.org" */
	size_t n;
	struct str method; /* how it will validate: "http-01" */
	bool is_wildcard;  /* the name to certify */
};

/* Who certifies tracking names, by HTTP (RFC 8657 §4). No name: nobody knows who, and CAA
 * is not to be judged. */
struct caa_issuer caa_issuer_of(const struct str *names, size_t n);
/* The same where nothing is configured. */
struct caa_issuer caa_usual_issuer(void);

enum caa_verdict {
	CAA_ALLOWED,
	CAA_FORBIDDEN,
	CAA_BOUND,   /* to an account (RFC 8657 §3): allowed if that is ours */
	CAA_UNKNOWN, /* pending, or a DNS fault */
};

/* What one record set says to the issuer. */
struct caa_permission {
	bool is_unknown;
	bool is_restricted; /* an issue property is there */
	bool is_given;
	struct str account;  /* it is given to this account alone */
	struct str methods;  /* it is given for these methods alone */
	struct str critical; /* a tag nobody knows that must be understood */
	struct str owner;    /* where the set stands; empty: there is none */
};

/*
 * The set that counts, or the fault that hides it; NULL where there is none. Without
 * `follow` names with a CNAME are passed over: one that is still to be changed leads to
 * somebody else's.
 */
const struct dns_answer *caa_find(struct dns_answers *answers, struct str name,
                                  bool follow);
/* NULL: no set, so all is allowed. */
struct caa_permission caa_read(const struct dns_answer *set,
                               const struct caa_issuer *issuer);
enum caa_verdict caa_judge(const struct caa_permission *p);
/* What the records say, after "The CAA record of acme.example ". Of what is not allowed. */
struct str caa_words(struct arena *a, const struct caa_permission *p,
                     const struct caa_issuer *issuer);
/* The record that lets the issuer in: "flags 0, tag "issue", value "letsencrypt.org"". */
struct str caa_record(struct arena *a, const struct caa_issuer *issuer);
