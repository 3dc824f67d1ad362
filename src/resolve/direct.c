#include "resolve/direct.h"

#include <string.h>

enum { DNS_PORT = 53 };

struct direct_query {
	struct exchange exchange;
	struct direct *direct;
	struct direct_query *next_free;
	const struct dns_question *question;
	struct dns_question asked; /* the question, or the target of its last CNAME */
	struct arena *arena;
	direct_done_fn *done;
	void *arg;
	size_t server; /* that is asked; of the list */
	size_t tries;  /* servers asked for `asked` */
	size_t hops;
	struct dns_records chain; /* of the responses before this one */
	struct dns_answer
	        fault; /* the best that was learned from servers that failed */
};

static bool uses_list(const struct direct_query *q)
{
	return q->question->via == DNS_RECURSION;
}

static void give_back(struct direct_query *q)
{
	q->next_free = q->direct->free;
	q->direct->free = q;
}

static struct direct_query *take_free(struct direct *d)
{
	struct direct_query *q = d->free;

	if (!q)
		return ARENA_NEW(d->arena, struct direct_query);
	d->free = q->next_free;
	*q = (struct direct_query){0};
	return q;
}

static struct dns_records join_chains(struct arena *a, struct dns_records first,
                                      struct dns_records then)
{
	struct dns_record *v;

	if (then.n == 0)
		return first;
	if (first.n == 0)
		return then;
	v = ARENA_ARRAY(a, struct dns_record, first.n + then.n);
	memcpy(v, first.v, first.n * sizeof(*v));
	memcpy(v + first.n, then.v, then.n * sizeof(*v));
	return (struct dns_records){v, first.n + then.n};
}

static void finish(struct direct_query *q, const struct dns_answer *learned)
{
	struct dns_answer whole = *learned;
	direct_done_fn *done = q->done;
	void *arg = q->arg;

	whole.chain = join_chains(q->arena, q->chain, learned->chain);
	give_back(q);
	done(arg, &whole);
}

static void ask_server(struct direct_query *q)
{
	struct exchange *x = &q->exchange;

	if (uses_list(q)) {
		x->ip = q->direct->servers[q->server].ip;
		x->port = q->direct->servers[q->server].port;
		x->tick = q->direct->tick_shared;
	} else if (!ip_port_parse(q->question->server, DNS_PORT, &x->ip, &x->port)) {
		x->ip = (struct ip){0};
	}
	q->tries++;
	exchange_start(&q->direct->exchanges, x);
}

/* A server's failure is kept while others are asked; one that says something (SERVFAIL)
 * is worth more than silence. */
static void keep_fault(struct direct_query *q, const struct dns_answer *learned)
{
	if (q->fault.status == DNS_PENDING || q->fault.status == DNS_TIMEOUT)
		q->fault = *learned;
}

static bool owned_by(const struct dns_record *record, struct str name)
{
	return str_eq(record->owner, name);
}

static bool is_in_chain(const struct direct_query *q, const struct dns_answer *learned,
                        struct str name)
{
	for (size_t i = 0; i < q->chain.n; i++)
		if (owned_by(&q->chain.v[i], name))
			return true;
	for (size_t i = 0; i < learned->chain.n; i++)
		if (owned_by(&learned->chain.v[i], name))
			return true;
	return false;
}

/* The response names a target and says nothing about it. */
static bool stops_at_target(const struct dns_answer *learned)
{
	if (learned->chain.n == 0)
		return false;
	if (learned->status == DNS_REFERRAL)
		return true;
	return learned->status == DNS_NODATA &&
	       (!learned->soa || !dns_name_is_within(dns_answer_final_name(learned),
	                                             learned->soa->owner));
}

