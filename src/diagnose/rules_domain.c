#include "diagnose/rules.h"

#include "auth/dmarc_walk.h"
#include "auth/suffixes.h"
#include "base/buf.h"

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

/* Who issues the certificates of tracking names, as CAA names them. */
static const struct str issuers[] = {
        STR_INIT("letsencrypt.org"),
};

/* The way in which they prove control of a name (RFC 8657 §4). */
#define VALIDATION STR("http-01")

enum { CAA_CRITICAL = 0x80, CAA_LEVELS_MAX = 10 };

/* What one CAA record set says to the issuer (RFC 8659 §4, RFC 8657). */
struct permission {
	bool is_restricted; /* an issue property is there */
	bool is_given;
	struct str account;  /* it is given to this account alone */
	struct str methods;  /* it is given for these methods alone */
	struct str critical; /* a tag nobody knows that must be understood */
};

/* The value of a parameter of an issue property, or the empty view. */
static struct str parameter(struct str parameters, struct str name)
{
	struct str part;

	while (str_cut(&parameters, ';', &part)) {
		struct str value = part;
		struct str tag;

		str_cut(&value, '=', &tag);
		if (value.p && str_eq_nocase(str_trim(tag), name))
			return str_trim(value);
	}
	return STR_NONE;
}

static bool is_issuer(struct str name)
{
	for (size_t i = 0; i < LEN(issuers); i++)
		if (str_eq_nocase(name, issuers[i]))
			return true;
	return false;
}

static bool allows_method(struct str methods)
{
	struct str one;

	while (str_cut(&methods, ',', &one))
		if (str_eq_nocase(str_trim(one), VALIDATION))
			return true;
	return false;
}

static void read_issue(struct permission *p, struct str value)
{
	struct str rest = value;
	struct str issuer;
	struct str account;
	struct str methods;

	p->is_restricted = true;
	str_cut(&rest, ';', &issuer);
	if (!is_issuer(str_trim(issuer)))
		return;
	account = parameter(rest, STR("accounturi"));
	methods = parameter(rest, STR("validationmethods"));
	if (methods.n && allows_method(methods))
		methods = STR_NONE;
	if (account.n == 0 && methods.n == 0) {
		p->is_given = true;
		return;
	}
	p->account = account;
	p->methods = methods;
}

static bool is_known_tag(struct str tag)
{
	static const struct str known[] = {
	        STR_INIT("issue"),        STR_INIT("issuewild"),
	        STR_INIT("iodef"),        STR_INIT("issuemail"),
	        STR_INIT("issuevmc"),     STR_INIT("contactemail"),
	        STR_INIT("contactphone"),
	};

	for (size_t i = 0; i < LEN(known); i++)
		if (str_eq_nocase(tag, known[i]))
			return true;
	return false;
}

static struct permission read_caa(const struct dns_records *records)
{
	struct permission p = {0};

	for (size_t i = 0; i < records->n; i++) {
		const struct dns_record *r = &records->v[i];

		if (str_eq_nocase(r->caa.tag, STR("issue")))
			read_issue(&p, r->caa.value);
		else if (r->caa.flags & CAA_CRITICAL && !is_known_tag(r->caa.tag))
			p.critical = r->caa.tag;
	}
	return p;
}

/*
 * The record set that counts for a name: that of the name, behind a CNAME that of its
 * target, else of the nearest name above (RFC 8659 §3). A CNAME that is still to be
 * changed leads to somebody else's. NULL where there is none or DNS could not tell.
 */
static const struct dns_answer *find_caa(const struct rule_case *c,
                                         const struct observation *tracking)
{
	const struct dns_answer *levels[CAA_LEVELS_MAX];
	struct str at = tracking->plan->name;
	size_t n = 0;

	for (; n < LEN(levels) && !dns_name_is_root(at); at = dns_name_parent(at))
		levels[n++] = dns_ask(c->in->answers, at, DNS_CAA);
	for (size_t i = 0; i < n; i++) {
		bool is_right = tracking->status == RECORD_VERIFIED;

		if (levels[i]->chain.n && !is_right)
			continue;
		if (!dns_answer_is_definite(levels[i]))
			return NULL;
		if (levels[i]->records.n)
			return levels[i];
	}
	return NULL;
}

/* What the records say, after "The CAA record of acme.example ". */
static struct str restriction(struct arena *a, const struct permission *p)
{
	if (p->critical.n)
		return arena_printf(a,
		                    "has the critical property \"%.*s\", which no "
		                    "issuer knows, so that none may issue",
		                    STR_ARG(p->critical));
	if (p->account.n)
		return arena_printf(a, "lets only the account %.*s of %.*s issue",
		                    STR_ARG(p->account), STR_ARG(issuers[0]));
	if (p->methods.n)
		return arena_printf(a, "lets %.*s validate by %.*s only, not by %.*s",
		                    STR_ARG(issuers[0]), STR_ARG(p->methods),
		                    STR_ARG(VALIDATION));
	return arena_printf(a, "does not let %.*s issue", STR_ARG(issuers[0]));
}

static struct str caa_fix(const struct rule_case *c, const struct permission *p,
                          struct str owner)
{
	struct field_place at = rule_place(c);
	struct str where = field_at(c->in->a, at.provider);
	struct str host = field_host(c->in->a, &at, owner);

	if (!dns_name_is_within(owner, at.zone))
		return arena_printf(c->in->a,
		                    "Whoever runs %.*s has to add a CAA record there "
		                    "that allows %.*s.",
		                    STR_ARG(owner), STR_ARG(issuers[0]));
	if (p->critical.n)
		return arena_printf(c->in->a,
		                    "%.*s, delete the CAA record \"%.*s\" of \"%.*s\".",
		                    STR_ARG(where), STR_ARG(p->critical),
		                    STR_ARG(host.n ? host : owner));
	return arena_printf(
	        c->in->a,
	        "%.*s, add a CAA record for \"%.*s\": flags 0, tag \"issue\", value "
	        "\"%.*s\". The CAA records that are there may stay.",
	        STR_ARG(where), STR_ARG(host.n ? host : owner), STR_ARG(issuers[0]));
}

static bool forbids(const struct rule_case *c, const struct observation *tracking,
                    struct diagnosis *d)
{
	const struct dns_answer *answer = find_caa(c, tracking);
	struct arena *a = c->in->a;
	struct permission p;
	struct str owner;

	if (!answer)
		return false;
	p = read_caa(&answer->records);
	if (p.critical.n == 0 && (!p.is_restricted || p.is_given))
		return false;
	owner = answer->records.v[0].owner;
	rule_cite(d, answer);
	d->message =
	        arena_printf(a,
	                     "The CAA record of %.*s %.*s, so tracked links on %.*s "
	                     "cannot get a certificate for HTTPS.",
	                     STR_ARG(owner), STR_ARG(restriction(a, &p)),
	                     STR_ARG(tracking->plan->name));
	d->fix = caa_fix(c, &p, owner);
	return true;
}

bool rule_caa_forbids_issuer(const struct rule_case *c, struct diagnosis *d)
{
	for (size_t i = 0; i < c->all_count; i++)
		if (c->all[i].plan->purpose == PLAN_TRACKING &&
		    c->all[i].status != RECORD_UNDETERMINED &&
		    forbids(c, &c->all[i], d))
			return true;
	return false;
}
