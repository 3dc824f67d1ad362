/* What the core tells its edges: all of it after each start, then what changes, and never
 * what was not stored; and what it makes of their numbers. */
#include "core/edges.h"

#include "config/config.h"
#include "core/test_place.h"
#include "core/turn.h"
#include "ipc/channel.h"
#include "store/account.h"
#include "store/event.h"
#include "store/turn.h"
#include "track/event.h"

enum { HOSTS = 600, PAGE = 50, TEXT_BYTES = 20000, ROWS_MAX = 4096 };

struct world {
	char folder[64];
	struct arena a;
	struct event_base *base;
	struct store store;
	struct turn *turn;
	struct config config;
	struct edges *edges;
	struct channel *edge; /* the other end */
	size_t starts, accounts, hosts, dones, changed, ingested;
	uint64_t policy[8]; /* by account */
	char last_name[64];
	uint64_t synced;
	int64_t account, operator_account;
	bool is_closed;
};

static char text[TEXT_BYTES];

static bool hosts(void *arg, struct arena *a, int64_t after,
                  struct edge_host_page *page, struct err *err)
{
	(void)arg;
	(void)err;
	page->v = ARENA_ARRAY(a, struct edge_host, PAGE);
	for (int64_t i = after; i < after + PAGE && i < HOSTS; i++)
		page->v[page->n++] = (struct edge_host){
		        .name = arena_printf(a, "h%lld.example", (long long)i),
		        .account = 1,
		        .apple_app_site_association = {text, sizeof(text)},
		        .assetlinks = {text, sizeof(text)},
		};
	page->next = after + PAGE < HOSTS ? after + PAGE : 0;
	return true;
}

static void on_synced(void *arg, unsigned instance, uint64_t sequence)
{
	struct world *w = arg;

	assert_int_equal(instance, 2);
	w->synced = sequence;
}

static void take_host(struct world *w, struct str name)
{
	snprintf(w->last_name, sizeof(w->last_name), "%.*s", STR_ARG(name));
	w->hosts++;
}

/* As the edge gets it: accounts before hosts, all between START and DONE. */
static void on_message(void *arg, struct channel_message *m)
{
	struct world *w = arg;
	struct ipc_reader r = {m->body};
	uint64_t account;

	switch ((int)m->type) {
	case IPC_EDGE_TABLE_START:
		w->starts++;
		w->accounts = w->hosts = 0;
		break;
	case IPC_EDGE_ACCOUNT:
		account = ipc_get_u64(&r);
		(void)ipc_get_str(&r);
		(void)ipc_get_str(&r);
		assert_true(account < LEN(w->policy));
		w->policy[account] = ipc_get_u64(&r);
		w->accounts++;
		break;
	case IPC_EDGE_HOST:
		take_host(w, ipc_get_str(&r));
		break;
	case IPC_EDGE_TABLE_DONE:
		w->dones++;
		break;
	case IPC_TLS_CHANGED:
		w->changed++;
		break;
	case IPC_EDGE_INGESTED:
		w->ingested = ipc_get_u64(&r);
		break;
	default:
		fail();
	}
}

static void on_closed(void *arg, const char *why)
{
	struct world *w = arg;

	(void)why;
	w->is_closed = true;
}

static void connect_edge(struct world *w)
{
	int fds[2];

	channel_free(w->edge);
	OK(channel_pair(fds, &err));
	w->edge = channel_new(fds[1], ROLE_EDGE, ROLE_CORE);
	channel_attach(w->edge, w->base,
	               &(struct channel_handlers){on_message, on_closed, w});
	edges_connect(w->edges, 2, fds[0]);
}

static int64_t add_account(struct world *w, const char *name, const char *policy,
                           bool is_operator)
{
	int64_t id;

	OK(account_add(&w->store,
	               &(struct account_row){.name = str_c(name),
	                                     .language = STR("en"),
	                                     .ip_policy = str_c(policy),
	                                     .is_operator = is_operator},
	               &id, &err));
	return id;
}

static int set_up(void **state)
{
	static struct world w;

	memset(text, 'x', sizeof(text));
	w = (struct world){0};
	test_folder_make(w.folder, "edges");
	test_store_open(&w.store, w.folder);
	w.config.edge_ip = STR("truncated");
	w.operator_account = add_account(&w, "Operator", "", true);
	w.account = add_account(&w, "Acme", "none", false);
	w.base = event_base_new();
	event_base_priority_init(w.base, 2);
	w.turn = turn_new(w.base, &w.store);
	w.edges = edges_new(&(struct edges_setup){.base = w.base,
	                                          .store = &w.store,
	                                          .turn = w.turn,
	                                          .config = &w.config,
	                                          .hosts = hosts,
	                                          .synced = on_synced,
	                                          .arg = &w});
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	channel_free(w->edge);
	edges_free(w->edges);
	turn_free(w->turn);
	event_base_free(w->base);
	store_close(&w->store);
	arena_done(&w->a);
	test_folder_remove(w->folder);
	return 0;
}

