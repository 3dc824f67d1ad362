#include "auth/spf_record.h"

#include "auth/spf_macro.h"

#include <stdlib.h>
#include <string.h>

enum domain_need { DOMAIN_NO, DOMAIN_MAY, DOMAIN_MUST, DOMAIN_NET };

static const struct kind_row {
	const char *name;
	enum spf_kind kind;
	bool is_modifier;
	bool asks; /* one of the 10 terms of RFC 7208 §4.6.4 */
	enum domain_need domain;
	bool has_prefix; /* takes a dual-cidr-length */
} kinds[] = {
        {"all",      SPF_ALL,      false, false, DOMAIN_NO,   false},
        {"include",  SPF_INCLUDE,  false, true,  DOMAIN_MUST, false},
        {"a",        SPF_A,        false, true,  DOMAIN_MAY,  true },
        {"mx",       SPF_MX,       false, true,  DOMAIN_MAY,  true },
        {"ptr",      SPF_PTR,      false, true,  DOMAIN_MAY,  false},
        {"ip4",      SPF_IP4,      false, false, DOMAIN_NET,  false},
        {"ip6",      SPF_IP6,      false, false, DOMAIN_NET,  false},
        {"exists",   SPF_EXISTS,   false, true,  DOMAIN_MUST, false},
        {"redirect", SPF_REDIRECT, true,  true,  DOMAIN_MUST, false},
        {"exp",      SPF_EXP,      true,  false, DOMAIN_MUST, false},
};

struct term_list {
	struct spf_term *v;
	size_t n, cap;
};

struct problem_list {
	struct spf_problem *v;
	size_t n, cap;
};

struct parser {
	struct arena *a;
	struct term_list terms;
	struct problem_list problems;
};

/* Notes a problem of the term and returns false. */
static bool fail(struct parser *p, struct spf_term *term, size_t at, struct str text)
{
	*ARRAY_ADD(&p->problems, p->a) = (struct spf_problem){at, text};
	term->valid = false;
	return false;
}

static const struct kind_row *find_kind(struct str name)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq_nocase(str_c(kinds[i].name), name))
			return &kinds[i];
	return NULL;
}

/* toplabel (RFC 7208 §7.1): letters, digits, inner dashes, and not digits alone. */
static bool is_toplabel(struct str label)
{
	bool digits_only = true;

	if (label.n == 0 || !char_is_alnum(label.p[0]) ||
	    !char_is_alnum(label.p[label.n - 1]))
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!char_is_alnum(label.p[i]) && label.p[i] != '-')
			return false;
		digits_only = digits_only && char_is_digit(label.p[i]);
	}
	return !digits_only;
}

/* domain-end: a macro, or a dot, a toplabel and perhaps a final dot. */
static bool ends_as_domain(struct str spec, size_t *label_at)
{
	struct str tail = spf_macro_tail(spec);
	size_t dot;

	if (tail.n == 0)
		return true;
	if (str_ends(tail, STR(".")))
		tail.n--;
	for (dot = tail.n; dot > 0 && tail.p[dot - 1] != '.'; dot--)
		;
	*label_at = (size_t)(tail.p - spec.p) + dot;
	return dot > 0 && is_toplabel(str_from(tail, dot));
}

static bool parse_domain(struct parser *p, struct spf_term *term, struct str spec,
                         size_t at)
{
	const char *why;
	size_t inner;
	struct ip ip;

	term->domain_at = at;
	if (spec.n == 0)
		return fail(p, term, at, STR("a domain name is missing"));
	if (!spf_macro_check(spec, SPF_MACRO_NAME, &inner, &why))
		return fail(p, term, at + inner, str_c(why));
	if (ip_parse(spec, &ip))
		return fail(p, term, at,
		            arena_printf(p->a,
		                         "an address where a domain name is "
		                         "wanted: write %s:%.*s",
		                         ip.length == 4 ? "ip4" : "ip6",
		                         STR_ARG(spec)));
	if (!ends_as_domain(spec, &inner))
		return fail(p, term, at + inner,
		            arena_printf(p->a, "\"%.*s\" does not end as a domain name",
		                         STR_ARG(spec)));
	term->domain = spec;
	return true;
}

/* Takes "/digits" with this many slashes off the end of *text into *digits. */
static bool take_prefix(struct str *text, size_t slashes, struct str *digits)
{
	size_t end = text->n;
	size_t i = end;

	while (i > 0 && char_is_digit(text->p[i - 1]))
		i--;
	if (i == end || i < slashes)
		return false;
	for (size_t k = 1; k <= slashes; k++)
		if (text->p[i - k] != '/')
			return false;
	*digits = str_slice(*text, i, end - i);
	text->n = i - slashes;
	return true;
}

