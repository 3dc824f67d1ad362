#include "diagnose/cname.h"

enum { ROUND_TARGET_MAX = 10 }; /* "CNAME ", quotes, a final dot */

static const struct service *service_of(const struct rule_case *c, struct str name)
{
	return service_find(c->in->know->services, SERVICE_CNAME, name);
}

/* The first known service along the chain. */
static const struct service *service_along(const struct rule_case *c,
                                           const struct dns_chain *chain)
{
	const struct service *found = NULL;

	for (size_t i = 1; i < chain->n && !found; i++)
		found = service_of(c, chain->names[i]);
	return found;
}

/* The names under which the domain itself has its web site. */
static bool is_own_site(const struct rule_case *c, struct str name)
{
	return str_eq(name, c->in->plan->domain) ||
	       (c->cut.zone.n && str_eq(name, c->cut.zone)) ||
	       str_eq(name, rule_name(c, "www.%.*s", STR_ARG(c->in->plan->domain)));
}

bool cname_is_spoiled(const struct rule_case *c, struct str target, struct str wanted)
{
	struct str rest = str_from(target, wanted.n + 1);

	if (wanted.n == 0)
		return false;
	if (str_find_char(target, '\\') >= 0) /* a canonical name's odd bytes */
		return true;
	return target.n > wanted.n + 1 && str_starts(target, wanted) &&
	       target.p[wanted.n] == '.' &&
	       (str_eq(rest, rule_place(c).zone) || str_eq(rest, c->in->plan->domain));
}

static enum cname_kind kind_of_chain(const struct rule_case *c, struct cname_sight *s)
{
	const struct service *planned = service_of(c, c->row->value);
	const struct service *found;

	if (rule_is_wildcard(c, c->row->name, DNS_CNAME))
		return CNAME_NOTHING;
	s->chain = dns_chain_walk(c->in->answers, c->row->name);
	found = service_along(c, &s->chain);
	if (found)
		s->service = found->name;
	if (s->chain.end == DNS_CHAIN_PENDING || s->chain.end == DNS_CHAIN_FAULT)
		return CNAME_UNKNOWN;
	if (s->chain.end == DNS_CHAIN_LOOPS)
		return CNAME_LOOP;
	if (s->chain.n < 2)
		return CNAME_ELSEWHERE;
	if (cname_is_spoiled(c, s->chain.names[1], c->row->value))
		return CNAME_SPOILED;
	if (s->chain.end == DNS_CHAIN_GONE)
		return CNAME_GONE;
	for (size_t i = 1; i < s->chain.n; i++)
		if (c->row->purpose == PLAN_TRACKING &&
		    is_own_site(c, s->chain.names[i]))
			return CNAME_OWN_SITE;
	return found && found != planned ? CNAME_SERVICE : CNAME_ELSEWHERE;
}

/* The network of the first address where all are those of proxies, else NULL. */
static const struct network *proxy_of(const struct rule_case *c,
                                      const struct dns_answer *here)
{
	const struct network *first = NULL;

	for (size_t i = 0; i < here->records.n; i++) {
		const struct network *found =
		        network_find(c->in->know->networks, here->records.v[i].ip);

		if (!found)
			return NULL;
		if (!first)
			first = found;
	}
	return first;
}

static bool share_address(const struct dns_answer *one, const struct dns_answer *other)
{
	for (size_t i = 0; i < one->records.n; i++)
		for (size_t j = 0; j < other->records.n; j++)
			if (ip_eq(one->records.v[i].ip, other->records.v[j].ip))
				return true;
	return false;
}

/* The web site of the domain where it has an address of `here`, else NULL. */
static const struct dns_answer *find_site(const struct rule_case *c,
                                          const struct dns_answer *here,
                                          struct cname_sight *s)
{
	struct str domain = c->in->plan->domain;
	struct str names[] = {rule_name(c, "www.%.*s", STR_ARG(domain)), domain};

	for (size_t i = 0; i < LEN(names); i++) {
		const struct dns_answer *site =
		        rule_records_at(c, names[i], here->question.type);
		const struct service *service;

		if (!site || str_eq(names[i], c->row->name) ||
		    !share_address(here, site))
			continue;
		service = service_of(c, dns_answer_final_name(site));
		if (service)
			s->service = service->name;
		return site;
	}
	return NULL;
}

/* Whether a text is the target, with hardly more than quotes or "CNAME" round it. */
static bool holds_target(const struct rule_case *c, const struct dns_answer *txt)
{
	struct str target = c->row->value;

	for (size_t i = 0; i < txt->records.n; i++) {
		struct str text = txt->records.v[i].txt.text;

		if (text.n <= target.n + ROUND_TARGET_MAX &&
		    str_find_nocase(text, target) >= 0)
			return true;
	}
	return false;
}

static enum cname_kind kind_of_addresses(const struct rule_case *c,
                                         struct cname_sight *s)
{
	bool is_tracking = c->row->purpose == PLAN_TRACKING;

	s->network = proxy_of(c, s->here);
	if (s->network)
		return CNAME_PROXIED;
	s->site = is_tracking ? find_site(c, s->here, s) : NULL;
	return s->site ? CNAME_SITE : CNAME_ADDRESS;
}

/* No CNAME, but the name exists. */
static enum cname_kind kind_of_others(const struct rule_case *c, struct cname_sight *s)
{
	bool is_tracking = c->row->purpose == PLAN_TRACKING;
	const struct dns_answer *addresses;
	const struct dns_answer *txt;
	enum cname_kind kind = CNAME_NOTHING;

	s->here = rule_own_records(c, DNS_SOA);
	if (s->here)
		return CNAME_APEX;
	s->here = is_tracking ? rule_own_records(c, DNS_MX) : NULL;
	if (s->here)
		return CNAME_MAIL;
	addresses = rule_own_records(c, DNS_A);
	if (!addresses)
		addresses = rule_own_records(c, DNS_AAAA);
	s->here = addresses;
	if (addresses)
		kind = kind_of_addresses(c, s);
	if (kind == CNAME_PROXIED || kind == CNAME_SITE)
		return kind;
	txt = rule_own_records(c, DNS_TXT);
	if (!txt || (addresses && holds_target(c, txt)))
		return kind;
	s->here = txt;
	if (holds_target(c, txt))
		return CNAME_TXT_VALUE;
	s->here = is_tracking ? txt : addresses;
	return is_tracking ? CNAME_TEXT : kind;
}

struct cname_sight cname_look(const struct rule_case *c)
{
	struct cname_sight s = {.kind = CNAME_UNKNOWN};
	const struct observation *seen = c->seen;

	if (!seen || c->row->type != DNS_CNAME || c->row->value.n == 0 ||
	    !dns_answer_is_definite(seen->answer) ||
	    seen->status == RECORD_PROPAGATING || seen->status == RECORD_UNDETERMINED)
		return s;
	if (seen->answer->status == DNS_FOUND) {
		s.kind = CNAME_RIGHT;
		if (seen->seen.result != COMPARE_MATCH)
			s.kind = kind_of_chain(c, &s);
		return s;
	}
	if (seen->answer->status == DNS_NXDOMAIN) {
		s.kind = CNAME_NOTHING;
		return s;
	}
	if (seen->seen.result == COMPARE_MATCH) {
		s.here = rule_records_at(c, c->row->name, DNS_A);
		if (!s.here)
			s.here = rule_records_at(c, c->row->name, DNS_AAAA);
		s.kind = CNAME_FLATTENED;
		return s;
	}
	s.kind = kind_of_others(c, &s);
	return s;
}
