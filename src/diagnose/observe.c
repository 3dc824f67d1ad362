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

static void add_view(struct check_input *in, const struct plan_record *row,
                     struct views *views, struct view view)
{
	view.result =
	        compare_answer(in->a, in->answers, in->plan, row, view.answer).result;
	views->v[views->n++] = view;
	count_view(views, &view);
}

/* Each authoritative server of the name's own zone, one by one. */
static struct views ask_servers(struct check_input *in, const struct plan_record *row,
                                const struct dns_cut *cut)
{
	struct views views = {0};

	views.v = ARENA_ARRAY(in->a, struct view, cut->server_count + 1);
	for (size_t i = 0; i < cut->server_count; i++) {
		const struct dns_server *s = &cut->servers[i];
		struct view view = {.server = s->name};

		view.answer = dns_ask_server(in->answers, DNS_AUTHORITY, s->address,
		                             row->name, row->type);
		add_view(in, row, &views, view);
	}
	return views;
}

static struct views ask_resolvers(struct check_input *in, const struct plan_record *row)
{
	struct views views = {0};

	views.v = ARENA_ARRAY(in->a, struct view, in->resolver_count + 1);
	for (size_t i = 0; i < in->resolver_count; i++) {
		struct view view = {.server = in->resolvers[i]};

		view.answer = dns_ask_server(in->answers, DNS_RESOLVER, view.server,
		                             row->name, row->type);
		add_view(in, row, &views, view);
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

/*
 * What the views say together. A fault of the resolver decides nothing, since a receiver
 * would be told the same; neither do servers that only fault. A server that is flattening
 * (CNAME to address) may differ from what the resolver shows, so servers count only where
 * they hold a record of the very type.
 */
static enum record_status judge(const struct observation *o)
{
	if (o->seen.result == COMPARE_FAULT)
		return RECORD_UNDETERMINED;
	if (o->servers.match && o->servers.differ)
		return RECORD_PROPAGATING;
	if (o->servers.n && o->servers.fault == o->servers.n)
		return RECORD_UNDETERMINED;
	if (o->seen.result == COMPARE_MATCH)
		return o->servers.differ ? RECORD_PROPAGATING : RECORD_VERIFIED;
	return o->servers.match ? RECORD_PROPAGATING : wrong_status(o);
}

static bool wants_servers(const struct check_input *in, const struct observation *o)
{
	if (in->servers == SERVERS_NONE || o->seen.result == COMPARE_FAULT)
		return in->servers != SERVERS_NONE;
	return in->servers == SERVERS_ALL || o->seen.result != COMPARE_MATCH;
}

struct observation observe(struct check_input *in, const struct plan_record *row)
{
	struct observation o = {.plan = row};

	o.answer = dns_ask(in->answers, row->name, row->type);
	o.seen = compare_answer(in->a, in->answers, in->plan, row, o.answer);
	if (o.answer->status != DNS_PENDING && wants_servers(in, &o)) {
		o.cut = dns_cut_find(in->answers, row->name);
		dns_cut_servers(in->a, in->answers, &o.cut);
		o.servers = ask_servers(in, row, &o.cut);
	}
	o.resolvers = ask_resolvers(in, row);
	o.status = judge(&o);
	return o;
}
