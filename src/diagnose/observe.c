#include "diagnose/observe.h"

static void count_view(struct views *views, const struct view *view)
{
	if (view->result == COMPARE_MATCH)
		views->match++;
	else if (view->result == COMPARE_FAULT)
		views->fault++;
	else
		views->differ++;
}

/*
 * Behind a CNAME that leads out of its zone a server has nothing to say: what stands at
 * the target is for the target's own servers.
 */
static const struct dns_answer *follow(struct check_input *in,
                                       const struct dns_answer *answer)
{
	if (answer->chain.n == 0 || answer->records.n ||
	    (dns_answer_is_fault(answer) && answer->status != DNS_REFERRAL))
		return answer;
	return dns_ask(in->answers, dns_answer_final_name(answer),
	               answer->question.type);
}

static void judge_view(struct check_input *in, const struct plan_record *row,
                       struct views *views, struct view *view)
{
	struct comparison seen = compare_answer(in->a, in->answers, in->plan, row,
	                                        follow(in, view->answer));

	view->result = seen.result;
	view->fault = seen.fault;
	count_view(views, view);
}

struct dns_cut observe_cut(struct check_input *in, struct str name)
{
	struct dns_cut cut = dns_cut_find(in->answers, name);

	if (in->servers == SERVERS_NONE || !dns_answer_is_fault(cut.found_by))
		return cut;
	return dns_cut_find_delegated(in->a, in->answers, name);
}

struct dns_cut observe_nearest_cut(struct check_input *in, struct str name)
{
	struct dns_cut cut = observe_cut(in, name);

	while (cut.zone.n == 0 && !dns_name_is_root(name) &&
	       dns_answer_is_fault(cut.found_by)) {
		name = dns_name_parent(name);
		cut = dns_cut_find(in->answers, name);
	}
	return cut;
}

struct views observe_servers(struct check_input *in, struct dns_cut *cut,
                             struct str name, enum dns_type type)
{
	struct views views = {0};

	if (cut->server_count == 0)
		dns_cut_servers(in->a, in->answers, cut);
	views.v = ARENA_ARRAY(in->a, struct view, cut->server_count + 1);
	for (size_t i = 0; i < cut->server_count; i++) {
		const struct dns_server *s = &cut->servers[i];
		struct view *view = &views.v[views.n++];

		view->server = s->name;
		view->answer = dns_ask_server(in->answers, DNS_AUTHORITY, s->address,
		                              name, type);
	}
	return views;
}

/* Each authoritative server of the name's own zone, one by one. */
static void ask_servers(struct check_input *in, struct observation *o)
{
	o->cut = observe_nearest_cut(in, o->plan->name);
	o->servers = observe_servers(in, &o->cut, o->plan->name, o->plan->type);
	for (size_t i = 0; i < o->servers.n; i++)
		judge_view(in, o->plan, &o->servers, &o->servers.v[i]);
}

static bool is_asked(const struct views *views, struct str address)
{
	for (size_t i = 0; i < views->n; i++)
		if (str_eq(views->v[i].answer->question.server, address))
			return true;
	return false;
}

/* Servers that the zone above names and the zone itself does not: who resolves from there
 * may ask them. */
static void ask_delegated_servers(struct check_input *in, struct observation *o)
{
	struct dns_cut cut = dns_cut_find_from_above(in->a, in->answers, o->cut.zone);
	struct views more = observe_servers(in, &cut, o->plan->name, o->plan->type);
	struct view *v = ARENA_ARRAY(in->a, struct view, o->servers.n + more.n + 1);

	for (size_t i = 0; i < o->servers.n; i++)
		v[i] = o->servers.v[i];
	o->servers.v = v;
	for (size_t i = 0; i < more.n; i++) {
		struct view *view = &more.v[i];

		if (is_asked(&o->servers, view->answer->question.server))
			continue;
		judge_view(in, o->plan, &o->servers, view);
		o->servers.v[o->servers.n++] = *view;
	}
}

/*
 * A resolver that has not got what every server has keeps an answer of before: ours for
 * seconds. That is not the word of a server, so one of theirs stands for it.
 */
