#include "diagnose/rules.h"

#include "diagnose/diagnose.h"

/* Whether the resolver's answer is what the servers say as well. */
static bool is_settled(const struct rule_case *c)
{
	return c->seen->status != RECORD_PROPAGATING;
}

/* "delete what is there, add what is wanted". Without the value where it is the only
 * record of its type, or a text that fills a screen. */
static struct str replace_fix(const struct rule_case *c, const struct dns_answer *there)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct field_record old = {there->question.type, c->row->name, STR_NONE, -1};
	struct str delete = field_delete_instruction(a, &at, &old);
	struct str add = rule_add_fix(c);

	return arena_printf(a, "%.*s %.*s", STR_ARG(delete), STR_ARG(add));
}

/* ---- SPF ---- */

static struct str spf_type_fix(const struct rule_case *c, struct str text)
{
	struct field_place at = rule_place(c);
	struct field_record txt = {DNS_TXT, c->row->name, text, -1};
	struct str add;

	if (c->row->value.n)
		txt.value = c->row->value;
	add = field_instruction(c->in->a, &at, &txt);
	return arena_printf(c->in->a, "%.*s Then delete the record of the type SPF.",
	                    STR_ARG(add));
}

bool rule_type_spf_record(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *there;

	if (!is_settled(c) || c->seen->seen.result != COMPARE_ABSENT)
		return false;
	there = rule_own_records(c, DNS_SPF);
	for (size_t i = 0; there && i < there->records.n; i++) {
		struct str text = there->records.v[i].txt.text;

		if (!compare_means_purpose(text, PLAN_SPF))
			continue;
		d->message = arena_printf(
		        c->in->a,
		        "The SPF record at %.*s has the type SPF, which nobody asks "
		        "for any more; it must have the type TXT.",
		        STR_ARG(c->row->name));
		d->fix = spf_type_fix(c, text);
		return rule_conclude(c, d, there);
	}
	return false;
}

/* ---- TXT and CNAME ---- */

/* Whether a text is a host name, as it is or with what people put round it. */
static bool names_host(struct str text, struct str host)
{
	static const char junk[] = "\"'. \t";

	while (text.n && str_find_char(str_c(junk), text.p[0]) >= 0)
		text = str_from(text, 1);
	if (str_starts_nocase(text, STR("CNAME ")))
		text = str_trim(str_from(text, 6));
	while (text.n && str_find_char(str_c(junk), text.p[text.n - 1]) >= 0)
		text.n--;
	return str_eq_nocase(text, host);
}

bool rule_type_txt_for_cname(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *there;

	if (c->row->type != DNS_CNAME || !is_settled(c) ||
	    c->seen->answer->status == DNS_FOUND)
		return false;
	there = rule_own_records(c, DNS_TXT);
	for (size_t i = 0; there && i < there->records.n; i++) {
		struct str text = there->records.v[i].txt.text;
		bool is_key = c->row->purpose == PLAN_DKIM &&
		              compare_means_purpose(text, PLAN_DKIM);

		if (!is_key && !names_host(text, c->row->value))
			continue;
		d->message = arena_printf(
		        c->in->a,
		        "A TXT record with %s stands at %.*s, where a CNAME record to "
		        "%.*s is wanted.",
		        is_key ? "a DKIM key" : "the name of the target",
		        STR_ARG(c->row->name), STR_ARG(c->row->value));
		d->fix = replace_fix(c, there);
		return rule_conclude(c, d, there);
	}
	return false;
}

/* A CNAME of another service may still be needed. */
static struct str other_service_fix(const struct rule_case *c, struct str service,
                                    struct str replace)
{
	return arena_printf(
	        c->in->a, "If %.*s is not used under this name any more: %.*s%s",
	        STR_ARG(service), STR_ARG(replace),
	        c->row->purpose == PLAN_DKIM
	                ? " Otherwise choose another DKIM selector."
	                : " Otherwise choose another name for this record.");
}

/* Nothing can be added beside a CNAME (RFC 1034 §3.6.2), so it must go first. */
bool rule_type_cname_for_txt(const struct rule_case *c, struct diagnosis *d)
{
	const char *wanted = c->row->type == DNS_MX ? "an MX" : "a TXT";
	const struct dns_answer *there;
	const struct service *service;
	struct str owner = STR_NONE;
	struct str target;

	if (c->row->type == DNS_CNAME || !is_settled(c) ||
	    c->seen->answer->chain.n == 0)
		return false;
	if (c->row->type == DNS_MX && c->seen->answer->status == DNS_NXDOMAIN)
		return false; /* cname.dangling says it */
	there = rule_own_records(c, DNS_CNAME);
	if (!there)
		return false;
	target = there->records.v[0].target;
	service = service_find(c->in->know->services, SERVICE_CNAME, target);
	d->fix = replace_fix(c, there);
	if (service) {
		owner = arena_printf(c->in->a, " (%.*s)", STR_ARG(service->name));
		d->fix = other_service_fix(c, service->name, d->fix);
	}
	d->message = arena_printf(
	        c->in->a,
	        "A CNAME record to %.*s%.*s stands at %.*s, where %s record is wanted.",
	        STR_ARG(target), STR_ARG(owner), STR_ARG(c->row->name), wanted);
	return rule_conclude(c, d, there);
}

/* ---- addresses ---- */

static bool share_address(const struct dns_answer *one, const struct dns_answer *other)
{
	for (size_t i = 0; other && i < one->records.n; i++)
		for (size_t j = 0; j < other->records.n; j++)
			if (ip_eq(one->records.v[i].ip, other->records.v[j].ip))
				return true;
	return false;
}

