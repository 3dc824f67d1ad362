#include "diagnose/diagnose.h"

#include "auth/suffixes.h"
#include "diagnose/rule.h"
#include "plan/field.h"

/* Nobody's records may make a check a burden: a customer's cost a tenth of it. */
enum { QUESTIONS_MAX = 1500 };

static void add_targets(struct arena *a, struct patterns *list, struct str name)
{
	struct str *v = ARENA_ARRAY(a, struct str, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		v[i] = list->v[i];
	v[list->n++] = name;
	list->v = v;
}

struct provider_match diagnose_provider(struct check_input *in, struct str domain)
{
	struct dns_cut cut = observe_cut(in, domain);
	struct patterns ns = {0};
	struct patterns soa = {0};
	const struct dns_answer *answer;

	for (size_t i = 0; i < cut.ns.n; i++)
		add_targets(in->a, &ns, cut.ns.v[i].target);
	if (cut.zone.n) {
		answer = dns_ask(in->answers, cut.zone, DNS_SOA);
		if (answer->records.n) {
			add_targets(in->a, &soa, answer->records.v[0].soa.mname);
			add_targets(in->a, &soa, answer->records.v[0].soa.rname);
		}
	}
	return provider_recognise(in->a, in->know->providers, &ns, &soa);
}

/* Whether a diagnosis explains all, so that others would only mislead beside it. */
static bool has_cause(const struct diagnoses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].is_cause)
			return true;
	return false;
}

/* Whether a rule is to be run for what was observed. */
static bool is_due(const struct rule *rule, const struct rule_case *c,
                   const struct diagnoses *so_far)
{
	const struct observation *o = c->seen;
	bool wrong = o->status != RECORD_VERIFIED && o->status != RECORD_UNDETERMINED &&
	             o->status != RECORD_PROPAGATING;

	if (rule->purposes && !(rule->purposes & 1u << o->plan->purpose))
		return false;
	if (rule->planned && o->plan->value.n == 0)
		return false;
	if (rule->severity != SEVERITY_ADVICE && has_cause(so_far))
		return false;
	switch (rule->when) {
	case RULE_WRONG:
		return wrong;
	case RULE_RIGHT:
		return o->status == RECORD_VERIFIED;
	case RULE_ALWAYS:
		return true;
	case RULE_CLOSER:
		return wrong || c->in->thorough;
	case RULE_FALLBACK:
		for (size_t i = 0; i < so_far->n; i++)
			if (so_far->v[i].severity == SEVERITY_ERROR)
				return false;
		return wrong;
	case RULE_DOMAIN:
	case RULE_DOMAIN_CLOSER:
		break;
	}
	return false;
}

static void run_rule(const struct rule *rule, const struct rule_case *c,
                     struct diagnoses *out)
{
	struct diagnosis d = {.code = rule->code, .severity = rule->severity};

	if (!rule->applies(c, &d))
		return;
	need(d.message.n > 0);
	*ARRAY_ADD(out, c->in->a) = d;
}

static void run_record_rules(struct rule_case *c, const struct observation *o,
                             struct diagnoses *out)
{
	c->seen = o;
	c->row = o->plan;
	for (size_t i = 0; i < rule_count; i++)
		if (is_due(&rules[i], c, out))
			run_rule(&rules[i], c, out);
}

static void run_domain_rules(struct rule_case *c, struct diagnoses *out)
{
	c->seen = NULL;
	c->row = NULL;
	for (size_t i = 0; i < rule_count; i++)
		if (rules[i].when == RULE_DOMAIN ||
		    (rules[i].when == RULE_DOMAIN_CLOSER && c->in->thorough))
			run_rule(&rules[i], c, out);
}

/* What is published at the record's name, from the first view that has something. */
static void list_found(struct arena *a, const struct observation *o,
                       struct verdict_record *r)
{
	const struct dns_answer *from = o->answer;

	for (size_t i = 0; i < o->servers.n && !from->records.n; i++)
		from = o->servers.v[i].answer;
	r->found = ARENA_ARRAY(a, struct found_record,
	                       from->records.n + from->chain.n + 1);
	for (size_t i = 0; i < from->chain.n; i++)
		r->found[r->found_count++] =
		        (struct found_record){from->chain.v[i], from->server, from->id};
	for (size_t i = 0; i < from->records.n; i++)
		r->found[r->found_count++] = (struct found_record){
		        from->records.v[i], from->server, from->id};
}

