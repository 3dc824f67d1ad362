#include "diagnose/rules.h"

#include "auth/dmarc_walk.h"
#include "auth/suffixes.h"
#include "base/buf.h"
#include "diagnose/caa.h"

enum { SENTENCE_MAX = 16 * 1024 };

/* ---- the domain and its registration ---- */

static bool any_verified(const struct rule_case *c)
{
	for (size_t i = 0; i < c->all_count; i++)
		if (c->all[i].status == RECORD_VERIFIED)
			return true;
	return false;
}

/* What one registers: a label below a public suffix. Without the list, below a top-level
 * domain. */
static struct str registered(const struct rule_case *c, struct str domain)
{
	const struct suffixes *list = c->in->know->suffixes;

	return list ? suffixes_organization(c->in->a, list, domain)
	            : dns_name_tail(domain, 2);
}

/* Whether the list has the domain itself: then a name below it can be registered. */
static bool is_listed(const struct rule_case *c, struct str domain)
{
	struct str below;

	return c->in->know->suffixes &&
	       dns_name_join(c->in->a, STR("x"), domain, &below) &&
	       str_eq(registered(c, below), below);
}

bool rule_domain_public_suffix(const struct rule_case *c, struct diagnosis *d)
{
	struct str domain = c->in->plan->domain;
	const struct dns_answer *here = dns_ask(c->in->answers, domain, DNS_NS);
	struct arena *a = c->in->a;
	struct dmarc_step step = dmarc_look(a, c->in->answers, domain, DMARC_RFC9989);
	enum dmarc_psd psd = step.record ? step.record->psd : DMARC_PSD_UNKNOWN;

	if (psd == DMARC_PSD_NO || (psd != DMARC_PSD_YES && !is_listed(c, domain)) ||
	    !dns_answer_is_definite(here) || here->status == DNS_NXDOMAIN)
		return false;
	rule_cite(d, here);
	rule_cite(d, step.answer);
	if (any_verified(c))
		d->severity = SEVERITY_WARNING;
	if (psd == DMARC_PSD_YES) {
		d->message = arena_printf(
		        a,
		        "The DMARC record of %.*s says psd=y: a public suffix, below "
		        "which each name is an organisation of its own. What is sent "
		        "for a label below it does not align with it.",
		        STR_ARG(domain));
		d->fix =
		        STR("If the domain belongs to one organisation, take psd=y out "
		            "of its DMARC record.");
		return true;
	}
	d->message = arena_printf(
	        a,
	        "%.*s is a public suffix: names below it belong to different owners, "
	        "and "
	        "receivers take each of them for an organisation of its own.",
	        STR_ARG(domain));
	d->fix = arena_printf(a,
	                      "Send from a domain that is registered below it, as "
	                      "yourname.%.*s.",
	                      STR_ARG(domain));
	return true;
}

/* The highest name on the way up that does not exist. */
static const struct dns_answer *find_missing(const struct rule_case *c)
{
	const struct dns_answer *missing =
	        dns_ask(c->in->answers, c->in->plan->domain, DNS_NS);

	if (missing->status != DNS_NXDOMAIN || missing->chain.n)
		return NULL;
	for (;;) {
		struct str above = dns_name_parent(missing->question.name);
		const struct dns_answer *answer;

		if (dns_name_is_root(above))
			return missing;
		answer = dns_ask(c->in->answers, above, DNS_NS);
		if (!dns_answer_is_definite(answer))
			return NULL;
		if (answer->status != DNS_NXDOMAIN)
			return missing;
		missing = answer;
	}
}

