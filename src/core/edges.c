#include "core/edges.h"

#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "core/operators.h"
#include "core/turn.h"
#include "ipc/channel.h"
#include "store/account.h"
#include "store/turn.h"
#include "track/event.h"

enum {
	PAGE_ROWS = 200,
	QUEUE_FULL = 512 * 1024, /* no further page until it has read some */
	QUEUE_WAIT_MS = 10,
	ALARM_MS = 60 * 1000,
};

/* How far its table has been sent. */
enum stage { STAGE_NONE, STAGE_ACCOUNTS, STAGE_HOSTS, STAGE_DONE };

struct edge_peer {
	struct edges *edges;
	unsigned instance;
	struct channel *channel; /* NULL: not there */
	enum stage stage;
	int64_t after; /* the cursor of the next page */
	struct event *send;
	struct edge_stats before, now; /* of processes that ended; of this one */
	uint64_t lost_told;
	int64_t told_at;
};

struct edges {
	struct arena a;
	struct edges_setup setup;
	struct edge_peer peers[ROLE_INSTANCES_MAX];
};

static void send_in(struct edge_peer *p, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(p->send, &tv);
}

/* From the beginning: what the edge has of it is replaced. */
static void begin_table(struct edge_peer *p)
{
	p->stage = STAGE_NONE;
	p->after = 0;
	send_in(p, 0);
}

/* What cannot be sent is made up for by the whole table. */
static void send_row(struct edge_peer *p, enum ipc_type type, struct str body)
{
	if (p->channel && channel_is_open(p->channel) &&
	    !channel_send(p->channel, type, 0, body, -1))
		begin_table(p);
}

static enum track_ip_policy policy_of(const struct edges *e, struct str word)
{
	enum track_ip_policy policy;

	if (track_ip_policy_parse(word, &policy) ||
	    track_ip_policy_parse(e->setup.config->edge_ip, &policy))
		return policy;
	return TRACK_IP_NONE;
}

static void put_account(const struct edges *e, const struct account_row *row,
                        struct buf *body)
{
	ipc_put_u64(body, (uint64_t)row->id);
	ipc_put_str(body, str_slice(row->name, 0, 1024));
	ipc_put_str(body, str_slice(row->language, 0, 64));
	ipc_put_u64(body, policy_of(e, row->ip_policy));
}

static void put_host(const struct edge_host *host, struct buf *body)
{
	ipc_put_str(body, host->name);
	ipc_put_u64(body, (uint64_t)host->account);
	ipc_put_str(body, host->apple_app_site_association);
	ipc_put_str(body, host->assetlinks);
}

