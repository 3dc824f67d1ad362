/*
 * The text of an SPF record as a list of terms (RFC 7208 §4.6, §5, §6, §12).
 *
 * Parsing always gives every term and every problem, each with its place, since a
 * diagnosis shows them all; an evaluator gives permerror as soon as there is one
 * problem.
 *
 *	struct spf_record record = spf_record_parse(&a, text);
 *	for (size_t i = 0; i < record.problem_count; i++)
 *		puts(spf_problem_format(&a, record.problems[i]).p);
 *	"at byte 23: unknown mechanism "moo""
 *
 * Offsets count from 0 in structs and from 1 in text for people. Domain-specs stand as
 * written: their macro syntax is checked here and expanded by spf_macro.h.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"

/* The results of check_host() (RFC 7208 §2.6). */
enum spf_outcome {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

enum spf_kind {
	SPF_UNKNOWN, /* not a mechanism; always with a problem */
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_REDIRECT,
	SPF_EXP,
	SPF_MODIFIER, /* any other name=value, which means nothing */
};

struct spf_term {
	enum spf_kind kind;
	enum spf_outcome qualifier; /* of a mechanism: what a match gives */
	bool valid;                 /* has no problem */
	struct str text;            /* as written */
	size_t at;                  /* its offset in the record */
	struct str domain; /* domain-spec, unexpanded; empty where there is none */
	size_t domain_at;  /* its offset in the record */
	struct ip_net net; /* of ip4 and ip6 */
	uint8_t prefix4, prefix6; /* of a and mx: 32 and 128 where not given */
};

struct spf_problem {
	size_t at;       /* offset in the record */
	struct str text; /* a phrase */
};

struct spf_record {
	struct str text;
	struct spf_term *terms; /* in the order of the record, modifiers too */
	size_t term_count;
	struct spf_problem *problems; /* by offset */
	size_t problem_count;
	const struct spf_term *redirect, *exp; /* the first of each, or NULL */
};

/* Whether a TXT text is an SPF record: "v=spf1" and then a space or the end (§4.5). */
bool spf_record_is(struct str text);
/* The text must be one; it is borrowed and must live as long as the result. */
struct spf_record spf_record_parse(struct arena *a, struct str text);
struct str spf_problem_format(struct arena *a, struct spf_problem problem);

/* "pass", "fail", … */
const char *spf_outcome_name(enum spf_outcome outcome);
/* Whether evaluating such a term is one of the 10 that ask DNS (§4.6.4). */
bool spf_kind_asks(enum spf_kind kind);
bool spf_kind_is_mechanism(enum spf_kind kind);
