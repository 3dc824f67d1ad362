/*
 * Comparison by meaning: does what one DNS answer holds serve the purpose of a planned
 * record? Tags are parsed, order, white space, case and a trailing ";" do not matter,
 * TXT strings are joined, unrelated TXT is ignored; SPF is evaluated, a CNAME may be
 * chained or flattened.
 *
 * The same function judges the answer of the resolver and of each single server, so
 * "k of n servers have it" means the same everywhere. Pure; may ask for more by
 * dns_ask() (include targets, addresses).
 */
#pragma once

#include "dns/answer.h"
#include "plan/plan.h"

enum compare_result {
	COMPARE_MATCH,
	COMPARE_ABSENT,    /* nothing there that means to be this record */
	COMPARE_DIFFERENT, /* something means to be it and does not serve */
	COMPARE_SEVERAL,   /* several mean to be it where one is allowed */
	COMPARE_FAULT,     /* the answer is a DNS fault, or a needed one is */
};

struct comparison {
	enum compare_result result;
	/* What means to be the record: the match, or what differs; may be empty. */
	struct dns_records candidates;
	const struct dns_answer *fault; /* of COMPARE_FAULT */
};

/*
 * The type to ask for: the planned one. `row` is one of plan->records; for an MX the
 * whole set of its name is looked at and the result is about this row's host.
 */
struct comparison compare_answer(struct arena *a, struct dns_answers *answers,
                                 const struct plan *plan, const struct plan_record *row,
                                 const struct dns_answer *answer);

/* Whether a TXT value means to be a record of this purpose, however mangled it is:
 * quotes, smart quotes, escapes and blanks in front are looked through. */
bool compare_means_purpose(struct str txt, enum plan_purpose purpose);
