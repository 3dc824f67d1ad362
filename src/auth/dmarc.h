/*
 * DMARC evaluation by RFC 9989, or by RFC 7489 as older receivers do it: finds the
 * policy record of the domain in From, decides which authenticated names are aligned
 * with it, and says what the record asks for.
 *
 *	struct dmarc_input in = {.from = STR("news.acme.example"), .dkim = names, …};
 *	struct dmarc verdict;
 *	dmarc_check(&a, &answers, &in, &verdict);
 *
 * Pure: it asks through `answers` and is run again until nothing is pending. A DNS
 * fault gives temperror only where the result depends on it. Without names that passed
 * the verdict is that of a failing message, which is how a domain's policy is looked at.
 */
#pragma once

#include "auth/dmarc_walk.h"
#include "auth/suffixes.h"

enum dmarc_result {
	DMARC_RESULT_NONE, /* no record, or none that counts */
	DMARC_RESULT_PASS,
	DMARC_RESULT_FAIL,
	DMARC_RESULT_TEMPERROR,
	DMARC_RESULT_PERMERROR, /* From has no domain that DNS could hold */
};

/* Names that SPF or DKIM passed for; canonical. */
struct dmarc_names {
	const struct str *v;
	size_t n;
};

struct dmarc_input {
	struct str from; /* canonical */
	struct dmarc_names spf, dkim;
	enum dmarc_standard standard;
	const struct suffixes *suffixes; /* for DMARC_RFC7489, else NULL */
};

/* Which tag the policy was taken from. */
enum dmarc_source {
	DMARC_FROM_NOTHING,
	DMARC_FROM_P,
	DMARC_FROM_SP,
	DMARC_FROM_NP,
};

struct dmarc {
	enum dmarc_result result;
	enum dmarc_policy policy;      /* that applies to From, before t= */
	enum dmarc_policy disposition; /* asked for a failing message, after t= */
	enum dmarc_source source;
	struct str org_domain;             /* of From; empty where a fault hides it */
	struct str record_domain;          /* where the record is; empty without one */
	const struct dmarc_record *record; /* the one that applies, or NULL */
	bool spf_aligned, dkim_aligned;
	bool is_testing;
	bool has_several;               /* several records at From's own name */
	const struct dns_answer *fault; /* why it is temperror, or NULL */
};

void dmarc_check(struct arena *a, struct dns_answers *answers,
                 const struct dmarc_input *in, struct dmarc *out);
/* "pass", "fail", "none", "temperror", "permerror". */
const char *dmarc_result_name(enum dmarc_result result);
/* Whether a message would fare differently: by result, disposition or the
 * organizational domain that relaxed alignment is measured by. */
bool dmarc_differs(const struct dmarc *x, const struct dmarc *y);