static bool parse_prefix(struct parser *p, struct spf_term *term, struct str digits,
                         uint8_t max, uint8_t *out)
{
	size_t at = term->at + (size_t)(digits.p - term->text.p);
	uint64_t value;

	if (digits.n > 1 && digits.p[0] == '0')
		return fail(p, term, at, STR("a prefix length without leading zeros"));
	if (!str_parse_uint(digits, max, &value))
		return fail(p, term, at,
		            arena_printf(p->a, "prefix length %.*s is above %d",
		                         STR_ARG(digits), max));
	*out = (uint8_t)value;
	return true;
}

/* dual-cidr-length: "/24", "//64" or "/24//64" at the end of *text. */
static bool parse_dual_prefix(struct parser *p, struct spf_term *term, struct str *text)
{
	struct str digits;

	if (take_prefix(text, 2, &digits) &&
	    !parse_prefix(p, term, digits, 128, &term->prefix6))
		return false;
	return !take_prefix(text, 1, &digits) ||
	       parse_prefix(p, term, digits, 32, &term->prefix4);
}

/* An IPv4-mapped network is IPv6 all the same: it is written as one (§5.6). */
static void unmap(struct ip *ip)
{
	struct ip mapped = {
	        .bytes = {[10] = 0xff, [11] = 0xff},
                  .length = 16
        };

	if (ip->length == 16)
		return;
	memcpy(mapped.bytes + 12, ip->bytes, 4);
	*ip = mapped;
}

static bool parse_net(struct parser *p, struct spf_term *term, struct str text,
                      size_t at)
{
	bool is_v6 = term->kind == SPF_IP6;
	uint8_t max = is_v6 ? 128 : 32;
	struct str digits = STR_NONE;

	term->net.prefix = max;
	if (take_prefix(&text, 1, &digits) &&
	    !parse_prefix(p, term, digits, max, &term->net.prefix))
		return false;
	if (text.n == 0)
		return fail(p, term, at, STR("an address is missing"));
	if (is_v6 != (str_find_char(text, ':') >= 0) || !ip_parse(text, &term->net.ip))
		return fail(p, term, at,
		            arena_printf(p->a, "\"%.*s\" is no IPv%d address",
		                         STR_ARG(text), is_v6 ? 6 : 4));
	if (is_v6)
		unmap(&term->net.ip);
	return true;
}

/* What follows the name of a mechanism; `rest` begins with ":" or "/" or is empty. */
static bool parse_arguments(struct parser *p, struct spf_term *term,
                            const struct kind_row *row, struct str rest)
{
	size_t at = term->at + term->text.n - rest.n;
	bool has_colon = str_starts(rest, STR(":"));
	struct str value = str_from(rest, has_colon);

	if (row->domain == DOMAIN_NET)
		return parse_net(p, term, has_colon ? value : STR_NONE, at + has_colon);
	if (row->domain == DOMAIN_NO && rest.n)
		return fail(p, term, at,
		            arena_printf(p->a, "\"%s\" takes no argument", row->name));
	if (row->has_prefix && !parse_dual_prefix(p, term, &value))
		return false;
	if (has_colon)
		return parse_domain(p, term, value, at + 1);
	if (value.n)
		return fail(p, term, at,
		            arena_printf(p->a, "\"%.*s\" is no prefix length",
		                         STR_ARG(rest)));
	if (row->domain == DOMAIN_MUST)
		return fail(p, term, at,
		            arena_printf(p->a, "\"%s\" wants a domain name: %s:NAME",
		                         row->name, row->name));
	return true;
}

static bool fail_unknown(struct parser *p, struct spf_term *term, struct str name)
{
	const struct kind_row *row = find_kind(name);
	size_t at = term->at + (size_t)(name.p - term->text.p);
	struct ip_net net;

	if (row && row->is_modifier)
		return fail(p, term, at,
		            arena_printf(p->a, "\"%s\" is a modifier: write %s=NAME",
		                         row->name, row->name));
	if (ip_net_parse(str_from(term->text, (size_t)(name.p - term->text.p)), &net))
		return fail(p, term, at,
		            arena_printf(p->a, "an address wants %s: before it",
		                         net.ip.length == 4 ? "ip4" : "ip6"));
	if (name.n == 0)
		return fail(p, term, at, STR("the name of a mechanism is missing"));
	return fail(p, term, at,
	            arena_printf(p->a, "unknown mechanism \"%.*s\"", STR_ARG(name)));
}

static void parse_mechanism(struct parser *p, struct spf_term *term, struct str body,
                            size_t name_length)
{
	struct str name = str_slice(body, 0, name_length);
	const struct kind_row *row = find_kind(name);

	if (!row || row->is_modifier) {
		fail_unknown(p, term, name);
		return;
	}
	term->kind = row->kind;
	parse_arguments(p, term, row, str_from(body, name_length));
}