static void run_until(struct world *w, const size_t *what, size_t n)
{
	LOOP_UNTIL(w->base, *what >= n);
}

/* 24 MB of texts, through a queue of four. */
static void all_after_each_start(void **state)
{
	struct world *w = *state;

	for (size_t start = 1; start <= 2; start++) {
		connect_edge(w);
		run_until(w, &w->dones, start);
		assert_int_equal(w->starts, start);
		assert_int_equal(w->accounts, 2);
		assert_int_equal(w->hosts, HOSTS);
		assert_string_equal(w->last_name, "h599.example");
	}
	assert_int_equal(w->policy[w->operator_account], TRACK_IP_TRUNCATED);
	assert_int_equal(w->policy[w->account], TRACK_IP_NONE);
	assert_false(w->is_closed);
}

static void tell_host(struct world *w, const char *name, bool is_lost)
{
	turn_touch(w->turn);
	OK(store_turn_begin(&w->store, &err));
	edges_host(w->edges, &(struct edge_host){.name = str_c(name), .account = 1});
	w->store.turn_failed = is_lost;
}

/* What changes goes out behind the commit, and not at all without one. */
static void changes_behind_the_commit(void **state)
{
	struct world *w = *state;
	size_t before;

	connect_edge(w);
	run_until(w, &w->dones, 1);
	before = w->hosts;
	tell_host(w, "lost.example", true);
	test_run_turns(w->base, 10);
	assert_int_equal(w->hosts, before);
	tell_host(w, "kept.example", false);
	run_until(w, &w->hosts, before + 1);
	assert_string_equal(w->last_name, "kept.example");
	edges_account(w->edges, w->account);
	run_until(w, &w->accounts, 3);
	edges_tls_changed(w->edges, STR("kept.example"));
	run_until(w, &w->changed, 1);
	edges_ingested(w->edges, 2, 4711);
	run_until(w, &w->ingested, 4711);
}

static void another_default(void **state)
{
	struct world *w = *state;
	struct config fresh = w->config;

	connect_edge(w);
	run_until(w, &w->dones, 1);
	fresh.edge_ip = STR("full");
	edges_reconfigure(w->edges, &fresh);
	run_until(w, &w->dones, 2);
	assert_int_equal(w->policy[w->operator_account], TRACK_IP_FULL);
	assert_int_equal(w->policy[w->account], TRACK_IP_NONE);
}

static void send_stats(struct world *w, const struct edge_stats *s)
{
	AUTO(buf) body = {.max = 1024};

	edge_stats_put(&body, s);
	assert_true(channel_send(w->edge, IPC_EDGE_STATS, 0, buf_str(&body), -1));
	test_run_turns(w->base, 10);
}

static size_t alarms(struct world *w, int64_t account)
{
	struct event_filter filter = {.account_id = account,
	                              .type = STR("tracking.events_lost")};
	struct store_page page = {.limit = 10};
	struct event_rows rows;

	OK(event_list(&w->store, &w->a, &filter, &page, &rows, &err));
	return rows.n;
}

/* Counters go on when an edge is started anew; losses are told, not each second. */
static void numbers_of_edges(void **state)
{
	struct world *w = *state;
	AUTO(buf) body = {.max = 64};

	connect_edge(w);
	run_until(w, &w->dones, 1);
	send_stats(w, &(struct edge_stats){.clicks = 5, .connections = 3});
	assert_int_equal(alarms(w, w->operator_account), 0);
	send_stats(w, &(struct edge_stats){
	                      .clicks = 7, .connections = 2, .journal_lost = 1});
	send_stats(w, &(struct edge_stats){
	                      .clicks = 9, .connections = 2, .journal_lost = 4});
	assert_int_equal(edges_stats(w->edges).clicks, 9);
	assert_int_equal(edges_stats(w->edges).connections, 2);
	assert_int_equal(alarms(w, w->operator_account), 1);
	assert_int_equal(alarms(w, w->account), 0);
	ipc_put_u64(&body, 12);
	assert_true(channel_send(w->edge, IPC_EDGE_SYNCED, 0, buf_str(&body), -1));
	test_run_turns(w->base, 10);
	assert_int_equal(w->synced, 12);
	connect_edge(w);
	run_until(w, &w->dones, 2);
	assert_int_equal(edges_stats(w->edges).clicks, 9);
	assert_int_equal(edges_stats(w->edges).connections, 0);
	send_stats(w, &(struct edge_stats){.clicks = 2, .connections = 1});
	assert_int_equal(edges_stats(w->edges).clicks, 11);
	assert_int_equal(edges_stats(w->edges).connections, 1);
	assert_int_equal(edges_stats(w->edges).journal_lost, 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(all_after_each_start),
	        TEST(changes_behind_the_commit),
	        TEST(another_default),
	        TEST(numbers_of_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
