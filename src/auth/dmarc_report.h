/*
 * Whether the receivers of DMARC reports have agreed to get them (RFC 9990 §4, RFC 7489
 * §7.1). An address within the organization that publishes the record needs no consent;
 * any other must publish TXT v=DMARC1 at RECORD-DOMAIN._report._dmarc.HOST, for which a
 * wildcard will do. Without it report senders drop the address.
 */
#pragma once

#include "auth/dmarc_walk.h"

enum dmarc_consent {
	DMARC_CONSENT_INTERNAL, /* the same organization: none is needed */
	DMARC_CONSENT_GIVEN,
	DMARC_CONSENT_MISSING,
	DMARC_CONSENT_UNDETERMINED, /* a DNS fault */
};

struct dmarc_report_target {
	const struct dmarc_uri *uri;
	bool is_failure; /* of ruf; else of rua */
	enum dmarc_consent consent;
	struct str name;                 /* where the consent is looked for, or empty */
	const struct dns_answer *answer; /* that decided it, or NULL */
};

struct dmarc_report_targets {
	struct dmarc_report_target *v;
	size_t n, cap;
};

/* The most addresses that are looked at; more are left out. */
enum { DMARC_REPORT_TARGETS_MAX = 20 };

/* The valid mailto: addresses of the record that stands at `record_domain`. */
struct dmarc_report_targets dmarc_report_check(struct arena *a,
                                               struct dns_answers *answers,
                                               const struct dmarc_record *record,
                                               struct str record_domain);
