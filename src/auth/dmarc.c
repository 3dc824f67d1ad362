#include "auth/dmarc.h"

static const char *const result_names[] = {
        [DMARC_RESULT_NONE] = "none",           [DMARC_RESULT_PASS] = "pass",
        [DMARC_RESULT_FAIL] = "fail",           [DMARC_RESULT_TEMPERROR] = "temperror",
        [DMARC_RESULT_PERMERROR] = "permerror",
};

const char *dmarc_result_name(enum dmarc_result result)
{
	return result_names[result];
}

/* One evaluation. */
struct evaluation {
	struct arena *a;
	struct dns_answers *answers;
	const struct dmarc_input *in;
	struct dmarc *out;
	const struct dns_answer *fault; /* the first that something depended on */
};

enum answer {
	NO,
	YES,
	UNKNOWN, /* a DNS fault hides it */
};

/* The walk's record that applies to its start (RFC 9989 §4.10.1), or NULL. */
static const struct dmarc_step *find_policy(const struct dmarc_walk *walk)
{
	for (size_t i = 0; i < walk->n; i++) {
		const struct dmarc_step *step = &walk->steps[i];

		if (!step->record)
			continue;
		if (i == 0 || str_eq(step->domain, walk->organization))
			return step;
	}
	return walk->suffix ? &walk->steps[walk->suffix] : NULL;
}

static void keep_record(struct evaluation *e, const struct dmarc_step *step)
{
	e->out->record = step->record;
	e->out->record_domain = step->domain;
}

static bool discover_by_walk(struct evaluation *e)
{
	struct dmarc_walk walk = dmarc_tree_walk(e->a, e->answers, e->in->from);
	const struct dmarc_step *policy;

	e->out->org_domain = walk.organization;
	e->out->has_several = walk.n && walk.steps[0].count > 1;
	policy = find_policy(&walk);
	if (policy)
		keep_record(e, policy);
	e->fault = walk.fault;
	return !walk.fault || policy == &walk.steps[0];
}

/* RFC 7489 §6.6.3: From's own name, then the organizational domain's. */
static bool discover_by_suffix(struct evaluation *e)
{
	struct str from = e->in->from;
	struct dmarc_step step = dmarc_look(e->a, e->answers, from, DMARC_RFC7489);

	e->out->org_domain = suffixes_organization(e->a, e->in->suffixes, from);
	e->out->has_several = step.count > 1;
	if (step.count == 0 && !str_eq(from, e->out->org_domain) &&
	    !(step.answer && dns_answer_is_fault(step.answer)))
		step = dmarc_look(e->a, e->answers, e->out->org_domain, DMARC_RFC7489);
	if (step.answer && dns_answer_is_fault(step.answer)) {
		e->fault = step.answer;
		return false;
	}
	if (step.record)
		keep_record(e, &step);
	return true;
}

/*
 * Whether From's domain is there. RFC 9989 §3.2.13: it is not when the answer is
 * NXDOMAIN. Three types are asked, since there are servers that say NXDOMAIN for a type
 * that is missing; one that knows the name is enough.
 */
static enum answer domain_exists(struct evaluation *e)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_MX};
	const struct dns_answer *got[LEN(types)];
	enum answer exists = NO;

	for (size_t i = 0; i < LEN(types); i++)
		got[i] = dns_ask(e->answers, e->in->from, types[i]);
	for (size_t i = 0; i < LEN(types); i++) {
		if (got[i]->status == DNS_FOUND || got[i]->status == DNS_NODATA ||
		    got[i]->chain.n)
			return YES;
		if (dns_answer_is_fault(got[i])) {
			exists = UNKNOWN;
			e->fault = got[i];
		}
	}
	return exists;
}

