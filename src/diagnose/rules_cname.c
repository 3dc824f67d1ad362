#include "diagnose/cname.h"
#include "diagnose/rules.h"

/* Cites every answer that the chain rests on. */
static void cite_chain(struct diagnosis *d, const struct dns_chain *chain)
{
	for (size_t i = 0; i < chain->answer_count; i++)
		rule_cite(d, chain->answers[i]);
}

/* "a → b → c" */
static struct str chain_text(struct arena *a, const struct dns_chain *chain)
{
	struct str out = chain->names[0];

	for (size_t i = 1; i < chain->n; i++)
		out = arena_printf(a, "%.*s → %.*s", STR_ARG(out),
		                   STR_ARG(chain->names[i]));
	return out;
}

/* "192.0.2.1 and 192.0.2.2"; more than three are counted. */
static struct str addresses_text(struct arena *a, const struct dns_answer *answer)
{
	size_t shown = answer->records.n > 3 ? 2 : answer->records.n;
	struct str out = STR_NONE;

	for (size_t i = 0; i < shown; i++)
		out = arena_printf(a, "%.*s%s%.*s", STR_ARG(out),
		                   i == 0           ? ""
		                   : i + 1 == shown ? " and "
		                                    : ", ",
		                   STR_ARG(ip_format(a, answer->records.v[i].ip)));
	if (shown < answer->records.n)
		out = arena_printf(a, "%.*s and %zu others", STR_ARG(out),
		                   answer->records.n - shown);
	return out;
}

/* Where the record could go instead. */
static struct str other_name_fix(const struct rule_case *c)
{
	struct arena *a = c->in->a;
	struct str name = c->row->name;
	struct str other;

	switch (c->row->purpose) {
	case PLAN_DKIM:
		return STR("Choose another DKIM selector");
	case PLAN_TRACKING:
		other = rule_name(c, "%.*s-2.%.*s", STR_ARG(dns_name_first(name)),
		                  STR_ARG(dns_name_parent(name)));
		if (str_eq(name, c->in->plan->domain))
			other = rule_name(c, "track.%.*s", STR_ARG(name));
		return arena_printf(a,
		                    "Choose another name for tracking that nothing "
		                    "uses, such as %.*s",
		                    STR_ARG(other));
	case PLAN_OWNERSHIP:
	case PLAN_SPF:
	case PLAN_RETURN_PATH:
	case PLAN_DMARC:
	case PLAN_REPLY:
	case PLAN_INBOUND:
		break;
	}
	return STR("Choose another name for this record");
}

/*
 * A circle shows where a CNAME is planned, and elsewhere as SERVFAIL, since resolvers
 * give up on it.
 */
bool rule_cname_loop(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight sight = cname_look(c);
	struct dns_chain chain = sight.chain;
	struct arena *a = c->in->a;

	if (sight.kind != CNAME_LOOP) {
		if (c->row->type == DNS_CNAME ||
		    c->seen->answer->status != DNS_SERVFAIL)
			return false;
		chain = dns_chain_walk(c->in->answers, c->row->name);
		if (chain.end != DNS_CHAIN_LOOPS)
			return false;
	}
	cite_chain(d, &chain);
	d->message = arena_printf(a, "The CNAMEs lead in a circle: %.*s.",
	                          STR_ARG(chain_text(a, &chain)));
	if (c->row->type == DNS_CNAME && c->row->value.n) {
		d->fix = rule_change_fix(c);
		return true;
	}
	d->fix = rule_delete_fix(c, &chain.answers[0]->records.v[0]);
	if (c->row->value.n)
		d->fix = arena_printf(a, "%.*s %.*s", STR_ARG(d->fix),
		                      STR_ARG(rule_add_fix(c)));
	return true;
}

/* What the name is used for, as a sentence. */
static struct str use_text(const struct rule_case *c, const struct cname_sight *s)
{
	struct arena *a = c->in->a;
	struct str name = c->row->name;