static void chase(struct direct_query *q, struct dns_answer *learned)
{
	struct str target = dns_answer_final_name(learned);
	struct dns_answer fault = {.status = DNS_SERVFAIL,
	                           .chain = learned->chain,
	                           .server = learned->server};

	q->hops += learned->chain.n;
	if (is_in_chain(q, learned, target)) {
		fault.why = STR("the CNAMEs loop");
		finish(q, &fault);
		return;
	}
	if (q->hops >= DIRECT_HOPS_MAX) {
		fault.why = STR("more CNAMEs than are followed");
		finish(q, &fault);
		return;
	}
	q->chain = join_chains(q->arena, q->chain, learned->chain);
	q->asked.name = target;
	q->tries = 0;
	q->fault = (struct dns_answer){0};
	ask_server(q);
}

static bool is_usable(const struct dns_answer *learned)
{
	return dns_answer_is_definite(learned) || learned->status == DNS_REFERRAL;
}

static void take_from_list(struct direct_query *q, struct dns_answer *learned)
{
	struct direct *d = q->direct;

	learned->server = d->servers[q->server].text;
	if (learned->status != DNS_TIMEOUT)
		d->servers[q->server].answered = true;
	if (is_usable(learned)) {
		d->preferred = q->server;
		if (stops_at_target(learned))
			chase(q, learned);
		else
			finish(q, learned);
		return;
	}
	keep_fault(q, learned);
	if (q->tries < d->server_count) {
		q->server = (q->server + 1) % d->server_count;
		ask_server(q);
	} else {
		finish(q, &q->fault);
	}
}

static void on_exchanged(struct exchange *x, const struct dns_answer *learned)
{
	struct direct_query *q = (struct direct_query *)x;
	struct dns_answer answer = *learned;

	answer.question = q->asked;
	if (uses_list(q)) {
		take_from_list(q, &answer);
		return;
	}
	answer.server = q->question->server;
	finish(q, &answer);
}

struct direct_query *direct_start(struct direct *d, const struct dns_question *question,
                                  struct arena *a, direct_done_fn *done, void *arg)
{
	struct direct_query *q = take_free(d);

	q->direct = d;
	q->question = question;
	q->asked = *question;
	q->arena = a;
	q->done = done;
	q->arg = arg;
	q->server = d->preferred;
	q->exchange.question = &q->asked;
	q->exchange.arena = a;
	q->exchange.tick = d->tick_single;
	q->exchange.done = on_exchanged;
	ask_server(q);
	return q;
}

void direct_stop(struct direct_query *q, struct dns_answer *learned)
{
	struct str server =
	        uses_list(q) ? q->direct->servers[q->server].text : q->question->server;

	*learned = q->fault;
	if (learned->status == DNS_PENDING)
		*learned = (struct dns_answer){.status = DNS_TIMEOUT, .server = server};
	if (learned->status == DNS_TIMEOUT)
		learned->why = exchange_silence(&q->exchange);
	learned->chain = q->chain;
	exchange_stop(&q->exchange);
	give_back(q);
}

static const struct timeval *make_tick(struct event_base *base, int64_t ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};
	const struct timeval *tick = event_base_init_common_timeout(base, &t);

	need(tick != NULL);
	return tick;
}

bool direct_init(struct direct *d, struct event_base *base,
                 const struct option_list *servers, size_t sockets, int64_t timeout_ms,
                 struct err *err)
{
	size_t n = servers->n;

	d->exchanges.base = base;
	d->exchanges.limit = sockets;
	d->servers = ARENA_ARRAY(d->arena, struct direct_server, n);
	d->server_count = n;
	for (size_t i = 0; i < n; i++) {
		struct direct_server *s = &d->servers[i];

		s->text = arena_dup(d->arena, servers->v[i]);
		if (!ip_port_parse(s->text, DNS_PORT, &s->ip, &s->port))
			return err_set(err, ERR_USAGE, "%.*s: not ADDR or ADDR:PORT",
			               STR_ARG(s->text));
	}
	d->tick_single = make_tick(base, timeout_ms / EXCHANGE_TICKS + 1);
	d->tick_shared = make_tick(
	        base, timeout_ms / (EXCHANGE_TICKS * (int64_t)(n ? n : 1)) + 1);
	return true;
}
