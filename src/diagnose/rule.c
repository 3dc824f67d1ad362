#include "diagnose/rule.h"

#include "base/utf8.h"
#include "diagnose/diagnose.h"

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

bool rule_conclude(const struct rule_case *c, struct diagnosis *d,
                   const struct dns_answer *there)
{
	rule_cite(d, c->seen->answer);
	rule_cite(d, there);
	d->is_cause = true;
	return true;
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

static bool has_data(struct arena *a, const struct dns_answer *answer,
                     const struct dns_record *wanted)
{
	struct str data = dns_record_format(a, wanted);

	for (size_t i = 0; i < answer->records.n; i++)
		if (str_eq(dns_record_format(a, &answer->records.v[i]), data))
			return true;
	return false;
}

/* Whether a name that nobody uses, in front of `above`, is answered with the same. */
static bool answers_alike(const struct rule_case *c, const struct dns_answer *here,
                          struct str above)
{
	const struct dns_answer *there;
	struct str unused;

	if (!dns_name_join(c->in->a, STR("signet-no-such-name"), above, &unused))
		return false;
	there = dns_ask(c->in->answers, unused, DNS_TXT);
	if (there->status == DNS_NXDOMAIN && there->chain.n == 0)
		return false; /* no wildcard of any type (RFC 8020) */
	there = rule_records_at(c, unused, here->question.type);
	if (!there || there->records.n != here->records.n)
		return false;
	for (size_t i = 0; i < here->records.n; i++)
		if (!has_data(c->in->a, there, &here->records.v[i]))
			return false;
	return true;
}

const struct dns_answer *rule_own_records(const struct rule_case *c, enum dns_type type)
{
	const struct dns_answer *there = rule_records_at(c, c->row->name, type);

	if (!there || there->chain.n || rule_is_wildcard(c, c->row->name, type))
		return NULL;
	return there;
}

bool rule_is_wildcard(const struct rule_case *c, struct str name, enum dns_type type)
{
	const struct dns_answer *here = rule_records_at(c, name, type);

	if (!here || dns_name_is_root(name) || str_eq(name, c->cut.zone))
		return false;
	return answers_alike(c, here, dns_name_parent(name)) &&
	       answers_alike(c, here, name);
}

const struct dns_answer *rule_found_at(const struct rule_case *c, struct str name)
{
	const struct dns_answer *there = rule_records_at(c, name, c->row->type);
	struct comparison seen;

	if (!there || there->chain.n || str_eq(name, c->row->name))
		return NULL;
	seen = compare_answer(c->in->a, c->in->answers, c->in->plan, c->row, there);
	if (seen.result != COMPARE_MATCH || rule_is_wildcard(c, name, c->row->type))
		return NULL;
	return there;
}

bool rule_serves(const struct rule_case *c, struct str text)
{
	struct dns_record *r = ARENA_NEW(c->in->a, struct dns_record);
	struct dns_answer answer = {
	        .status = DNS_FOUND, .records = {r, 1}
        };

	*r = (struct dns_record){.owner = c->row->name, .type = DNS_TXT};
	r->txt.text = text;
	answer.question.name = c->row->name;
	answer.question.type = DNS_TXT;
	return compare_answer(c->in->a, c->in->answers, c->in->plan, c->row, &answer)
	               .result == COMPARE_MATCH;
}

/* An offset where a character of UTF-8 begins, at or below this one. */
static size_t character_at(struct str text, size_t at)
{
	while (at > 0 && ((unsigned char)text.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

struct str rule_excerpt(struct arena *a, struct str value)
{
	enum { WHOLE = 96, HEAD = 56, TAIL = 16 };
	struct str text = utf8_printable(a, value);
	size_t head;

	if (text.n <= WHOLE)
		return text;
	head = character_at(text, HEAD);
	return arena_printf(a, "%.*s…%.*s", (int)head, text.p,
	                    STR_ARG(str_from(text, character_at(text, text.n - TAIL))));
}

struct field_place rule_place(const struct rule_case *c)
{
	struct field_place at = {c->provider, c->in->plan->domain};

	if (c->cut.zone.n)
		at.zone = c->cut.zone;
	if (c->cut.zone.n && c->seen && c->seen->cut.zone.n &&
	    !str_eq(c->seen->cut.zone, c->cut.zone)) {
		at.zone = c->seen->cut.zone;
		at.provider = diagnose_provider(c->in, at.zone).provider;
	}
	return at;
}

bool rule_has_wrong_value(const struct rule_case *c)
{
	return c->seen->seen.result == COMPARE_DIFFERENT &&
	       c->seen->status != RECORD_PROPAGATING && c->seen->answer->chain.n == 0;
}

struct str rule_target(const struct dns_record *r)
{
	return r->type == DNS_MX ? r->mx.host : r->target;
}

bool rule_is_appended(const struct rule_case *c, struct str target)
{
	struct str wanted = c->row->value;
	struct str rest = str_from(target, wanted.n + 1);

	return target.n > wanted.n + 1 && str_starts(target, wanted) &&
	       target.p[wanted.n] == '.' && dns_name_is_within(c->row->name, rest) &&
	       (dns_name_is_within(rest, c->in->plan->domain) ||
	        str_eq(rest, rule_place(c).zone));
}

struct str rule_add_fix(const struct rule_case *c)
{
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);

	return field_instruction(c->in->a, &at, &r);
}

struct str rule_add_alone_fix(const struct rule_case *c, struct diagnosis *d)
{
	static const enum dns_type types[] = {DNS_MX, DNS_TXT};
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct str deletions = STR_NONE;

	for (size_t i = 0; i < LEN(types) && c->row->type == DNS_CNAME; i++) {
		const struct dns_answer *there = rule_own_records(c, types[i]);
		struct field_record old = {types[i], c->row->name, STR_NONE, -1};
		struct str one;

		if (!there)
			continue;
		rule_cite(d, there);
		one = field_delete_instruction(a, &at, &old);
		deletions =
		        arena_printf(a, "%.*s%.*s ", STR_ARG(deletions), STR_ARG(one));
	}
	if (deletions.n == 0)
		return rule_add_fix(c);
	return arena_printf(a, "A CNAME cannot stand beside other records. %.*s%.*s",
	                    STR_ARG(deletions), STR_ARG(rule_add_fix(c)));
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

/* "an SPF record", "a text of Google Workspace" */
static struct str describe_text(const struct rule_case *c, struct str text)
{
	static const struct {
		enum plan_purpose purpose;
		const char *words;
	} kinds[] = {
	        {PLAN_SPF,   "an SPF record" },
	        {PLAN_DMARC, "a DMARC policy"},
	        {PLAN_DKIM,  "a DKIM key"    },
	};
	const struct service *service =
	        service_find(c->in->know->services, SERVICE_TXT, text);

	for (size_t i = 0; i < LEN(kinds); i++)
		if (compare_means_purpose(text, kinds[i].purpose))
			return str_c(kinds[i].words);
	if (service)
		return arena_printf(c->in->a, "a text of %.*s", STR_ARG(service->name));
	return STR("other text");
}

struct str rule_describe_texts(const struct rule_case *c,
                               const struct dns_answer *answer)
{
	enum { KINDS_MAX = 3 };
	struct str kinds[KINDS_MAX];
	struct str out = STR_NONE;
	size_t n = 0;

	for (size_t i = 0; i < answer->records.n && n < KINDS_MAX; i++) {
		const struct dns_record *r = &answer->records.v[i];
		struct str kind;
		size_t same = 0;

		if (r->type != DNS_TXT)
			continue;
		kind = describe_text(c, r->txt.text);
		while (same < n && !str_eq(kinds[same], kind))
			same++;
		if (same == n)
			kinds[n++] = kind;
	}
	for (size_t i = 0; i < n; i++)
		out = arena_printf(c->in->a, "%.*s%s%.*s", STR_ARG(out),
		                   i == 0       ? ""
		                   : i + 1 == n ? " and "
		                                : ", ",
		                   STR_ARG(kinds[i]));
	return out;
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

struct str rule_noun(const struct rule_case *c)
{
	const struct plan_record *row = c->row;

	if (row->type == DNS_MX && row->value.n)
		return arena_printf(c->in->a, "MX record with %.*s",
		                    STR_ARG(row->value));
	if (row->type == DNS_TXT && row->purpose == PLAN_SPF)
		return STR("SPF record");
	if (row->type == DNS_TXT && row->purpose == PLAN_DKIM)
		return STR("DKIM record");
	if (row->type == DNS_TXT && row->purpose == PLAN_DMARC)
		return STR("DMARC record");
	return arena_printf(c->in->a, "%s record", dns_type_name(row->type));
}
