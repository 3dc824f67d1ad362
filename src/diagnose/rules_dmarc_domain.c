#include "auth/dmarc.h"
#include "diagnose/rules.h"

static const struct dns_answer *policy_answer(const struct rule_case *c,
                                              struct str domain)
{
	struct str name = rule_name(c, "_dmarc.%.*s", STR_ARG(domain));

	return name.n ? dns_ask(c->in->answers, name, DNS_TXT) : NULL;
}

static void cite_policy(const struct rule_case *c, struct diagnosis *d,
                        struct str domain)
{
	const struct dns_answer *answer = domain.n ? policy_answer(c, domain) : NULL;

	if (answer)
		rule_cite(d, answer);
}

/* The domains that a message by the plan would pass SPF and DKIM with. */
struct layout {
	struct str spf[8], dkim[8];
	size_t spf_count, dkim_count;
};

static void add_name(struct str *list, size_t *n, size_t max, struct str name)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(list[i], name))
			return;
	if (*n < max && name.n)
		list[(*n)++] = name;
}

/* The d= that goes with a key at SELECTOR._domainkey.DOMAIN. */
static struct str signing_domain(struct str name)
{
	while (!dns_name_is_root(name)) {
		bool found = str_eq(dns_name_first(name), STR("_domainkey"));

		name = dns_name_parent(name);
		if (found)
			return name;
	}
	return STR_NONE;
}

static struct layout find_layout(const struct plan *plan)
{
	struct layout l = {0};

	for (size_t i = 0; i < plan->record_count; i++) {
		const struct plan_record *r = &plan->records[i];

		if (r->value.n == 0)
			continue; /* of an audit: not a plan to send by */
		if (r->purpose == PLAN_DKIM)
			add_name(l.dkim, &l.dkim_count, LEN(l.dkim),
			         signing_domain(r->name));
		else if (r->purpose == PLAN_SPF || r->purpose == PLAN_RETURN_PATH)
			add_name(l.spf, &l.spf_count, LEN(l.spf), r->name);
	}
	return l;
}

static void evaluate(const struct rule_case *c, const struct layout *l,
                     enum dmarc_standard standard, struct dmarc *out)
{
	struct dmarc_input in = {
	        .from = c->in->plan->domain,
	        .spf = {l->spf,  l->spf_count },
	        .dkim = {l->dkim, l->dkim_count},
	        .standard = standard,
	        .suffixes = standard == DMARC_RFC7489 ? c->in->know->suffixes : NULL,
	};

	dmarc_check(c->in->a, c->in->answers, &in, out);
}

/* Whether strict alignment shuts out names that relaxed alignment would count. */
static bool is_shut_out(struct str domain, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!dns_name_is_within(names[i], domain) || str_eq(names[i], domain))
			return false;
	return n > 0;
}

/* The names that mail is sent with, each once. */
static struct str layout_text(struct arena *a, const struct layout *l, bool spf,
                              bool dkim)
{
	struct str all[LEN(l->spf) + LEN(l->dkim)];
	struct str out = STR_NONE;
	size_t n = 0;

	for (size_t i = 0; dkim && i < l->dkim_count; i++)
		add_name(all, &n, LEN(all), l->dkim[i]);
	for (size_t i = 0; spf && i < l->spf_count; i++)
		add_name(all, &n, LEN(all), l->spf[i]);
	for (size_t i = 0; i < n; i++)
		out = rule_list(a, out, all[i], n - 1 - i);
	return out;
}

static const char *strict_outcome(const struct dmarc *found)
{
	if (found->result == DMARC_RESULT_PASS)
		return "mail passes by the other of the two alone";
	switch (found->disposition) {
	case DMARC_REJECT:
		return "receivers are asked to reject all of it";
	case DMARC_QUARANTINE:
		return "receivers are asked to put all of it into the spam folder";
	case DMARC_NO_POLICY:
	case DMARC_NONE:
		break;
	}
	return "all of it fails DMARC, which will count as soon as the policy is more "
	       "than none";
}

/* The words of strict_alignment: what the tags shut out and what they must be. */
static void word_strict(const struct rule_case *c, struct diagnosis *d,
                        const struct dmarc *found, bool spf, bool dkim)
{
	struct arena *a = c->in->a;
	struct layout l = find_layout(c->in->plan);
	const char *tags = spf && dkim ? "aspf=s and adkim=s"
	                   : spf       ? "aspf=s"
	                               : "adkim=s";
	const char *relaxed = spf && dkim ? "aspf=r and adkim=r"
	                      : spf       ? "aspf=r"
	                                  : "adkim=r";
	struct str name = rule_name(c, "_dmarc.%.*s", STR_ARG(found->record_domain));

	cite_policy(c, d, found->record_domain);
	d->message = arena_printf(
	        a,
	        "The DMARC record at %.*s has %s, but mail from %.*s is sent with "
	        "%.*s in %s, which strict alignment does not accept: %s.",
	        STR_ARG(name), tags, STR_ARG(c->in->plan->domain),
	        STR_ARG(layout_text(a, &l, spf, dkim)),
	        spf && dkim ? "SPF and DKIM"
	        : spf       ? "SPF"
	                    : "DKIM",
	        strict_outcome(found));
	d->fix = rule_review_fix(
	        c, name,
	        arena_printf(a, "change %s to %s, or leave it out.", tags, relaxed));
}

