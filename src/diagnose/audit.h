/*
 * The audit: what a domain publishes for mail, as it stands, for anyone's domain. Without
 * a profile there is nothing planned; so the audit makes a plan of what it finds and
 * what a mail domain should have (MX, SPF, DMARC, DKIM keys at given and commonly used
 * selectors, MTA-STS, TLS-RPT, BIMI), each row without a value, and runs the same
 * observation and the same rules over it as a check with a profile.
 *
 * Besides the records the verdict's `audit` has what only an audit tells: the SPF tree
 * with its look-ups, the effective DMARC policy, the services recognised, DNSSEC.
 */
#pragma once

#include "diagnose/knowledge.h"
#include "diagnose/verdict.h"

enum { AUDIT_SELECTORS_MAX = 64 };

struct audit_request {
	struct str domain;           /* canonical */
	const struct str *selectors; /* asked for by name, besides the common ones */
	size_t selector_count;
};

/* in->plan is not used. The verdict lives in in->a and refers to the answers. */
struct verdict *audit_check(struct check_input *in,
                            const struct audit_request *request);
