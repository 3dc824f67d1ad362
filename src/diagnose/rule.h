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
 * A rule that has found why nothing is right sets `is_cause`: what later rules would say
 * of the same record is then noise, and only those that advise are run.
 */
#pragma once

#include "diagnose/observe.h"
#include "plan/field.h"

/* When a record rule is run. */
enum rule_when {
	RULE_WRONG,    /* the record is nowhere right, by definite answers */
	RULE_RIGHT,    /* the record is verified: quality */
	RULE_ALWAYS,   /* both, and in DNS faults as well */
	RULE_CLOSER,   /* as ALWAYS, but of a verified record only in a thorough check:
	                  the rule asks questions that a verdict does not need */
	RULE_FALLBACK, /* wrong, and no earlier rule has found an error */
	RULE_DOMAIN,   /* once for the domain; `seen` and `row` are NULL */
	RULE_DOMAIN_CLOSER, /* the same, in a thorough check alone */
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

/* Proven: cites what is at the record's name and what is there, and says that this
 * explains the rest. Returns true. */
bool rule_conclude(const struct rule_case *c, struct diagnosis *d,
                   const struct dns_answer *there);

/*
 * The hypothesis "the record stands at another name": asks there for the type and
 * compares as at the right name. The answer where it holds, else NULL. A CNAME or a
 * wildcard that would answer anything does not count.
 */
const struct dns_answer *rule_found_at(const struct rule_case *c, struct str name);

/* The answer for `name` and `type` where it has records, else NULL. */
const struct dns_answer *rule_records_at(const struct rule_case *c, struct str name,
                                         enum dns_type type);

/* The records of a type at the row's very name, which no wildcard and no CNAME gives,
 * else NULL. */
const struct dns_answer *rule_own_records(const struct rule_case *c,
                                          enum dns_type type);

/*
 * Whether what is answered at `name` comes from a wildcard: names that nobody uses,
 * beside it and below it, are answered with the same. Below a name that exists a
 * wildcard further up no longer answers (RFC 4592 §3.3.1), so a record that merely
 * equals the wildcard's is not taken for it.
 */
bool rule_is_wildcard(const struct rule_case *c, struct str name, enum dns_type type);

/* Whether this text, as the only TXT record at the name, would serve the row. */
bool rule_serves(const struct rule_case *c, struct str text);

/*
 * Whether the value can be spoken of: something definite stands at the name itself and
 * does not serve. While a change spreads the old value is no news, and what a CNAME
 * leads to is not the customer's to edit.
 */
bool rule_has_wrong_value(const struct rule_case *c);

/* The target of a CNAME, the host of an MX. */
struct str rule_target(const struct dns_record *r);

/* Whether a target is the planned one with the zone, or a name in it, behind it. */
bool rule_is_appended(const struct rule_case *c, struct str target);

/* A value that fits a sentence: printable, the middle of a long one left out. */
struct str rule_excerpt(struct arena *a, struct str value);

/*
 * Where the record is typed in: the provider's panel and the zone that the name lives
 * in, its own cut where that was looked up; a zone below the domain's may be served by
 * another provider. For every instruction of plan/field.h.
 */
struct field_place rule_place(const struct rule_case *c);

/* "In GoDaddy, add …" / "… change …" for the planned record of this case. */
struct str rule_add_fix(const struct rule_case *c);
struct str rule_change_fix(const struct rule_case *c);
/* The first; before a CNAME is added what it cannot stand beside is deleted, and cited. */
struct str rule_add_alone_fix(const struct rule_case *c, struct diagnosis *d);
/* "In GoDaddy, delete the TXT record … with the value …" for a record that was found. */
struct str rule_delete_fix(const struct rule_case *c, const struct dns_record *r);

/* What the TXT records of an answer are, where none is what is wanted: "an SPF record and
 * a text of Google Workspace". Empty where there are none. */
struct str rule_describe_texts(const struct rule_case *c,
                               const struct dns_answer *answer);
/* "In GoDaddy, review the TXT record "_dmarc": …": of a record that is the customer's to
 * change. */
struct str rule_review_fix(const struct rule_case *c, struct str name, struct str what);
/* "a", "a and b", "a, b and c", one more at a time; `left` are still to come. */
struct str rule_list(struct arena *a, struct str list, struct str item, size_t left);

/* `a.b` made a canonical name, or the empty view where it is none. */
struct str rule_name(const struct rule_case *c, const char *format, ...) PRINTF(2, 3);

/* What a message calls the planned record: "SPF record", "MX record with mx1.…". */
struct str rule_noun(const struct rule_case *c);
