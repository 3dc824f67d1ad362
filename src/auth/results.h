/*
 * The text of an Authentication-Results field (RFC 8601 §2.2): what SPF, DKIM and DMARC
 * said of a message, for those who read it later.
 *
 *	struct str text = results_format(&a, &in, STR("\r\n"));
 *	mx.example;
 *	 spf=pass smtp.mailfrom=joe@acme.example;
 *	 dkim=pass header.d=acme.example header.s=s1 header.a=rsa-sha256
 *	 header.b="Xh4Ujb2w"; dmarc=pass header.from=acme.example policy.dmarc=none
 *
 * Names and addresses come from strangers. A value that is not a token, a domain or a
 * plain address is put in quotes, control characters become "?", and a long one is cut:
 * nothing in it can begin another result.
 */
#pragma once

#include "auth/dkim_verify.h"
#include "auth/dmarc.h"
#include "auth/spf.h"

enum { RESULTS_VALUE_MAX = 320 }; /* bytes of one value: RFC 5321 §4.5.3.1 and some */

struct results {
	struct str authserv_id;
	const struct spf_result *spf;
	struct str helo, mail_from; /* as SPF was asked */
	const struct dkim_verdicts *dkim;
	const struct dmarc *dmarc;
	struct str from_domain;   /* may be empty */
	const char *from_problem; /* why From has no domain, or NULL */
};

/* The value of the field, without its name; folded with this line end, or on one line
 * where that is empty. */
struct str results_format(struct arena *a, const struct results *in,
                          struct str line_end);
