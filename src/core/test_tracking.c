/* Tracking domains under watch, with a real store and a DNS server of the test's own; and
 * what an edge's answer to a probe says. The whole way is tests/server/test_tracking.py. */
#include "base/clock.h"
#include "core/test_dns.h"
#include "core/test_place.h"
#include "core/tracking.h"
#include "core/tracking_probe.h"
#include "core/tracking_seen.h"
#include "core/turn.h"
#include "store/event.h"
#include "store/tracking.h"
#include "store/turn.h"

struct world {
	char folder[64];
	struct arena a;
	struct config config;
	struct str server;
	struct store store;
	struct resolver *resolver;
	struct event_base *base;
	struct fetch_pool *fetch;
	struct turn *turn;
	struct test_dns *dns;
	struct tracking_watch *watch;
	int64_t account, id;
	int considered;
	struct certificate_facts facts;
	int done, how[4];
};

static void consider(void *arg, int64_t id, const struct certificate_facts *facts)
{
	struct world *w = arg;

	(void)id;
	w->considered++;
	w->facts = *facts;
	w->facts.why = STR_NONE;
}

static void on_done(void *arg, enum api_verified how)
{
	struct world *w = arg;

	w->how[how]++;
	w->done++;
}

static void open_watch(struct world *w)
{
	w->watch = tracking_watch_new(
	        &(struct tracking_watch_setup){.resolver = w->resolver,
	                                       .store = &w->store,
	                                       .turn = w->turn,
	                                       .fetch = w->fetch,
	                                       .config = &w->config,
	                                       .consider = consider,
	                                       .arg = w});
	OK(tracking_watch_load(w->watch, &err));
}

static void close_watch(struct world *w)
{
	tracking_watch_stop(w->watch);
	tracking_watch_free(w->watch);
	w->watch = NULL;
}

static int set_up(void **state)
{
	static struct world w;

	w = (struct world){.server = STR("unused")};
	test_folder_make(w.folder, "tracking");
	clock_set(START);
	test_store_open(&w.store, w.folder);
	w.dns = test_dns_new();
	w.resolver = test_resolver(test_dns_port(w.dns));
	w.base = resolver_base(w.resolver);
	test_dns_attach(w.dns, w.base);
	w.turn = turn_new(w.base, &w.store);
	OK(fetch_pool_new(&(struct fetch_pool_options){.base = w.base}, &w.fetch,
	                  &err));
	w.config.data_dir = str_c(w.folder);
	w.config.dns_servers = (struct str_list){&w.server, 1, 1};
	w.account = test_account(&w.store);
	open_watch(&w);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	turn_end(w->turn);
	tracking_watch_stop(w->watch);
	fetch_pool_free(w->fetch);
	test_dns_free(w->dns);
	turn_free(w->turn);
	resolver_free(w->resolver);
	tracking_watch_free(w->watch);
	store_close(&w->store);
	arena_done(&w->a);
	test_folder_remove(w->folder);
	clock_set(-1);
	return 0;
}

static uint64_t ended(const struct world *w)
{
	struct jobs_stats s = tracking_watch_stats(w->watch);

	return s.running || s.waiting ? 0 : s.done + s.failed;
}

static void add_host(struct world *w, const char *status, int64_t next_at)
{
	struct tracking_row row = {
	        .account_id = w->account,
	        .name = STR("track.acme.example"),
	        .mode = STR("managed"),
	        .region = STR("us"),
	        .target = STR("edge.example"),
	        .status = str_c(status),
	        .verified_at = str_eq(str_c(status), STR("verified")) ? START : 0,
	        .https = STR("green"),
	        .next_at = next_at,
	        .changed_at = START,
	        .created_at = START,
	};

	OK(tracking_add(&w->store, &row, &w->id, &err));
}

static struct tracking_row *row(struct world *w)
{
	struct tracking_row *out;

	OK(tracking_find(&w->store, &w->a, 0, w->id, &out, &err));
	return out;
}

static void now(struct world *w, int64_t wait_ms)
{
	turn_touch(w->turn);
	tracking_watch_now(w->watch, w->id, "request", wait_ms, on_done, w);
}

static void what_is_not_there_is_looked_at_again(void **state)
{
	struct world *w = *state;

	add_host(w, "pending", START);
	close_watch(w);
	open_watch(w);
	LOOP_UNTIL(w->base, ended(w) == 1);
	assert_true(str_eq(row(w)->status, STR("pending")));
	assert_int_equal(row(w)->next_at, START + MINUTE);
	assert_true(str_find(row(w)->seen, STR("record.missing")) >= 0);
	assert_int_equal(w->considered, 1);
	assert_int_equal(w->facts.dns, CERTIFICATE_SEEN_WRONG);
	clock_set(START + MINUTE);
	tracking_watch_poke(w->watch);
	LOOP_UNTIL(w->base, ended(w) == 2);
	assert_int_equal(row(w)->next_at, START + 2 * MINUTE);
}

/* S1-25, and: faults demote nothing. */
static void faults_demote_nothing(void **state)
{
	struct world *w = *state;

	test_dns_set(w->dns, TEST_DNS_FAULT);
	add_host(w, "verified", 0);
	now(w, 20000);
	LOOP_UNTIL(w->base, w->done == 1);
	assert_int_equal(w->how[API_VERIFIED_DONE], 1);
	assert_true(str_eq(row(w)->status, STR("verified")));
	assert_true(str_eq(row(w)->https, STR("green")));
	assert_int_equal(row(w)->fault_streak, 1);
	assert_int_equal(w->facts.dns, CERTIFICATE_SEEN_UNKNOWN);
	test_dns_set(w->dns, TEST_DNS_NONE);
	w->done = 0;
	now(w, 20000);
	LOOP_UNTIL(w->base, w->done == 1);
	assert_true(str_eq(row(w)->status, STR("lost")));
	assert_true(str_eq(row(w)->https, STR("red")));
}