bool rule_domain_not_registered(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *missing = find_missing(c);
	struct arena *a = c->in->a;
	struct str above;
	struct str at;

	if (!missing)
		return false;
	at = missing->question.name;
	above = missing->soa ? missing->soa->owner : dns_name_parent(at);
	if (dns_name_labels(at) > 1 && !str_eq(registered(c, at), at))
		return false; /* a label that nobody has added to a zone that exists */
	rule_cite(d, missing);
	if (dns_name_labels(at) == 1) {
		d->message = arena_printf(a, "There is no top-level domain \"%.*s\".",
		                          STR_ARG(at));
		d->fix = STR("Check the spelling of the domain.");
		return true;
	}
	d->message = arena_printf(a,
	                          "%.*s does not exist: the zone above it, %.*s, has "
	                          "no such name. It was "
	                          "never registered, or its registration has lapsed.",
	                          STR_ARG(at), STR_ARG(above));
	d->fix = arena_printf(
	        a,
	        "Check the spelling. If it is right, register %.*s or renew "
	        "it, and set its name servers; only then can the records be "
	        "added.",
	        STR_ARG(at));
	return true;
}

/* ---- its delegation ---- */

/* The zone above knows the name and has no name servers for it. */
static bool has_no_servers(const struct rule_case *c, struct diagnosis *d)
{
	struct str at = registered(c, c->in->plan->domain);
	const struct dns_answer *answer = dns_ask(c->in->answers, at, DNS_NS);

	if (answer->status != DNS_NODATA || answer->chain.n || !answer->soa ||
	    str_eq(answer->soa->owner, at) || is_listed(c, at) || any_verified(c))
		return false;
	rule_cite(d, answer);
	d->message = arena_printf(
	        c->in->a,
	        "%.*s has no name servers: the zone above it, %.*s, knows the name and "
	        "delegates it to nobody.",
	        STR_ARG(at), STR_ARG(answer->soa->owner));
	d->fix = arena_printf(c->in->a,
	                      "At the registrar of %.*s, enter the name servers of the "
	                      "DNS provider that is to serve it.",
	                      STR_ARG(at));
	return true;
}

/* ": ns1.dns.test (127.0.0.14) answered REFUSED, …" */
static void add_failures(struct buf *b, const struct views *servers,
                         struct diagnosis *d)
{
	for (size_t i = 0; i < servers->n; i++) {
		const struct view *v = &servers->v[i];

		rule_cite(d, v->answer);
		buf_printf(b, "%s%.*s (%.*s) %s", i ? ", " : "", STR_ARG(v->server),
		           STR_ARG(v->answer->question.server),
		           v->answer->status == DNS_TIMEOUT    ? "does not answer"
		           : v->answer->status == DNS_SERVFAIL ? "answers SERVFAIL"
		           : v->answer->status == DNS_REFERRAL
		                   ? "does not serve it and points elsewhere"
		                   : "refuses to answer");
	}
	if (servers->n == 0)
		buf_add(b, STR("none of these names has an address"));
}

static void add_names(struct buf *b, const struct dns_records *ns)
{
	for (size_t i = 0; i < ns->n; i++)
		buf_printf(b, "%s%.*s",
		           i == 0           ? ""
		           : i + 1 == ns->n ? " and "
		                            : ", ",
		           STR_ARG(ns->v[i].target));
}

/*
 * Whether no server of the cut serves the zone. *is_fault: one that may do so again by
 * itself was silent or failed, so that it is no mistake of the delegation.
 */
static bool none_serves(const struct rule_case *c, const struct dns_cut *cut,
                        const struct views *servers, bool *is_fault)
{
	*is_fault = false;
	for (size_t i = 0; i < servers->n; i++) {
		enum dns_status status = servers->v[i].answer->status;

		if (!dns_answer_is_fault(servers->v[i].answer))
			return false;
		*is_fault =
		        *is_fault || status == DNS_TIMEOUT || status == DNS_SERVFAIL;
	}
	for (size_t i = 0; i < cut->ns.n && servers->n == 0; i++)
		*is_fault = *is_fault ||
		            dns_answer_is_fault(dns_ask(c->in->answers,
		                                        cut->ns.v[i].target, DNS_A));
	return true;
}