/* When looking again makes sense: a negative answer, when its cache expires. */
static int64_t next_check(const struct check_input *in, const struct observation *o)
{
	const struct profile_timings *t = &in->plan->profile->timings;
	int64_t until = dns_answer_negative_until(o->answer);

	if (o->status == RECORD_VERIFIED)
		return in->now + t->check_every_ms;
	if (until > in->now)
		return until;
	return in->now + (t->check_count ? t->check_after_ms[0] : t->check_every_ms);
}

static struct verdict_record make_record(struct rule_case *c,
                                         const struct observation *o)
{
	struct verdict_record r = {.plan = o->plan, .status = o->status};

	struct field_place at = {c->provider,
	                         c->cut.zone.n ? c->cut.zone : c->in->plan->domain};

	if (c->cut.zone.n && o->cut.zone.n)
		at.zone = o->cut.zone;
	r.host = field_host(c->in->a, &at, o->plan->name);
	r.servers_with = o->servers.match;
	r.servers_asked = o->servers.n;
	r.checked_at = c->in->now;
	r.next_check_at = next_check(c->in, o);
	list_found(c->in->a, o, &r);
	run_record_rules(c, o, &r.diagnoses);
	return r;
}

static void add_reason(struct arena *a, struct verdict *v,
                       const struct verdict_record *r)
{
	struct str reason =
	        arena_printf(a, "%s: %s", plan_purpose_name(r->plan->purpose),
	                     record_status_name(r->status));

	for (size_t i = 0; i < v->reason_count; i++)
		if (str_eq(v->reasons[i], reason))
			return;
	v->reasons[v->reason_count++] = reason;
}

/* The domain's status from those of its required records. */
static void sum_up(struct arena *a, struct verdict *v)
{
	size_t required = 0;
	size_t verified = 0;
	size_t undetermined = 0;

	v->reasons = ARENA_ARRAY(a, struct str, v->record_count + 1);
	for (size_t i = 0; i < v->record_count; i++) {
		const struct verdict_record *r = &v->records[i];

		if (!r->plan->required)
			continue;
		required++;
		verified += r->status == RECORD_VERIFIED;
		undetermined += r->status == RECORD_UNDETERMINED;
		if (r->status != RECORD_VERIFIED)
			add_reason(a, v, r);
	}
	v->can_send = verified == required;
	if (verified == required)
		v->status = DOMAIN_VERIFIED;
	else if (verified + undetermined == required)
		v->status = DOMAIN_UNDETERMINED;
	else
		v->status = verified ? DOMAIN_PARTIAL : DOMAIN_PENDING;
}

/*
 * The zone the customer's panel shows. Of a domain that is not registered the cut is that
 * of a public suffix, where the customer types nothing: then the domain itself.
 */
static struct dns_cut find_cut(struct check_input *in)
{
	struct str domain = in->plan->domain;
	struct dns_cut cut = observe_cut(in, domain);

	if (dns_ask(in->answers, domain, DNS_NS)->status == DNS_NXDOMAIN &&
	    !dns_name_is_within(
	            cut.zone, suffixes_organization(in->a, in->know->suffixes, domain)))
		cut.zone = STR_NONE;
	return cut;
}

struct verdict *diagnose_check(struct check_input *in)
{
	struct arena *a = in->a;
	struct verdict *v = ARENA_NEW(a, struct verdict);
	struct provider_match match = diagnose_provider(in, in->plan->domain);
	struct rule_case c = {.in = in, .provider = match.provider};
	struct observation *all =
	        ARENA_ARRAY(a, struct observation, in->plan->record_count);

	if (in->answers->max == 0)
		in->answers->max = QUESTIONS_MAX;
	c.cut = find_cut(in);
	c.all = all;
	c.all_count = in->plan->record_count;
	v->domain = in->plan->domain;
	v->profile = in->plan->profile->id;
	v->answers = in->answers;
	v->checked_at = in->now;
	if (match.evidence.n) {
		v->provider_id = match.provider->id;
		v->provider_name = match.provider->name;
		v->provider_evidence = match.evidence;
	}
	for (size_t i = 0; i < in->plan->record_count; i++)
		all[i] = observe(in, &in->plan->records[i]);
	if (dns_answers_pending(in->answers))
		return v; /* rules only for what is known: fewer hypotheses are asked */
	v->records = ARENA_ARRAY(a, struct verdict_record, in->plan->record_count + 1);
	for (size_t i = 0; i < in->plan->record_count; i++)
		v->records[v->record_count++] = make_record(&c, &all[i]);
	if (!in->records_only)
		run_domain_rules(&c, &v->advice);
	sum_up(a, v);
	return v;
}