/* Which of p, sp, np applies; false where a DNS fault hides it. */
static bool choose_policy(struct evaluation *e)
{
	const struct dmarc_record *record = e->out->record;
	enum answer exists = YES;

	e->out->policy = record->p;
	e->out->source = DMARC_FROM_P;
	if (str_eq(e->out->record_domain, e->in->from))
		return true;
	if (record->sp) {
		e->out->policy = record->sp;
		e->out->source = DMARC_FROM_SP;
	}
	if (record->np && record->np != e->out->policy)
		exists = domain_exists(e);
	if (exists == NO) {
		e->out->policy = record->np;
		e->out->source = DMARC_FROM_NP;
	}
	return exists != UNKNOWN;
}

/* RFC 9989 §4.7, t: one level below what is stated. */
static enum dmarc_policy soften(enum dmarc_policy policy)
{
	return policy == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_NONE;
}

static enum answer same_organization(struct evaluation *e, struct str name)
{
	struct str ours = e->out->org_domain;
	struct dmarc_walk walk;

	if (e->in->standard == DMARC_RFC7489)
		return str_eq(suffixes_organization(e->a, e->in->suffixes, name), ours)
		               ? YES
		               : NO;
	/* A name's organizational domain is the name or lies above it. */
	if (ours.n && !dns_name_is_within(name, ours))
		return NO;
	if (!str_eq(dns_name_tail(name, 1), dns_name_tail(e->in->from, 1)))
		return NO;
	if (!ours.n)
		return UNKNOWN;
	walk = dmarc_tree_walk(e->a, e->answers, name);
	if (walk.fault) {
		e->fault = walk.fault;
		return UNKNOWN;
	}
	return str_eq(walk.organization, ours) ? YES : NO;
}

/* Whether one of the names is aligned with From (RFC 9989 §4.10.2, §3.2.10). */
static enum answer find_aligned(struct evaluation *e, struct dmarc_names names,
                                bool strict)
{
	enum answer best = NO;

	for (size_t i = 0; i < names.n; i++)
		if (str_eq(names.v[i], e->in->from))
			return YES;
	for (size_t i = 0; !strict && i < names.n; i++) {
		enum answer aligned = same_organization(e, names.v[i]);

		if (aligned == YES)
			return YES;
		if (aligned == UNKNOWN)
			best = UNKNOWN;
	}
	return best;
}

static void decide(struct evaluation *e)
{
	struct dmarc *out = e->out;
	enum answer spf = find_aligned(e, e->in->spf, out->record->strict_spf);
	enum answer dkim = find_aligned(e, e->in->dkim, out->record->strict_dkim);
	bool policy_known = choose_policy(e);

	out->spf_aligned = spf == YES;
	out->dkim_aligned = dkim == YES;
	out->is_testing = out->record->is_testing;
	out->disposition = out->is_testing ? soften(out->policy) : out->policy;
	if (spf == YES || dkim == YES)
		out->result = DMARC_RESULT_PASS;
	else if (spf == UNKNOWN || dkim == UNKNOWN || !policy_known)
		out->result = DMARC_RESULT_TEMPERROR;
	else
		out->result = DMARC_RESULT_FAIL;
}

void dmarc_check(struct arena *a, struct dns_answers *answers,
                 const struct dmarc_input *in, struct dmarc *out)
{
	struct evaluation e = {a, answers, in, out, NULL};

	*out = (struct dmarc){.policy = DMARC_NO_POLICY, .disposition = DMARC_NONE};
	if (dns_name_is_root(in->from)) {
		out->result = DMARC_RESULT_PERMERROR;
		return;
	}
	need(in->standard == DMARC_RFC9989 || in->suffixes);
	if (!(in->standard == DMARC_RFC9989 ? discover_by_walk(&e)
	                                    : discover_by_suffix(&e)))
		out->result = DMARC_RESULT_TEMPERROR;
	else if (out->record && out->record->is_usable)
		decide(&e);
	if (out->result == DMARC_RESULT_TEMPERROR)
		out->fault = e.fault;
}

bool dmarc_differs(const struct dmarc *x, const struct dmarc *y)
{
	return x->result != y->result || x->disposition != y->disposition ||
	       !str_eq(x->org_domain, y->org_domain);
}
