#include "diagnose/cname.h"
#include "diagnose/rules.h"

/* How many foreign hosts are asked whether they are aliases of ours. */
enum { ALIASES_MAX = 4 };

/* What one MX record of the name is. */
enum host_kind {
	HOST_OURS,
	HOST_ALIAS, /* a CNAME that leads to one of ours */
	HOST_NULL,
	HOST_ADDRESS,
	HOST_SPOILED, /* one of ours as a panel spoiled it: value.* */
	HOST_OTHER,
};

struct host {
	const struct dns_record *record;
	enum host_kind kind;
	struct dns_chain chain; /* of an alias */
};

/* The MX records of a row's name, sorted out. */
struct hosts {
	const struct dns_answer *answer;
	struct host *v;
	size_t n;
	size_t count[HOST_OTHER + 1]; /* of each kind */
};

/* Whether the plan wants this host at the name of the row. */
static bool is_planned(const struct rule_case *c, struct str host)
{
	const struct plan *plan = c->in->plan;

	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].set == c->row->set &&
		    str_eq(plan->records[i].value, host))
			return true;
	return false;
}

static bool is_spoiled(const struct rule_case *c, struct str host)
{
	const struct plan *plan = c->in->plan;

	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].set == c->row->set &&
		    cname_is_spoiled(c, host, plan->records[i].value))
			return true;
	return false;
}

/* 192.0.2.1 as a name, also where the panel has appended the zone. */
static bool is_address(const struct rule_case *c, struct str host)
{
	struct str zone = rule_place(c).zone;
	struct ip ip;

	if (!str_eq(host, zone) && dns_name_is_within(host, zone))
		host = dns_name_host(host, zone);
	return ip_parse(host, &ip);
}

static bool leads_to_planned(const struct rule_case *c, const struct dns_chain *chain)
{
	for (size_t i = 1; i < chain->n; i++)
		if (is_planned(c, chain->names[i]))
			return true;
	return false;
}

static struct host look_at_host(const struct rule_case *c, const struct dns_record *r,
                                size_t *asked)
{
	struct host out = {.record = r, .kind = HOST_OTHER};

	if (is_planned(c, r->mx.host))
		out.kind = HOST_OURS;
	else if (dns_name_is_root(r->mx.host))
		out.kind = HOST_NULL;
	else if (is_address(c, r->mx.host))
		out.kind = HOST_ADDRESS;
	else if (is_spoiled(c, r->mx.host))
		out.kind = HOST_SPOILED;
	else if (c->row->value.n && (*asked)++ < ALIASES_MAX) {
		out.chain = dns_chain_walk(c->in->answers, r->mx.host);
		if (leads_to_planned(c, &out.chain))
			out.kind = HOST_ALIAS;
	}
	return out;
}

/* Nothing while the servers disagree: what is said then is dns.propagating. */
static struct hosts look_at_hosts(const struct rule_case *c)
{
	const struct dns_answer *answer = c->seen->answer;
	struct hosts out = {.answer = answer};
	size_t asked = 0;

	if (c->row->type != DNS_MX || c->seen->status == RECORD_PROPAGATING ||
	    answer->status != DNS_FOUND)
		return out;
	out.v = ARENA_ARRAY(c->in->a, struct host, answer->records.n);
	for (size_t i = 0; i < answer->records.n; i++) {
		out.v[out.n] = look_at_host(c, &answer->records.v[i], &asked);
		out.count[out.v[out.n++].kind]++;
	}
	return out;
}

static bool is_match(const struct observation *o)
{
	return o->seen.result == COMPARE_MATCH;
}

static bool is_first_of_set(const struct rule_case *c)
{
	return c->row == &c->in->plan->records[c->row->set];
}

/*
 * Whether this row is the one to say what is wrong with the set: a row that is wrong
 * speaks for itself; where all are right, the first.
 */
static bool speaks_for_set(const struct rule_case *c)
{
	if (!is_match(c->seen))
		return true;
	for (size_t i = 0; i < c->all_count; i++)
		if (c->all[i].plan->set == c->row->set && !is_match(&c->all[i]))
			return false;
	return is_first_of_set(c);
}

/* Why the provider cannot take the record at all, or empty. */
static struct str obstacle(const struct rule_case *c)
{
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);
	struct field_notes notes = {0};

	field_add_notes(c->in->a, &at, &r, &notes);
	for (size_t i = 0; i < notes.n; i++)
		if (notes.v[i].is_obstacle)
			return notes.v[i].text;
	return STR_NONE;
}

