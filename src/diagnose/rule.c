#include "diagnose/rule.h"

#include <stdarg.h>
#include <stdio.h>

void rule_cite(struct diagnosis *d, const struct dns_answer *answer)
{
	for (size_t i = 0; i < d->evidence_count; i++)
		if (d->evidence[i] == answer->id)
			return;
	if (d->evidence_count < DIAGNOSIS_EVIDENCE_MAX)
		d->evidence[d->evidence_count++] = answer->id;
}

const struct dns_answer *rule_records_at(const struct rule_case *c, struct str name,
                                         enum dns_type type)
{
	const struct dns_answer *answer;

	if (name.n == 0)
		return NULL;
	answer = dns_ask(c->in->answers, name, type);
	return answer->status == DNS_FOUND ? answer : NULL;
}

bool rule_is_wildcard(const struct rule_case *c, struct str name, enum dns_type type)
{
	struct str beside;

	if (dns_name_is_root(name) ||
	    !dns_name_join(c->in->a, STR("signet-no-such-name"), dns_name_parent(name),
	                   &beside))
		return false;
	return rule_records_at(c, beside, type) != NULL;
}

const struct dns_answer *rule_found_at(const struct rule_case *c, struct str name)
{
	const struct dns_answer *there = rule_records_at(c, name, c->row->type);
	struct comparison seen;

	if (!there || str_eq(name, c->row->name))
		return NULL;
	seen = compare_answer(c->in->a, c->in->answers, c->in->plan, c->row, there);
	if (seen.result != COMPARE_MATCH || rule_is_wildcard(c, name, c->row->type))
		return NULL;
	return there;
}

struct field_place rule_place(const struct rule_case *c)
{
	struct field_place at = {c->provider, c->in->plan->domain};

	if (c->cut.zone.n)
		at.zone = c->cut.zone;
	if (c->seen && c->seen->cut.zone.n)
		at.zone = c->seen->cut.zone;
	return at;
}

struct str rule_add_fix(const struct rule_case *c)
{
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);

	return field_instruction(c->in->a, &at, &r);
}

struct str rule_change_fix(const struct rule_case *c)
{
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);

	return field_change_instruction(c->in->a, &at, &r);
}

/* What a found record would be in the panel's form. */
static struct field_record field_of_record(struct arena *a, const struct dns_record *r)
{
	struct field_record f = {r->type, r->owner, STR_NONE, -1};

	switch ((int)r->type) {
	case DNS_TXT:
	case DNS_SPF:
		f.value = r->txt.text;
		break;
	case DNS_CNAME:
	case DNS_NS:
		f.value = r->target;
		break;
	case DNS_MX:
		f.value = r->mx.host;
		f.priority = r->mx.preference;
		break;
	default:
		f.value = dns_record_format(a, r);
	}
	return f;
}

struct str rule_delete_fix(const struct rule_case *c, const struct dns_record *r)
{
	struct field_place at = rule_place(c);
	struct field_record f = field_of_record(c->in->a, r);

	return field_delete_instruction(c->in->a, &at, &f);
}

struct str rule_review_fix(const struct rule_case *c, struct str name, struct str what)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);

	return arena_printf(a, "%.*s, review the TXT record \"%.*s\": %.*s",
	                    STR_ARG(field_at(a, c->provider)),
	                    STR_ARG(field_host(a, &at, name)), STR_ARG(what));
}

struct str rule_list(struct arena *a, struct str list, struct str item, size_t left)
{
	const char *between = list.n == 0 ? "" : left ? ", " : " and ";

	return arena_printf(a, "%.*s%s%.*s", STR_ARG(list), between, STR_ARG(item));
}

struct str rule_name(const struct rule_case *c, const char *format, ...)
{
	char text[4 * DNS_NAME_WIRE_MAX];
	struct str name;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    !dns_name_make(c->in->a, (struct str){text, (size_t)n}, &name))
		return STR_NONE;
	return name;
}