static bool send_accounts(struct edge_peer *p, struct arena *a, struct err *err)
{
	const struct store_page page = {.cursor = p->after, .limit = PAGE_ROWS};
	struct account_rows rows;

	if (!account_list(p->edges->setup.store, a, &page, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n; i++) {
		AUTO(buf) body = {.max = IPC_BODY_MAX};

		put_account(p->edges, &rows.v[i], &body);
		send_row(p, IPC_EDGE_ACCOUNT, buf_str(&body));
	}
	/* Where a row did not go the table begins anew. */
	if (p->stage != STAGE_ACCOUNTS)
		return true;
	p->after = rows.next;
	if (!rows.next)
		p->stage = STAGE_HOSTS;
	return true;
}

static bool send_hosts(struct edge_peer *p, struct arena *a, struct err *err)
{
	const struct edges_setup *setup = &p->edges->setup;
	struct edge_host_page page = {0};

	if (setup->hosts && !setup->hosts(setup->arg, a, p->after, &page, err))
		return false;
	for (size_t i = 0; i < page.n; i++) {
		AUTO(buf) body = {.max = IPC_BODY_MAX};

		put_host(&page.v[i], &body);
		send_row(p, IPC_EDGE_HOST, buf_str(&body));
	}
	if (p->stage != STAGE_HOSTS)
		return true;
	p->after = page.next;
	if (page.next)
		return true;
	p->stage = STAGE_DONE;
	send_row(p, IPC_EDGE_TABLE_DONE, STR_NONE);
	return true;
}

static bool send_page(struct edge_peer *p, struct err *err)
{
	AUTO(arena) a = {0};

	if (p->stage == STAGE_NONE) {
		p->stage = STAGE_ACCOUNTS;
		send_row(p, IPC_EDGE_TABLE_START, STR_NONE);
	}
	return p->stage == STAGE_ACCOUNTS ? send_accounts(p, &a, err)
	                                  : send_hosts(p, &a, err);
}

static void on_send(evutil_socket_t fd, short what, void *arg)
{
	struct edge_peer *p = arg;
	struct err err;

	(void)fd;
	(void)what;
	if (!p->channel || !channel_is_open(p->channel) || p->stage == STAGE_DONE)
		return;
	if (channel_queued(p->channel) > QUEUE_FULL) {
		send_in(p, QUEUE_WAIT_MS);
		return;
	}
	if (!send_page(p, &err)) {
		log_error("edge.table_failed", LOG_NUM("process", p->instance),
		          LOG_CSTR("reason", err.text));
		send_in(p, 1000);
		return;
	}
	if (p->stage != STAGE_DONE)
		send_in(p, 0);
}

static void add_stats(struct edge_stats *to, const struct edge_stats *more,
                      bool counters_only)
{
	for (size_t i = 0; i < EDGE_STATS_COUNT; i++) {
		const struct edge_stats_row *row = &edge_stats_rows[i];
		const char *from = (const char *)more + row->offset;
		char *into = (char *)to + row->offset;
		uint64_t sum, n;

		if (counters_only && row->type[0] == 'g')
			continue;
		memcpy(&n, from, sizeof(n));
		memcpy(&sum, into, sizeof(sum));
		sum += n;
		memcpy(into, &sum, sizeof(sum));
	}
}

static void tell_lost(struct edge_peer *p, uint64_t lost)
{
	struct edges *e = p->edges;
	json_t *data = json_object();
	struct err err;
	bool ok;

	log_error("edge.events_lost", LOG_NUM("process", p->instance),
	          LOG_NUM("events", lost - p->lost_told));
	json_object_set_new(data, "process", json_integer(p->instance));
	json_object_set_new(data, "events",
	                    json_integer((json_int_t)(lost - p->lost_told)));
	turn_touch(e->setup.turn);
	if (!store_turn_savepoint(e->setup.store, &err)) {
		json_decref(data);
		log_error("edge.events_lost", LOG_CSTR("reason", err.text));
		return;
	}
	ok = operators_tell(e->setup.store, "tracking.events_lost", clock_now(), data,
	                    &err) &&
	     store_turn_release(e->setup.store, &err);
	if (!ok) {
		store_turn_rollback(e->setup.store);
		log_error("edge.events_lost", LOG_CSTR("reason", err.text));
		return;
	}
	p->lost_told = lost;
	p->told_at = clock_monotonic_ms();
}

static void on_stats(struct edge_peer *p, const struct edge_stats *s)
{
	uint64_t lost = p->before.journal_lost + s->journal_lost;
	uint64_t failed_before = p->now.journal_failed_since;

	p->now = *s;
	if (s->journal_failed_since && !failed_before)
		log_error("edge.journal_failing", LOG_NUM("process", p->instance),
		          LOG_NUM("since", s->journal_failed_since),
		          LOG_CSTR("reason", strerror((int)s->journal_errno)));
	if (!s->journal_failed_since && failed_before)
		log_info("edge.journal_works", LOG_NUM("process", p->instance));
	if (lost > p->lost_told &&
	    (!p->told_at || clock_monotonic_ms() - p->told_at >= ALARM_MS))
		tell_lost(p, lost);
}

static void on_message(void *arg, struct channel_message *m)
{
	struct edge_peer *p = arg;
	const struct edges_setup *setup = &p->edges->setup;
	struct ipc_reader r = {m->body};
	struct edge_stats stats;

	if (m->type == IPC_EDGE_SYNCED) {
		uint64_t sequence = ipc_get_u64(&r);

		if (setup->synced)
			setup->synced(setup->arg, p->instance, sequence);
	}
	if (m->type == IPC_EDGE_STATS) {
		edge_stats_get(&r, &stats);
		on_stats(p, &stats);
	}
}

static void disconnect(struct edge_peer *p)
{
	channel_free(p->channel);
	p->channel = NULL;
	add_stats(&p->before, &p->now, true);
	p->now = (struct edge_stats){0};
	evtimer_del(p->send);
}

static void on_closed(void *arg, const char *why)
{
	struct edge_peer *p = arg;

	log_info("edge.gone", LOG_NUM("process", p->instance), LOG_CSTR("reason", why));
	disconnect(p);
}

struct edges *edges_new(const struct edges_setup *setup)
{
	struct arena a = {0};
	struct edges *e = ARENA_NEW(&a, struct edges);

	e->a = a;
	e->setup = *setup;
	for (unsigned i = 0; i < LEN(e->peers); i++) {
		struct edge_peer *p = &e->peers[i];

		p->edges = e;
		p->instance = i;
		p->send = evtimer_new(setup->base, on_send, p);
		need(p->send != NULL);
	}
	return e;
}

void edges_reconfigure(struct edges *e, const struct config *config)
{
	e->setup.config = config;
	/* Another default of what is kept of addresses. */
	for (size_t i = 0; i < LEN(e->peers); i++)
		if (e->peers[i].channel)
			begin_table(&e->peers[i]);
}

void edges_connect(struct edges *e, unsigned instance, int fd)
{
	struct edge_peer *p;

	need(instance < LEN(e->peers));
	p = &e->peers[instance];
	if (p->channel)
		disconnect(p);
	p->channel = channel_new(fd, ROLE_CORE, ROLE_EDGE);
	channel_attach(p->channel, e->setup.base,
	               &(struct channel_handlers){on_message, on_closed, p});
	begin_table(p);
}

void edges_free(struct edges *e)
{
	struct arena a;

	if (!e)
		return;
	for (size_t i = 0; i < LEN(e->peers); i++) {
		channel_free(e->peers[i].channel);
		event_free(e->peers[i].send);
	}
	a = e->a;
	arena_done(&a);
}

/* What waits for the commit of its turn. */
struct row_change {
	struct edges *edges;
	enum ipc_type type;
	int64_t account;
	struct str body;
};

static void send_to_all(struct edges *e, enum ipc_type type, struct str body)
{
	for (size_t i = 0; i < LEN(e->peers); i++)
		if (e->peers[i].stage != STAGE_NONE || type == IPC_TLS_CHANGED)
			send_row(&e->peers[i], type, body);
}

static void on_host_committed(void *arg, bool committed)
{
	const struct row_change *c = arg;

	if (committed)
		send_to_all(c->edges, c->type, c->body);
}

void edges_host(struct edges *e, const struct edge_host *host)
{
	struct arena *a = turn_arena(e->setup.turn);
	struct row_change *c = ARENA_NEW(a, struct row_change);
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	put_host(host, &body);
	need(!body.overflowed);
	*c = (struct row_change){.edges = e,
	                         .type = IPC_EDGE_HOST,
	                         .body = arena_dup(a, buf_str(&body))};
	turn_after(e->setup.turn, on_host_committed, c);
}

static void on_account_committed(void *arg, bool committed)
{
	const struct row_change *c = arg;
	AUTO(arena) a = {0};
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	struct account_row *row;
	struct err err;

	if (!committed)
		return;
	if (!account_find(c->edges->setup.store, &a, c->account, &row, &err)) {
		log_error("edge.account_unread", LOG_CSTR("reason", err.text));
		return;
	}
	if (!row)
		return;
	put_account(c->edges, row, &body);
	send_to_all(c->edges, IPC_EDGE_ACCOUNT, buf_str(&body));
}

void edges_account(struct edges *e, int64_t account)
{
	struct row_change *c = ARENA_NEW(turn_arena(e->setup.turn), struct row_change);

	*c = (struct row_change){.edges = e, .account = account};
	turn_after(e->setup.turn, on_account_committed, c);
}

void edges_tls_changed(struct edges *e, struct str host)
{
	AUTO(buf) body = {.max = 512};

	ipc_put_str(&body, host);
	if (!body.overflowed)
		send_to_all(e, IPC_TLS_CHANGED, buf_str(&body));
}

void edges_ingested(struct edges *e, unsigned instance, uint64_t sequence)
{
	AUTO(buf) body = {.max = 64};
	struct edge_peer *p;

	need(instance < LEN(e->peers));
	p = &e->peers[instance];
	ipc_put_u64(&body, sequence);
	/* One that is lost is made up for by the next. */
	if (p->channel && channel_is_open(p->channel))
		(void)!channel_send(p->channel, IPC_EDGE_INGESTED, 0, buf_str(&body),
		                    -1);
}

struct edge_stats edges_stats(const struct edges *e)
{
	struct edge_stats sum = {0};

	for (size_t i = 0; i < LEN(e->peers); i++) {
		add_stats(&sum, &e->peers[i].before, true);
		add_stats(&sum, &e->peers[i].now, false);
	}
	return sum;
}