/* "In GoDaddy, add …" for every row of the set, or why that cannot be. */
static struct str add_set_fix(const struct rule_case *c)
{
	const struct plan *plan = c->in->plan;
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct field_record *v =
	        ARENA_ARRAY(a, struct field_record, plan->record_count);
	struct str why = obstacle(c);
	size_t n = 0;

	if (why.n)
		return why;
	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].set == c->row->set)
			v[n++] = field_of_plan(&plan->records[i]);
	return field_set_instruction(a, &at, v, n);
}

/* `the MX record "sg42"`, as the panel shows its name. */
static struct str panel_record(const struct rule_case *c, const struct field_place *at)
{
	struct str host = field_host(c->in->a, at, c->row->name);

	return arena_printf(c->in->a, "the MX record \"%.*s\"",
	                    STR_ARG(host.n ? host : c->row->name));
}

/* Adding this row to a set that stands; a provider may keep all in one field. */
static struct str add_row_fix(const struct rule_case *c)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);
	struct str why = obstacle(c);

	if (why.n)
		return why;
	if (!at.provider->mx_one_field)
		return rule_add_fix(c);
	return arena_printf(
	        a, "%.*s, add the line \"%.*s\" in %.*s of %.*s.",
	        STR_ARG(field_at(a, at.provider)), STR_ARG(field_value(a, &at, &r)),
	        STR_ARG(at.provider->field_value), STR_ARG(panel_record(c, &at)));
}

static struct str remove_fix(const struct rule_case *c, const struct dns_record *mx)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct field_record r = {DNS_MX, mx->owner, mx->mx.host, mx->mx.preference};

	if (!at.provider->mx_one_field)
		return rule_delete_fix(c, mx);
	return arena_printf(
	        a, "%.*s, remove the line \"%.*s\" in %.*s of %.*s.",
	        STR_ARG(field_at(a, at.provider)), STR_ARG(field_value(a, &at, &r)),
	        STR_ARG(at.provider->field_value), STR_ARG(panel_record(c, &at)));
}

/* Ours in place of all that is there. */
static struct str replace_set_fix(const struct rule_case *c)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct str add = add_set_fix(c);

	return arena_printf(a, "%.*s, delete %.*s with all its values. %.*s",
	                    STR_ARG(field_at(a, at.provider)),
	                    STR_ARG(panel_record(c, &at)), STR_ARG(add));
}

bool rule_mx_null(const struct rule_case *c, struct diagnosis *d)
{
	struct hosts hosts = look_at_hosts(c);
	struct arena *a = c->in->a;

	if (hosts.count[HOST_NULL] == 0 || hosts.count[HOST_OURS])
		return false;
	rule_cite(d, hosts.answer);
	d->message =
	        arena_printf(a,
	                     "%.*s has a null MX (\".\"), which says that the name "
	                     "takes no mail (RFC 7505): returned mail is refused.",
	                     STR_ARG(c->row->name));
	d->fix = replace_set_fix(c);
	return true;
}

static const struct host *find_kind(const struct hosts *hosts, enum host_kind kind)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->v[i].kind == kind)
			return &hosts->v[i];
	return NULL;
}

bool rule_mx_is_address(const struct rule_case *c, struct diagnosis *d)
{
	struct hosts hosts = look_at_hosts(c);
	const struct host *bad = find_kind(&hosts, HOST_ADDRESS);
	struct arena *a = c->in->a;

	if (!bad || !speaks_for_set(c))
		return false;
	rule_cite(d, hosts.answer);
	d->message =
	        arena_printf(a,
	                     "The MX of %.*s names \"%.*s\", an address where only a "
	                     "host name may stand (RFC 5321 §5.1): senders find no "
	                     "host.",
	                     STR_ARG(c->row->name), STR_ARG(bad->record->mx.host));
	d->fix = remove_fix(c, bad->record);
	if (c->row->value.n == 0)
		d->fix =
		        arena_printf(a,
		                     "%.*s Give that address to a host name by an A or "
		                     "AAAA record and name this host in the MX.",
		                     STR_ARG(d->fix));
	else if (!is_match(c->seen))
		d->fix = arena_printf(a, "%.*s %.*s", STR_ARG(d->fix),
		                      STR_ARG(add_row_fix(c)));
	return true;
}