	switch ((int)s->kind) {
	case CNAME_MAIL:
		return arena_printf(a,
		                    "%.*s is in use for mail (MX %.*s), and a CNAME "
		                    "cannot stand beside other records.",
		                    STR_ARG(name),
		                    STR_ARG(s->here->records.v[0].mx.host));
	case CNAME_SITE:
		return arena_printf(a,
		                    "%.*s is in use for a web site: it has the address "
		                    "of %.*s%s%.*s (%.*s).",
		                    STR_ARG(name), STR_ARG(s->site->question.name),
		                    s->service.n ? " at " : "", STR_ARG(s->service),
		                    STR_ARG(addresses_text(a, s->here)));
	case CNAME_TEXT:
		return arena_printf(
		        a,
		        "%.*s is in use: it has a TXT record (\"%.*s\"), and "
		        "a CNAME cannot stand beside other records.",
		        STR_ARG(name), STR_ARG(s->here->records.v[0].txt.text));
	case CNAME_OWN_SITE:
		return arena_printf(a,
		                    "%.*s is in use for a web site: its CNAME leads to "
		                    "%.*s, the domain's own site.",
		                    STR_ARG(name), STR_ARG(s->chain.names[1]));
	default:
		return STR_NONE;
	}
}

bool rule_name_in_use(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight s = cname_look(c);
	struct arena *a = c->in->a;
	struct str fix = other_name_fix(c);

	d->message = use_text(c, &s);
	if (d->message.n == 0)
		return false;
	rule_cite(d, c->seen->answer);
	if (s.kind == CNAME_OWN_SITE) {
		cite_chain(d, &s.chain);
		d->fix = arena_printf(a,
		                      "%.*s. Or, if nobody opens that site under "
		                      "this name: %.*s",
		                      STR_ARG(fix), STR_ARG(rule_change_fix(c)));
		return true;
	}
	rule_cite(d, s.here);
	if (s.site)
		rule_cite(d, s.site);
	d->fix = arena_printf(a, "%.*s. Or, if nothing needs these records: %.*s %.*s",
	                      STR_ARG(fix),
	                      STR_ARG(rule_delete_fix(c, &s.here->records.v[0])),
	                      STR_ARG(rule_add_fix(c)));
	return true;
}

bool rule_cname_apex(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight s = cname_look(c);
	struct arena *a = c->in->a;

	if (s.kind != CNAME_APEX)
		return false;
	rule_cite(d, c->seen->answer);
	rule_cite(d, s.here);
	d->message =
	        arena_printf(a,
	                     "%.*s is a zone of its own, and a CNAME cannot stand "
	                     "at the apex of a zone, beside its SOA and NS records "
	                     "(RFC 1034 §3.6.2).",
	                     STR_ARG(c->row->name));
	d->fix = arena_printf(a, "%.*s.", STR_ARG(other_name_fix(c)));
	if (!str_eq(c->row->name, c->in->plan->domain))
		d->fix = arena_printf(
		        a,
		        "%.*s Or end the delegation: delete the NS records "
		        "of %.*s in the zone above it and add the CNAME "
		        "there.",
		        STR_ARG(d->fix), STR_ARG(c->row->name));
	return true;
}

/* The record is right; what is wrong lies at its target. */
static bool target_is_gone(const struct rule_case *c, struct diagnosis *d)
{
	struct str target = c->row->value;
	enum dns_type type = observe_target_type(c->row->purpose);
	const struct dns_answer *answer = dns_ask(c->in->answers, target, type);
	const struct dns_answer *v6 = answer;
	bool is_gone = answer->status == DNS_NXDOMAIN;

	if (c->row->purpose == PLAN_TRACKING && answer->status == DNS_NODATA)
		v6 = dns_ask(c->in->answers, target, DNS_AAAA);
	if (!is_gone && !(v6 != answer && dns_answer_is_negative(v6)))
		return false;
	rule_cite(d, c->seen->answer);
	rule_cite(d, answer);
	rule_cite(d, v6);
	d->severity = SEVERITY_WARNING;
	d->message = arena_printf(c->in->a,
	                          "%.*s leads to %.*s as it should, but that name %s.",
	                          STR_ARG(c->row->name), STR_ARG(target),
	                          is_gone ? "does not exist" : "has no address");
	d->fix = arena_printf(
	        c->in->a,
	        "Nothing is to be changed in the domain's DNS: whoever runs "
	        "%.*s has to publish it. Check that this is the target you "
	        "were given.",
	        STR_ARG(target));
	return true;
}

/* In an audit: what is looked for is answered through a CNAME that leads nowhere. */
static bool chain_is_gone(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *answer = c->seen->answer;

	if (c->row->value.n || answer->status != DNS_NXDOMAIN || answer->chain.n == 0 ||
	    rule_is_wildcard(c, c->row->name, DNS_CNAME))
		return false;
	rule_cite(d, answer);
	d->message = arena_printf(
	        c->in->a, "The CNAME of %.*s leads to %.*s, which does not exist.",
	        STR_ARG(c->row->name), STR_ARG(dns_answer_final_name(answer)));
	d->fix = rule_delete_fix(c, &answer->chain.v[0]);
	return true;
}

