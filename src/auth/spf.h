/*
 * check_host() of RFC 7208: may this address send for this identity?
 *
 * Pure and run again: questions go by dns_ask(), and the result counts once nothing is
 * pending. Terms are evaluated from left to right; while an answer is pending, the
 * terms behind it are looked at already, so that their questions travel together.
 *
 *	struct spf_query q = {.ip = ip, .helo = STR("mx.example"),
 *	                      .mail_from = STR("joe@acme.example"), .now = now};
 *	struct spf_result r = spf_check(&a, &answers, &q);
 *	if (r.outcome == SPF_FAIL) …
 *
 * The identity is the domain of MAIL FROM, or HELO where that is empty (§2.4). Limits
 * (§4.6.4): 10 terms that ask, 2 of them void, 10 MX names; all but the first 10 PTR
 * names are ignored. A term counts as void once, whatever the number of its questions; a
 * PTR name and an explanation cost nothing, since they are not the record's doing. A
 * target that is no possible name (an empty label after expansion) does not match
 * (§4.8).
 */
#pragma once

#include "auth/spf_record.h"
#include "dns/answer.h"

enum {
	SPF_LOOKUPS_MAX = 10,
	SPF_VOIDS_MAX = 2,
	SPF_MX_MAX = 10,
	SPF_PTR_MAX = 10,
};

struct spf_query {
	struct ip ip;
	struct str helo;
	struct str mail_from; /* an address, with or without <>; empty for bounces */
	struct str receiver;  /* for %{r}; may be empty */
	int64_t now;
};

struct spf_result {
	enum spf_outcome outcome;
	struct str explanation; /* of a fail whose record gives one, else empty */
	struct str mechanism;   /* the term that matched, as written, else empty */
	int lookups;            /* terms that asked DNS; 11 is one too many */
	int void_lookups;
	struct str problem; /* why not pass or fail, in words, else empty */
	struct str domain;  /* the domain checked, as given, A-labels */
	bool is_helo;       /* `domain` is the HELO name */
};

/* Views in the result live in `a`, in the query or in the answers. */
struct spf_result spf_check(struct arena *a, struct dns_answers *answers,
                            const struct spf_query *query);