/* In an audit any host may be the alias; its end does not matter. */
static bool any_is_cname(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_records *mx = &c->seen->answer->records;

	for (size_t i = 0; i < mx->n && i < ALIASES_MAX; i++) {
		struct str host = mx->v[i].mx.host;
		const struct dns_answer *answer;

		if (dns_name_is_root(host) || is_address(c, host))
			continue;
		answer = dns_ask(c->in->answers, host, DNS_CNAME);
		if (answer->status != DNS_FOUND)
			continue;
		rule_cite(d, c->seen->answer);
		rule_cite(d, answer);
		d->message = arena_printf(
		        c->in->a,
		        "The MX of %.*s names %.*s, which is a CNAME to %.*s. An MX "
		        "must "
		        "name a host with addresses (RFC 2181 §10.3, RFC 5321 §5.1).",
		        STR_ARG(c->row->name), STR_ARG(host),
		        STR_ARG(answer->records.v[0].target));
		d->fix = STR("Name a host with its own A or AAAA record in the MX, or "
		             "replace that CNAME by A and AAAA records.");
		return true;
	}
	return false;
}

/* Whether the row's own host is there, spoiled. */
static bool row_is_spoiled(const struct rule_case *c, const struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (cname_is_spoiled(c, hosts->v[i].record->mx.host, c->row->value))
			return true;
	return false;
}

/* The alias that stands for this row, or NULL. */
static const struct host *alias_of_row(const struct rule_case *c,
                                       const struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->v[i].kind == HOST_ALIAS &&
		    dns_chain_has(&hosts->v[i].chain, c->row->value))
			return &hosts->v[i];
	return NULL;
}

bool rule_mx_is_cname(const struct rule_case *c, struct diagnosis *d)
{
	struct hosts hosts;
	const struct host *alias;

	if (c->row->type != DNS_MX)
		return false;
	if (c->row->value.n == 0)
		return any_is_cname(c, d);
	hosts = look_at_hosts(c);
	alias = alias_of_row(c, &hosts);
	if (!alias || is_match(c->seen))
		return false;
	rule_cite(d, hosts.answer);
	for (size_t i = 0; i < alias->chain.answer_count; i++)
		rule_cite(d, alias->chain.answers[i]);
	d->severity = SEVERITY_ERROR; /* the planned host itself is not there */
	d->message =
	        arena_printf(c->in->a,
	                     "The MX of %.*s names %.*s, a CNAME to %.*s. An MX must "
	                     "name the host itself, not an alias (RFC 2181 §10.3, "
	                     "RFC 5321 §5.1).",
	                     STR_ARG(c->row->name), STR_ARG(alias->record->mx.host),
	                     STR_ARG(c->row->value));
	d->fix = arena_printf(c->in->a, "%.*s %.*s",
	                      STR_ARG(remove_fix(c, alias->record)),
	                      STR_ARG(add_row_fix(c)));
	return true;
}

static const struct service *service_of(const struct rule_case *c, struct str host)
{
	return service_find(c->in->know->services, SERVICE_MX, host);
}

bool rule_mx_other_provider(const struct rule_case *c, struct diagnosis *d)
{
	struct hosts hosts = look_at_hosts(c);
	const struct service *service = NULL;
	struct arena *a = c->in->a;

	if (hosts.n == 0 || hosts.count[HOST_OTHER] != hosts.n)
		return false;
	for (size_t i = 0; i < hosts.n; i++) {
		const struct service *found = service_of(c, hosts.v[i].record->mx.host);

		if (!found || found == service_of(c, c->row->value))
			return false;
		if (!service)
			service = found;
	}
	rule_cite(d, hosts.answer);
	d->message = arena_printf(
	        a, "Mail for %.*s goes to %.*s (MX %.*s), not to %.*s.",
	        STR_ARG(c->row->name), STR_ARG(service->name),
	        STR_ARG(hosts.v[0].record->mx.host), STR_ARG(c->row->value));
	d->fix = arena_printf(
	        a,
	        "If nobody reads mail at %.*s there: %.*s Otherwise choose "
	        "another name for these records.",
	        STR_ARG(c->row->name), STR_ARG(replace_set_fix(c)));
	return true;
}

bool rule_mx_incomplete(const struct rule_case *c, struct diagnosis *d)
{
	struct hosts hosts = look_at_hosts(c);
	const struct host *there = find_kind(&hosts, HOST_OURS);

	if (!there)
		there = find_kind(&hosts, HOST_ALIAS);
	if (!there || is_match(c->seen) || hosts.count[HOST_ADDRESS] ||
	    alias_of_row(c, &hosts) || row_is_spoiled(c, &hosts))
		return false;
	rule_cite(d, hosts.answer);
	d->message =
	        arena_printf(c->in->a,
	                     "%.*s has the MX %.*s, but not %.*s: both are needed, so "
	                     "that returned mail arrives when one host is away.",
	                     STR_ARG(c->row->name), STR_ARG(there->record->mx.host),
	                     STR_ARG(c->row->value));
	d->fix = add_row_fix(c);
	return true;
}