bool rule_cname_dangling(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight s;
	struct str last;

	if (c->row->type != DNS_CNAME)
		return chain_is_gone(c, d);
	s = cname_look(c);
	if (s.kind == CNAME_RIGHT)
		return target_is_gone(c, d);
	if (s.kind != CNAME_GONE)
		return false;
	cite_chain(d, &s.chain);
	last = s.chain.names[s.chain.n - 1];
	d->message = arena_printf(c->in->a,
	                          "%.*s leads to %.*s%s%.*s, which does not exist.",
	                          STR_ARG(c->row->name), STR_ARG(last),
	                          s.service.n ? " at " : "", STR_ARG(s.service));
	d->fix = rule_change_fix(c);
	return true;
}

bool rule_cname_other_provider(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight s = cname_look(c);
	struct arena *a = c->in->a;

	if (s.kind != CNAME_SERVICE)
		return false;
	cite_chain(d, &s.chain);
	d->message = arena_printf(
	        a,
	        "%.*s leads to %.*s, which belongs to %.*s. A CNAME has "
	        "one target, so one name cannot serve two services.",
	        STR_ARG(c->row->name), STR_ARG(s.chain.names[1]), STR_ARG(s.service));
	d->fix = arena_printf(
	        a, "%.*s. Or, if %.*s is no longer used under this name: %.*s",
	        STR_ARG(other_name_fix(c)), STR_ARG(s.service),
	        STR_ARG(rule_change_fix(c)));
	return true;
}

/* How to switch off the proxy, in the words of whoever runs it where they are known. */
static struct str proxy_fix(const struct rule_case *c, const struct network *network)
{
	struct arena *a = c->in->a;
	const struct provider *owner =
	        provider_find(c->in->know->providers, network->id);
	struct field_place at = rule_place(c);

	if (!owner || owner->proxy_field.n == 0)
		return arena_printf(
		        a,
		        "Switch %.*s off for this name, or delete the address "
		        "records there. %.*s",
		        STR_ARG(network->name), STR_ARG(rule_add_fix(c)));
	at.provider = owner;
	return arena_printf(a,
	                    "%.*s, set %.*s of \"%.*s\" to %.*s. The record must be a "
	                    "CNAME to %.*s.",
	                    STR_ARG(field_at(a, owner)), STR_ARG(owner->proxy_field),
	                    STR_ARG(field_host(a, &at, c->row->name)),
	                    STR_ARG(owner->proxy_off), STR_ARG(c->row->value));
}

bool rule_cname_proxied(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight s = cname_look(c);
	struct arena *a = c->in->a;

	if (s.kind != CNAME_PROXIED)
		return false;
	rule_cite(d, c->seen->answer);
	rule_cite(d, s.here);
	d->message = arena_printf(
	        a,
	        "%.*s shows addresses of the %.*s proxy (%.*s) instead "
	        "of the CNAME to %.*s.",
	        STR_ARG(c->row->name), STR_ARG(s.network->name),
	        STR_ARG(addresses_text(a, s.here)), STR_ARG(c->row->value));
	d->fix = proxy_fix(c, s.network);
	return true;
}

bool rule_cname_flattened(const struct rule_case *c, struct diagnosis *d)
{
	struct cname_sight s = cname_look(c);
	struct arena *a = c->in->a;

	if (s.kind != CNAME_FLATTENED || !s.here)
		return false;
	rule_cite(d, c->seen->answer);
	rule_cite(d, s.here);
	rule_cite(d, dns_ask(c->in->answers, c->row->value, s.here->question.type));
	d->message =
	        arena_printf(a,
	                     "%.*s has the address of %.*s (%.*s) instead of a CNAME. "
	                     "That works until the target's addresses change.",
	                     STR_ARG(c->row->name), STR_ARG(c->row->value),
	                     STR_ARG(addresses_text(a, s.here)));
	d->fix = arena_printf(
	        a,
	        "If the DNS provider makes these addresses from a CNAME by "
	        "itself (flattening, ALIAS, ANAME), leave it so. If they "
	        "were typed in, delete them. %.*s",
	        STR_ARG(rule_add_fix(c)));
	return true;
}
