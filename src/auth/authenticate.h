/*
 * All that is known about who sent a message: SPF, DKIM and DMARC together, in one
 * ask-answer pass, so that their questions travel at once; and the text that tells it.
 *
 *	struct authenticate_input in = {.spf = query, .message = &m, …};
 *	struct authenticity out;
 *	authenticate(&a, &answers, &in, &out);
 *
 * DMARC is about the domain in From and counts the names that SPF and DKIM passed for
 * (RFC 9989 §4.4). Where From names no single domain its result is permerror.
 */
#pragma once

#include "auth/from.h"
#include "auth/results.h"

struct authenticate_input {
	struct spf_query spf;         /* with the time */
	struct dkim_message *message; /* keeps its body hashes between passes */
	enum dmarc_standard standard;
	const struct suffixes *suffixes; /* for DMARC_RFC7489, else NULL */
	struct str authserv_id;
};

struct authenticity {
	struct spf_result spf;
	struct dkim_verdicts dkim;
	struct from from;
	struct dmarc dmarc;
	struct str results; /* Authentication-Results, the value on one line */
};

/* Counts once nothing is pending. Views live in `a`, the input or the answers. */
void authenticate(struct arena *a, struct dns_answers *answers,
                  const struct authenticate_input *in, struct authenticity *out);