/* Those that would take mail beside ours. */
static bool is_extra(const struct host *host)
{
	return host->kind == HOST_OTHER || host->kind == HOST_NULL;
}

static bool is_ours(const struct host *host)
{
	return host->kind == HOST_OURS || host->kind == HOST_ALIAS;
}

/* The lowest preference value, which is served first, of ours or of the others. */
static uint16_t best_preference(const struct hosts *hosts, bool extra)
{
	uint16_t best = UINT16_MAX;

	for (size_t i = 0; i < hosts->n; i++) {
		const struct host *host = &hosts->v[i];

		if ((extra ? is_extra(host) : is_ours(host)) &&
		    host->record->mx.preference < best)
			best = host->record->mx.preference;
	}
	return best;
}

/* "10 mx.other.example and 20 …", and how to be rid of them. */
static void describe_extra(const struct rule_case *c, const struct hosts *hosts,
                           struct str *names, struct str *fix)
{
	struct arena *a = c->in->a;

	*names = *fix = STR_NONE;
	for (size_t i = 0; i < hosts->n; i++) {
		const struct dns_record *r = hosts->v[i].record;

		if (!is_extra(&hosts->v[i]))
			continue;
		*names = arena_printf(a, "%.*s%s%.*s (preference %u)", STR_ARG(*names),
		                      names->n ? ", " : "", STR_ARG(r->mx.host),
		                      (unsigned)r->mx.preference);
		*fix = arena_printf(a, "%.*s%s%.*s", STR_ARG(*fix), fix->n ? " " : "",
		                    STR_ARG(remove_fix(c, r)));
	}
}

bool rule_mx_extra(const struct rule_case *c, struct diagnosis *d)
{
	struct hosts hosts = look_at_hosts(c);
	struct arena *a = c->in->a;
	uint16_t ours = best_preference(&hosts, false);
	uint16_t theirs = best_preference(&hosts, true);
	struct str names;

	if (!is_first_of_set(c) ||
	    !(hosts.count[HOST_OURS] + hosts.count[HOST_ALIAS]) ||
	    !(hosts.count[HOST_OTHER] + hosts.count[HOST_NULL]))
		return false;
	rule_cite(d, hosts.answer);
	describe_extra(c, &hosts, &names, &d->fix);
	d->severity = theirs <= ours ? SEVERITY_ERROR : SEVERITY_WARNING;
	d->message = arena_printf(a, "Beside ours, %.*s has the MX %.*s: %s.",
	                          STR_ARG(c->row->name), STR_ARG(names),
	                          theirs < ours ? "returned mail goes there first"
	                          : theirs == ours
	                                  ? "part of the returned mail goes there"
	                                  : "returned mail goes there when ours are "
	                                    "away");
	return true;
}

/* A domain that is only looked at may do without; where returned mail goes, not. */
static void say_no_inbound(const struct rule_case *c, struct diagnosis *d)
{
	d->severity = SEVERITY_ADVICE;
	d->message =
	        arena_printf(c->in->a,
	                     "%.*s has no MX record: mail for it goes to the name's "
	                     "own address, if it has one (RFC 5321 §5.1).",
	                     STR_ARG(c->row->name));
	d->fix = STR(
	        "Add the MX records of the service that takes the domain's mail; if "
	        "it takes none, a null MX says so (preference 0, host \".\", RFC "
	        "7505).");
}

bool rule_mx_missing(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct str name = c->row->name;

	if (c->seen->seen.result != COMPARE_ABSENT || c->seen->answer->records.n)
		return false;
	rule_cite(d, c->seen->answer);
	if (c->row->value.n == 0) {
		say_no_inbound(c, d);
		return true;
	}
	if (c->row->type != DNS_MX) {
		d->message = arena_printf(a,
		                          "%.*s has no %s record to %.*s, which takes "
		                          "returned mail.",
		                          STR_ARG(name), dns_type_name(c->row->type),
		                          STR_ARG(c->row->value));
		d->fix = rule_add_alone_fix(c, d);
		return true;
	}
	d->message = arena_printf(a, "%.*s has no MX record, so returned mail is lost.",
	                          STR_ARG(name));
	d->fix = add_set_fix(c);
	if (!str_eq(name, c->in->plan->domain) && obstacle(c).n == 0)
		d->fix = arena_printf(a, "%.*s Mail for %.*s itself is not touched.",
		                      STR_ARG(d->fix), STR_ARG(c->in->plan->domain));
	return true;
}