/* The zone above delegates the domain to servers none of which answers for it. */
static bool has_dead_servers(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *answer =
	        dns_ask(c->in->answers, c->in->plan->domain, DNS_NS);
	struct arena *a = c->in->a;
	AUTO(buf) b = {.max = SENTENCE_MAX};
	struct views servers;
	struct dns_cut cut;
	bool is_fault;

	if (!dns_answer_is_fault(answer) || answer->status == DNS_BOGUS ||
	    c->in->servers == SERVERS_NONE)
		return false;
	cut = dns_cut_find_delegated(a, c->in->answers, c->in->plan->domain);
	if (cut.zone.n == 0)
		return false;
	servers = observe_servers(c->in, &cut, cut.zone, DNS_SOA);
	if (!none_serves(c, &cut, &servers, &is_fault))
		return false;
	rule_cite(d, answer);
	rule_cite(d, cut.found_by);
	buf_printf(&b, "The zone above delegates %.*s to ", STR_ARG(cut.zone));
	add_names(&b, &cut.ns);
	buf_add(&b, STR(", but none of them answers for it: "));
	add_failures(&b, &servers, d);
	buf_add_char(&b, '.');
	d->message = arena_dup(a, buf_str(&b));
	if (is_fault)
		d->severity = SEVERITY_WARNING; /* a fault is not a verdict */
	d->fix = arena_printf(a,
	                      "Ask %.*s why the zone is not served; or, at the "
	                      "registrar of %.*s, enter "
	                      "the name servers of the DNS provider that serves it.",
	                      STR_ARG(c->provider->name), STR_ARG(cut.zone));
	return true;
}

bool rule_domain_no_delegation(const struct rule_case *c, struct diagnosis *d)
{
	return has_no_servers(c, d) || has_dead_servers(c, d);
}

/* ---- CAA ---- */

static struct str caa_fix(const struct rule_case *c, const struct caa_permission *p,
                          struct str owner)
{
	const struct caa_issuer *issuer = &c->in->know->issuer;
	struct field_place at = rule_place(c);
	struct str where = field_at(c->in->a, at.provider);
	struct str host = field_host(c->in->a, &at, owner);

	if (!dns_name_is_within(owner, at.zone))
		return arena_printf(c->in->a,
		                    "Whoever runs %.*s has to add a CAA record there "
		                    "that allows %.*s.",
		                    STR_ARG(owner), STR_ARG(issuer->names[0]));
	if (p->critical.n)
		return arena_printf(c->in->a,
		                    "%.*s, delete the CAA record \"%.*s\" of \"%.*s\".",
		                    STR_ARG(where), STR_ARG(p->critical),
		                    STR_ARG(host.n ? host : owner));
	return arena_printf(
	        c->in->a,
	        "%.*s, add a CAA record for \"%.*s\": %.*s. The CAA records that are "
	        "there may stay.",
	        STR_ARG(where), STR_ARG(host.n ? host : owner),
	        STR_ARG(caa_record(c->in->a, issuer)));
}

static bool forbids(const struct rule_case *c, const struct observation *tracking,
                    struct diagnosis *d)
{
	/* A CNAME that is still to be changed leads to somebody else's. */
	const struct dns_answer *answer = caa_find(c->in->answers, tracking->plan->name,
	                                           tracking->status == RECORD_VERIFIED);
	const struct caa_issuer *issuer = &c->in->know->issuer;
	struct caa_permission p = caa_read(answer, issuer);
	enum caa_verdict verdict = caa_judge(&p);
	struct arena *a = c->in->a;
	struct str owner;

	if (!answer || verdict == CAA_ALLOWED || verdict == CAA_UNKNOWN)
		return false;
	owner = p.owner;
	rule_cite(d, answer);
	d->message =
	        arena_printf(a,
	                     "The CAA record of %.*s %.*s, so tracked links on %.*s "
	                     "cannot get a certificate for HTTPS.",
	                     STR_ARG(owner), STR_ARG(caa_words(a, &p, issuer)),
	                     STR_ARG(tracking->plan->name));
	d->fix = caa_fix(c, &p, owner);
	return true;
}

bool rule_caa_forbids_issuer(const struct rule_case *c, struct diagnosis *d)
{
	if (c->in->know->issuer.n == 0)
		return false;
	for (size_t i = 0; i < c->all_count; i++)
		if (c->all[i].plan->purpose == PLAN_TRACKING &&
		    c->all[i].status != RECORD_UNDETERMINED &&
		    forbids(c, &c->all[i], d))
			return true;
	return false;
}