/* name of a modifier: ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static bool is_modifier_name(struct str name)
{
	if (name.n == 0 || !char_is_alpha(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!char_is_alnum(name.p[i]) && !memchr("-_.", name.p[i], 3))
			return false;
	return true;
}

static void parse_modifier(struct parser *p, struct spf_term *term, size_t name_length)
{
	struct str name = str_slice(term->text, 0, name_length);
	struct str value = str_from(term->text, name_length + 1);
	size_t at = term->at + name_length + 1;
	const struct kind_row *row = find_kind(name);
	const char *why;
	size_t inner;

	if (!is_modifier_name(name)) {
		fail(p, term, term->at,
		     arena_printf(p->a, "\"%.*s\" is no name of a modifier",
		                  STR_ARG(name)));
		return;
	}
	if (row && row->is_modifier) {
		term->kind = row->kind;
		parse_domain(p, term, value, at);
		return;
	}
	term->kind = SPF_MODIFIER;
	if (!spf_macro_check(value, SPF_MACRO_NAME, &inner, &why))
		fail(p, term, at + inner, str_c(why));
}

static bool parse_qualifier(char c, enum spf_outcome *out)
{
	static const struct {
		char c;
		enum spf_outcome outcome;
	} qualifiers[] = {
	        {'+', SPF_PASS    },
	        {'-', SPF_FAIL    },
	        {'~', SPF_SOFTFAIL},
	        {'?', SPF_NEUTRAL }
        };

	for (size_t i = 0; i < LEN(qualifiers); i++) {
		if (qualifiers[i].c == c) {
			*out = qualifiers[i].outcome;
			return true;
		}
	}
	return false;
}

static void parse_term(struct parser *p, struct str text, size_t at)
{
	struct spf_term *term = ARRAY_ADD(&p->terms, p->a);
	struct str body = text;
	bool qualified;
	size_t n = 0;

	*term = (struct spf_term){.qualifier = SPF_PASS,
	                          .valid = true,
	                          .text = text,
	                          .at = at,
	                          .prefix4 = 32,
	                          .prefix6 = 128};
	qualified = parse_qualifier(text.p[0], &term->qualifier);
	if (qualified)
		body = str_from(text, 1);
	while (n < body.n && body.p[n] != ':' && body.p[n] != '/' && body.p[n] != '=')
		n++;
	if (n < body.n && body.p[n] == '=' && !qualified)
		parse_modifier(p, term, n);
	else
		parse_mechanism(p, term, body, n);
}

bool spf_record_is(struct str text)
{
	return str_starts_nocase(text, STR("v=spf1")) &&
	       (text.n == 6 || text.p[6] == ' ');
}

/* redirect and exp may stand once each (§6). */
static void find_modifiers(struct parser *p, struct spf_record *record)
{
	for (size_t i = 0; i < record->term_count; i++) {
		struct spf_term *term = &record->terms[i];
		const struct spf_term **first = term->kind == SPF_REDIRECT
		                                        ? &record->redirect
		                                : term->kind == SPF_EXP ? &record->exp
		                                                        : NULL;

		if (!first)
			continue;
		if (*first)
			fail(p, term, term->at,
			     term->kind == SPF_EXP ? STR("a second \"exp\"")
			                           : STR("a second \"redirect\""));
		else
			*first = term;
	}
}

static int compare_problems(const void *left, const void *right)
{
	const struct spf_problem *a = left;
	const struct spf_problem *b = right;

	return (a->at > b->at) - (a->at < b->at);
}

struct spf_record spf_record_parse(struct arena *a, struct str text)
{
	struct parser p = {.a = a};
	struct spf_record record = {.text = text};
	size_t at = 6;

	need(spf_record_is(text));
	while (at < text.n) {
		struct str rest = str_from(text, at);
		ptrdiff_t space = str_find_char(rest, ' ');
		size_t n = space < 0 ? rest.n : (size_t)space;

		if (n)
			parse_term(&p, str_slice(rest, 0, n), at);
		at += n + 1;
	}
	record.terms = p.terms.v;
	record.term_count = p.terms.n;
	find_modifiers(&p, &record);
	if (p.problems.n)
		qsort(p.problems.v, p.problems.n, sizeof(*p.problems.v),
		      compare_problems);
	record.problems = p.problems.v;
	record.problem_count = p.problems.n;
	return record;
}

struct str spf_problem_format(struct arena *a, struct spf_problem problem)
{
	return arena_printf(a, "at byte %zu: %.*s", problem.at + 1,
	                    STR_ARG(problem.text));
}

const char *spf_outcome_name(enum spf_outcome outcome)
{
	static const char *const names[] = {
	        [SPF_NONE] = "none",           [SPF_NEUTRAL] = "neutral",
	        [SPF_PASS] = "pass",           [SPF_FAIL] = "fail",
	        [SPF_SOFTFAIL] = "softfail",   [SPF_TEMPERROR] = "temperror",
	        [SPF_PERMERROR] = "permerror",
	};

	need((size_t)outcome < LEN(names));
	return names[outcome];
}

static const struct kind_row *row_of(enum spf_kind kind)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

bool spf_kind_asks(enum spf_kind kind)
{
	const struct kind_row *row = row_of(kind);

	return row && row->asks;
}

bool spf_kind_is_mechanism(enum spf_kind kind)
{
	const struct kind_row *row = row_of(kind);

	return row && !row->is_modifier;
}