/* The common case, told without a walk up the tree: the domain's own record holds and
 * asks for nothing strict. */
static bool is_relaxed(const struct rule_case *c)
{
	const struct dns_answer *answer = policy_answer(c, c->in->plan->domain);
	struct dmarc_record record;

	return answer && answer->records.n == 1 &&
	       dmarc_record_parse(c->in->a, answer->records.v[0].txt.text,
	                          DMARC_RFC9989, &record) &&
	       record.is_usable && !record.strict_spf && !record.strict_dkim;
}

bool rule_dmarc_strict_alignment(const struct rule_case *c, struct diagnosis *d)
{
	struct str domain = c->in->plan->domain;
	struct layout l = find_layout(c->in->plan);
	struct dmarc found;
	bool spf;
	bool dkim;

	if (l.dkim_count == 0 || is_relaxed(c))
		return false;
	evaluate(c, &l, DMARC_RFC9989, &found);
	if (!found.record || !found.record->is_usable || found.fault)
		return false;
	spf = found.record->strict_spf && is_shut_out(domain, l.spf, l.spf_count);
	dkim = found.record->strict_dkim && is_shut_out(domain, l.dkim, l.dkim_count);
	if (found.result == DMARC_RESULT_FAIL && (spf || dkim))
		d->severity = found.disposition > DMARC_NONE ? SEVERITY_ERROR
		                                             : SEVERITY_WARNING;
	else if (dkim || (spf && is_shut_out(domain, l.dkim, l.dkim_count)))
		d->severity = SEVERITY_WARNING;
	else
		return false; /* DKIM signs with the domain itself: nothing is lost */
	word_strict(c, d, &found, spf, dkim);
	return true;
}

/* "reject it", as what is done with a message that fails. */
static const char *treatment(const struct dmarc *found)
{
	if (found->result == DMARC_RESULT_NONE)
		return "find no policy";
	if (found->result == DMARC_RESULT_PASS)
		return "let the mail pass";
	switch (found->disposition) {
	case DMARC_REJECT:
		return "reject what fails";
	case DMARC_QUARANTINE:
		return "put what fails into the spam folder";
	case DMARC_NO_POLICY:
	case DMARC_NONE:
		break;
	}
	return "deliver what fails";
}

static struct str difference(const struct rule_case *c, const struct dmarc *now,
                             const struct dmarc *old)
{
	struct arena *a = c->in->a;

	if (!str_eq(now->record_domain, old->record_domain))
		return arena_printf(
		        a, "the former use the record of %.*s, the latter %s%.*s",
		        STR_ARG(now->record_domain.n ? now->record_domain
		                                     : STR("no domain")),
		        old->record_domain.n ? "that of " : "none",
		        STR_ARG(old->record_domain));
	if (now->is_testing)
		return STR("t=y is not known to the latter");
	if (now->source == DMARC_FROM_NP)
		return STR("np= is not known to the latter");
	if (!str_eq(now->org_domain, old->org_domain))
		return arena_printf(a,
		                    "the organizational domain is %.*s for the former "
		                    "and %.*s for the latter",
		                    STR_ARG(now->org_domain), STR_ARG(old->org_domain));
	return STR("the two read the record differently");
}

bool rule_dmarc_receivers_differ(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct layout nobody = {0};
	struct layout l = find_layout(c->in->plan);
	struct dmarc now[2];
	struct dmarc old[2];
	size_t i = 0;

	if (!c->in->know->suffixes)
		return false;
	evaluate(c, &nobody, DMARC_RFC9989, &now[0]);
	evaluate(c, &nobody, DMARC_RFC7489, &old[0]);
	evaluate(c, &l, DMARC_RFC9989, &now[1]);
	evaluate(c, &l, DMARC_RFC7489, &old[1]);
	for (i = 0; i < LEN(now); i++) {
		if (now[i].fault || old[i].fault)
			return false;
		if (now[i].result != old[i].result ||
		    now[i].disposition != old[i].disposition)
			break;
	}
	if (i == LEN(now))
		return false;
	cite_policy(c, d, c->in->plan->domain);
	cite_policy(c, d, now[i].record_domain);
	cite_policy(c, d, old[i].record_domain);
	d->message = arena_printf(
	        a,
	        "Receivers that follow RFC 9989 %s, those that follow the older RFC "
	        "7489 %s: %.*s.",
	        treatment(&now[i]), treatment(&old[i]),
	        STR_ARG(difference(c, &now[i], &old[i])));
	d->fix = rule_review_fix(
	        c, rule_name(c, "_dmarc.%.*s", STR_ARG(c->in->plan->domain)),
	        STR("a record at the domain itself that says p= without t= "
	            "is read the same by both."));
	return true;
}
