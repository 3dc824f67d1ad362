/*
 * A diagnosis rule: one row in the table of rules.c, one small function. The table is the
 * list of everything Signet can find wrong with a domain; its codes are public (CLI.md,
 * "Diagnosis codes").
 *
 * A rule looks at one observation (or, as a domain rule, at the whole check) and says
 * whether it applies. It may test a hypothesis by asking DNS; while an answer is pending
 * the question just reads as "nothing there", and the pass is repeated. So a rule never
 * waits and never knows where answers come from:
 *
 *	static bool zone_appended_twice(const struct rule_case *c, struct diagnosis *d)
 *	{
 *		const struct dns_answer *there = rule_found_at(c, doubled_name);
 *
 *		if (!there)
 *			return false;
 *		rule_cite(d, there);
 *		d->message = arena_printf(c->in->a, "The record exists at …");
 *		d->fix = arena_printf(…, field_host(…));
 *		return true;
 *	}
 *
 * The message says what is wrong in one sentence; the fix says what to do, worded for
 * the recognised provider (plan/field.h). Each statement cites the answers it rests on.
 */
#pragma once

#include "diagnose/observe.h"
#include "plan/field.h"

/* When a record rule is run. */
enum rule_when {
	RULE_WRONG,    /* the record is nowhere right, by definite answers */
	RULE_RIGHT,    /* the record is verified: quality */
	RULE_ALWAYS,   /* both, and in DNS faults as well */
	RULE_FALLBACK, /* wrong, and no earlier rule has found an error */
	RULE_DOMAIN,   /* once for the domain; `seen` and `row` are NULL */
};

struct rule_case {
	struct check_input *in;
	const struct provider *provider; /* never NULL; the generic one if unknown */
	struct dns_cut cut;              /* of the domain */
	const struct observation *seen;  /* NULL in a domain rule */
	const struct plan_record *row;   /* what should be there; NULL likewise */
	const struct observation *all;   /* every record of the plan */
	size_t all_count;
};

struct rule {
	const char *code;
	enum severity severity; /* a rule may lower or raise it in its diagnosis */
	enum rule_when when;
	unsigned purposes; /* bits of PURPOSE(); 0 is every purpose */
	bool planned;      /* compares with the planned value: not in an audit */
	bool (*applies)(const struct rule_case *c, struct diagnosis *d);
	const char *about; /* when it is given, for the reference */
};

#define PURPOSE(name) (1u << PLAN_##name)
enum { RULE_PLANNED = true, RULE_ANY = false };

/* All rules in the order of cause: what is to be mended first comes first. */
extern const struct rule rules[];
extern const size_t rule_count;

/* Notes an answer as evidence; more than DIAGNOSIS_EVIDENCE_MAX are dropped. */
void rule_cite(struct diagnosis *d, const struct dns_answer *answer);

/*
 * The hypothesis "the record stands at another name": asks there for the type and
 * compares as at the right name. The answer where it holds, else NULL. A CNAME or a
 * wildcard that would answer anything does not count.
 */
const struct dns_answer *rule_found_at(const struct rule_case *c, struct str name);

/* The answer for `name` and `type` where it has records, else NULL. */
const struct dns_answer *rule_records_at(const struct rule_case *c, struct str name,
                                         enum dns_type type);

/* Whether a wildcard answers for the type beside `name` (asks a name nobody uses). */
bool rule_is_wildcard(const struct rule_case *c, struct str name, enum dns_type type);

/*
 * Where the record is typed in: the provider's panel and the zone that the name lives
 * in, its own cut where that was looked up. For every instruction of plan/field.h.
 */
struct field_place rule_place(const struct rule_case *c);

/* "In GoDaddy, add …" / "… change …" for the planned record of this case. */
struct str rule_add_fix(const struct rule_case *c);
struct str rule_change_fix(const struct rule_case *c);
/* "In GoDaddy, delete the TXT record … with the value …" for a record that was found. */
struct str rule_delete_fix(const struct rule_case *c, const struct dns_record *r);

/* `a.b` made a canonical name, or the empty view where it is none. */
struct str rule_name(const struct rule_case *c, const char *format, ...) PRINTF(2, 3);