static void prefer_servers(struct check_input *in, struct observation *o)
{
	if (o->seen.result == COMPARE_MATCH || o->seen.result == COMPARE_FAULT ||
	    o->servers.n == 0 || o->servers.match < o->servers.n)
		return;
	ask_delegated_servers(in, o);
	if (o->servers.match < o->servers.n)
		return;
	o->kept = o->answer;
	o->answer = follow(in, o->servers.v[0].answer);
	o->seen = compare_answer(in->a, in->answers, in->plan, o->plan, o->answer);
}

static struct views ask_resolvers(struct check_input *in, const struct plan_record *row)
{
	struct views views = {0};

	views.v = ARENA_ARRAY(in->a, struct view, in->resolver_count + 1);
	for (size_t i = 0; i < in->resolver_count; i++) {
		struct view *view = &views.v[views.n++];

		view->server = in->resolvers[i];
		view->answer = dns_ask_server(in->answers, DNS_RESOLVER, view->server,
		                              row->name, row->type);
		judge_view(in, row, &views, view);
	}
	return views;
}

static enum record_status wrong_status(const struct observation *o)
{
	switch (o->seen.result) {
	case COMPARE_SEVERAL:
		return RECORD_CONFLICT;
	case COMPARE_DIFFERENT:
		return RECORD_MISMATCH;
	case COMPARE_ABSENT:
	case COMPARE_MATCH:
	case COMPARE_FAULT:
		break;
	}
	return o->plan->required ? RECORD_MISSING : RECORD_OPTIONAL_MISSING;
}

enum dns_type observe_target_type(enum plan_purpose purpose)
{
	switch (purpose) {
	case PLAN_DKIM:
	case PLAN_SPF:
	case PLAN_DMARC:
		return DNS_TXT;
	case PLAN_RETURN_PATH:
	case PLAN_REPLY:
	case PLAN_INBOUND:
		return DNS_MX;
	case PLAN_TRACKING:
	case PLAN_OWNERSHIP:
		break;
	}
	return DNS_A;
}

/* Where the record is right: whether what it leads to can be looked up. */
static const struct dns_answer *find_target_fault(struct check_input *in,
                                                  const struct observation *o)
{
	const struct plan_record *row = o->plan;
	const struct dns_answer *target;

	if (row->type != DNS_CNAME || row->value.n == 0 ||
	    o->answer->status != DNS_FOUND || o->seen.result != COMPARE_MATCH)
		return NULL;
	target = dns_ask(in->answers, row->value, observe_target_type(row->purpose));
	return dns_answer_is_fault(target) ? target : NULL;
}

/*
 * The DNS fault that keeps the record from being decided. A fault of the resolver
 * decides nothing, since a receiver would be told the same; neither do servers that only
 * fault, nor a record whose target cannot be looked up.
 */
static const struct dns_answer *find_fault(struct check_input *in,
                                           const struct observation *o)
{
	if (o->seen.result == COMPARE_FAULT)
		return o->seen.fault;
	if (o->servers.n && o->servers.fault == o->servers.n)
		return o->servers.v[0].fault;
	return find_target_fault(in, o);
}

/* What the views say together: one server that faults beside others counts for nothing. */
static enum record_status judge(const struct observation *o)
{
	if (o->fault)
		return RECORD_UNDETERMINED;
	if (o->servers.match && o->servers.differ)
		return RECORD_PROPAGATING;
	if (o->seen.result == COMPARE_MATCH)
		return o->servers.differ ? RECORD_PROPAGATING : RECORD_VERIFIED;
	return o->servers.match ? RECORD_PROPAGATING : wrong_status(o);
}

static bool wants_servers(const struct check_input *in, const struct observation *o)
{
	if (in->servers == SERVERS_NONE || o->answer->status == DNS_PENDING)
		return false;
	return in->servers == SERVERS_ALL || o->seen.result != COMPARE_MATCH;
}

struct observation observe(struct check_input *in, const struct plan_record *row)
{
	struct observation o = {.plan = row};

	o.answer = dns_ask(in->answers, row->name, row->type);
	o.seen = compare_answer(in->a, in->answers, in->plan, row, o.answer);
	if (wants_servers(in, &o)) {
		ask_servers(in, &o);
		prefer_servers(in, &o);
	}
	o.resolvers = ask_resolvers(in, row);
	o.fault = find_fault(in, &o);
	o.status = judge(&o);
	return o;
}
