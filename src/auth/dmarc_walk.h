/*
 * The DNS tree walk of RFC 9989 §4.10: asks _dmarc.NAME for a domain and the names
 * above it, and finds the organizational domain. At most eight names are looked at: of a
 * longer one the domain itself and then its last seven labels, six, five …
 *
 *	struct dmarc_walk walk = dmarc_tree_walk(&a, &answers, domain);
 *	walk.organization		(empty after a DNS fault)
 *
 * All names are asked at once, since waiting costs more than a question; what lies
 * behind the point where the walk stops does not count.
 */
#pragma once

#include "auth/dmarc_record.h"
#include "dns/answer.h"

enum { DMARC_WALK_MAX = 8 };

/* One name of the walk. */
struct dmarc_step {
	struct str domain;
	const struct dns_answer *answer; /* to _dmarc.DOMAIN TXT; NULL: no such name */
	size_t count; /* DMARC records there; several count as none */
	const struct dmarc_record *record; /* the only one, or NULL */
};

struct dmarc_walk {
	struct dmarc_step steps[DMARC_WALK_MAX]; /* from the domain upwards */
	size_t n;                                /* with the one it stopped at */
	struct str organization; /* the organizational domain; empty after a fault */
	size_t suffix;           /* the step above the start with psd=y, or 0 */
	const struct dns_answer *fault; /* that ended the walk, or NULL */
};

struct dmarc_walk dmarc_tree_walk(struct arena *a, struct dns_answers *answers,
                                  struct str domain);
/* Only the first step: the record at the domain itself, read by either standard. */
struct dmarc_step dmarc_look(struct arena *a, struct dns_answers *answers,
                             struct str domain, enum dmarc_standard standard);