/* Who asks while a look is under way is told of the one behind it. */
static void whoever_asks_meanwhile(void **state)
{
	struct world *w = *state;

	test_dns_set(w->dns, TEST_DNS_HOLD);
	add_host(w, "pending", 0);
	now(w, 20000);
	LOOP_UNTIL(w->base, test_dns_held(w->dns) > 0);
	now(w, 20000);
	event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	test_dns_release(w->dns, TEST_DNS_NONE);
	LOOP_UNTIL(w->base, ended(w) == 2);
	assert_int_equal(w->how[API_VERIFIED_DONE], 2);
}

static void waiting_ends(void **state)
{
	struct world *w = *state;

	test_dns_set(w->dns, TEST_DNS_HOLD);
	add_host(w, "pending", 0);
	now(w, 1);
	LOOP_UNTIL(w->base, w->done == 1);
	assert_int_equal(w->how[API_VERIFIED_TIMEOUT], 1);
	w->done = 0;
	now(w, 20000);
	event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	tracking_watch_drain(w->watch);
	LOOP_UNTIL(w->base, w->done == 1);
	test_dns_release(w->dns, TEST_DNS_NONE);
}

static void the_operators_hosts_are_rows(void **state)
{
	struct world *w = *state;
	struct str pairs[] = {STR("us=edge.us.example"), STR("eu=edge.eu.example")};
	struct tracking_rows rows;

	w->config.instance_tracking = (struct str_list){pairs, 2, 2};
	close_watch(w);
	open_watch(w);
	LOOP_UNTIL(w->base, ended(w) == 2);
	OK(tracking_list(&w->store, &w->a, &(struct tracking_filter){0},
	                 &(struct store_page){.limit = 9}, &rows, &err));
	assert_int_equal(rows.n, 2);
	assert_true(str_eq(rows.v[0].mode, STR("operator")));
	assert_true(str_eq(rows.v[1].region, STR("eu")));
	assert_true(str_eq(rows.v[0].status, STR("pending")));
	/* Once, however often it starts. */
	close_watch(w);
	open_watch(w);
	OK(tracking_list(&w->store, &w->a, &(struct tracking_filter){0},
	                 &(struct store_page){.limit = 9}, &rows, &err));
	assert_int_equal(rows.n, 2);
	w->config.instance_tracking = (struct str_list){0};
}

static void what_is_remembered_of_hsts(void **state)
{
	static const char *const none[] = {"", "{}", "[1]", "{\"hsts\": 1}",
	                                   "{\"hsts\": {\"by\": \"a.example\"}}"};
	struct world *w = *state;
	struct tracking_sight sight = {.dns = TRACKING_DNS_RIGHT};
	struct tracking_seen_input in = {.sight = &sight, .now = START};
	struct hsts_memory back;

	for (size_t i = 0; i < LEN(none); i++)
		assert_int_equal(tracking_seen_hsts(&w->a, str_c(none[i])).at, 0);
	back = tracking_seen_hsts(&w->a, tracking_seen_text(&w->a, &in));
	assert_int_equal(back.at, 0);
	in.hsts.at = START;
	back = tracking_seen_hsts(&w->a, tracking_seen_text(&w->a, &in));
	assert_int_equal(back.at, START);
	assert_int_equal(back.by.n, 0);
	in.hsts.by = STR("a.example");
	back = tracking_seen_hsts(&w->a, tracking_seen_text(&w->a, &in));
	assert_true(back.at == START && str_eq(back.by, STR("a.example")));
}

static void what_an_edge_says(void **state)
{
	static const char good[] = "signet-probe 1\nproof abc\nhost t.a.example\n"
	                           "scheme https\nforwarded no\nseen 77\n";
	static const char *const bad[] = {
	        "",
	        "signet-probe 1\n",
	        "signet-probe 2\nproof abc\n",
	        "signet-probe 1\nproof abcd\nhost t.a.example\n",
	        "<html>signet-probe 1\nproof abc\n",
	        "signet-probe 1\nproof\nproof abc",
	};
	struct world *w = *state;
	struct link_probe p = {0};

	assert_true(probe_read(&w->a, STR(good), STR("abc"), &p));
	assert_true(p.is_ours);
	assert_true(str_eq(p.host, STR("t.a.example")));
	assert_true(str_eq(p.scheme, STR("https")));
	assert_true(str_eq(p.number, STR("77")));
	for (size_t i = 0; i + 1 < LEN(bad); i++) {
		p = (struct link_probe){0};
		assert_false(probe_read(&w->a, str_c(bad[i]), STR("abc"), &p));
		assert_false(p.is_ours);
	}
	assert_false(probe_read(&w->a, STR(good), STR(""), &p));
	assert_true(probe_is_nonce(STR("0123456789abcdef0123456789abcdef")));
	assert_false(probe_is_nonce(STR("0123456789abcdef0123456789abcdeF")));
	assert_false(probe_is_nonce(STR("0123456789abcdef")));
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(what_is_not_there_is_looked_at_again),
	        WORLD_TEST(faults_demote_nothing),
	        WORLD_TEST(whoever_asks_meanwhile),
	        WORLD_TEST(waiting_ends),
	        WORLD_TEST(the_operators_hosts_are_rows),
	        WORLD_TEST(what_is_remembered_of_hsts),
	        WORLD_TEST(what_an_edge_says),
	};

	return cmocka_run_group_tests_name("tracking", tests, NULL, NULL);
}