/* Whether the addresses hide the CNAME behind a proxy. */
static bool is_proxied(const struct rule_case *c, const struct dns_answer *there)
{
	for (size_t i = 0; i < there->records.n; i++)
		if (!network_find(c->in->know->networks, there->records.v[i].ip))
			return false;
	return true;
}

/* Whether the name serves something: mail, texts, or the web site of the domain. */
static bool is_in_use(const struct rule_case *c, const struct dns_answer *there)
{
	struct str domain = c->in->plan->domain;
	enum dns_type type = there->question.type;
	struct str www = rule_name(c, "www.%.*s", STR_ARG(domain));

	return rule_own_records(c, DNS_MX) || rule_own_records(c, DNS_TXT) ||
	       share_address(there, rule_records_at(c, www, type)) ||
	       share_address(there, rule_records_at(c, domain, type));
}

bool rule_type_a_for_cname(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *there;

	if (c->row->type != DNS_CNAME || !is_settled(c) ||
	    c->seen->answer->status != DNS_NODATA ||
	    c->seen->seen.result != COMPARE_DIFFERENT || rule_own_records(c, DNS_SOA))
		return false;
	there = rule_own_records(c, DNS_A);
	if (!there)
		there = rule_own_records(c, DNS_AAAA);
	if (!there || is_proxied(c, there) ||
	    (c->row->purpose == PLAN_TRACKING && is_in_use(c, there)))
		return false;
	d->message = arena_printf(
	        c->in->a,
	        "An address, %.*s, stands at %.*s, where a CNAME record to %.*s is "
	        "wanted.",
	        STR_ARG(ip_format(c->in->a, there->records.v[0].ip)),
	        STR_ARG(c->row->name), STR_ARG(c->row->value));
	d->fix = replace_fix(c, there);
	return rule_conclude(c, d, there);
}

/* ---- delegation ---- */

static struct str list_servers(const struct rule_case *c, const struct dns_answer *ns)
{
	struct str list = STR_NONE;

	for (size_t i = 0; i < ns->records.n; i++) {
		const char *between = i + 1 < ns->records.n ? ", " : " and ";

		list = arena_printf(c->in->a, "%.*s%s%.*s", STR_ARG(list),
		                    i ? between : "", STR_ARG(ns->records.v[i].target));
	}
	return list;
}

/* The domain's zone; the domain where nobody tells. */
static struct field_place place_above(const struct rule_case *c)
{
	return (struct field_place){c->provider,
	                            c->cut.zone.n ? c->cut.zone : c->in->plan->domain};
}

/* The NS records that take the name out of the domain's zone, else NULL. */
static const struct dns_answer *find_delegation(const struct rule_case *c)
{
	struct str zone = place_above(c).zone;
	struct str at = c->row->name;

	if (!dns_name_is_within(at, zone))
		return NULL;
	for (; !str_eq(at, zone); at = dns_name_parent(at)) {
		const struct dns_answer *ns = rule_records_at(c, at, DNS_NS);

		if (ns && ns->chain.n == 0)
			return ns;
	}
	return NULL;
}

/* "add it there, or undo the delegation". */
static struct str delegated_fix(const struct rule_case *c, struct str zone)
{
	struct arena *a = c->in->a;
	struct field_place there = {diagnose_provider(c->in, zone).provider, zone};
	struct field_place above = place_above(c);
	struct field_record wanted = field_of_plan(c->row);
	struct field_record ns = {DNS_NS, zone, STR_NONE, -1};
	struct str add = field_instruction(a, &there, &wanted);
	struct str delete = field_delete_instruction(a, &above, &ns);

	return arena_printf(a,
	                    "Add the record in the zone %.*s. %.*s Or, if that zone is "
	                    "not wanted, take it back: %.*s",
	                    STR_ARG(zone), STR_ARG(add), STR_ARG(delete));
}

/* An NS record was typed in instead of the CNAME, and no zone is there. A zone's own apex
 * is cname.apex. */
static bool is_ns_for_cname(const struct rule_case *c, const struct dns_answer *ns,
                            struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct field_place above = place_above(c);
	struct field_record there = {DNS_NS, c->row->name, STR_NONE, -1};
	struct field_record wanted = field_of_plan(c->row);
	struct str delete = field_delete_instruction(a, &above, &there);
	struct str add = field_instruction(a, &above, &wanted);

	if (rule_records_at(c, c->row->name, DNS_SOA))
		return false;
	d->message = arena_printf(
	        a,
	        "%.*s is delegated to %.*s by NS, where a CNAME record to %.*s is "
	        "wanted.",
	        STR_ARG(c->row->name), STR_ARG(list_servers(c, ns)),
	        STR_ARG(c->row->value));
	d->fix = arena_printf(a, "%.*s %.*s", STR_ARG(delete), STR_ARG(add));
	return rule_conclude(c, d, ns);
}

bool rule_type_ns_delegated(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *ns;
	struct str servers;
	struct str zone;
	struct str noun = rule_noun(c);

	if (!is_settled(c) || c->seen->seen.result != COMPARE_ABSENT)
		return false;
	ns = find_delegation(c);
	if (!ns)
		return false;
	if (c->row->type == DNS_CNAME && str_eq(ns->question.name, c->row->name))
		return is_ns_for_cname(c, ns, d);
	zone = ns->question.name;
	servers = list_servers(c, ns);
	d->message = arena_printf(
	        c->in->a,
	        "%.*s is a zone of its own, delegated to %.*s: there is no %.*s "
	        "there, and one in the zone %.*s is not seen.",
	        STR_ARG(zone), STR_ARG(servers), STR_ARG(noun),
	        STR_ARG(place_above(c).zone));
	d->fix = delegated_fix(c, zone);
	return rule_conclude(c, d, ns);
}
