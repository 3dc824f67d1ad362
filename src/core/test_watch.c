/*
 * Domains under watch, with a real store and a DNS server of the test's own, all on one
 * loop; the clock stands still and is moved by hand.
 */
#include "base/clock.h"
#include "core/test_dns.h"
#include "core/test_place.h"
#include "core/turn.h"
#include "core/watch.h"
#include "life/life.h"
#include "store/check.h"
#include "store/domain.h"
#include "store/event.h"
#include "store/layout.h"
#include "store/turn.h"

#define LAYOUT(value)                                                                  \
	STR("{\"id\":\"tiny\",\"name\":\"Tiny\",\"summary\":\"x\",\"variables\":[],"   \
	    "\"records\":[{\"purpose\":\"ownership\",\"type\":\"TXT\","                \
	    "\"name\":\"_own.{domain}\",\"value\":\"" value                            \
	    "\",\"ttl\":60,\"required\":true,\"match\":\"exact\"}],"                   \
	    "\"timings\":{\"fail_after_hours\":72,\"grace_hours\":24,"                 \
	    "\"check_minutes\":[1,2,5,10,15,30],\"check_every_minutes\":60}}")

struct world {
	char folder[64];
	struct config config;
	struct store store;
	struct resolver *resolver;
	struct event_base *base;
	struct turn *turn;
	struct test_dns *dns;
	struct watch *watch;
	int64_t account, layout;
	int done, how[4]; /* of on_done() */
};

static int64_t put_layout(struct world *w, const char *digest, struct str text)
{
	struct layout_row row = {
	        .digest = str_c(digest), .profile = STR("tiny"), .text = text};
	int64_t id;

	OK(layout_put(&w->store, &row, &id, &err));
	return id;
}

static void open_watch(struct world *w)
{
	w->watch = watch_new(&(struct watch_setup){.resolver = w->resolver,
	                                           .store = &w->store,
	                                           .turn = w->turn,
	                                           .config = &w->config});
	OK(watch_load(w->watch, &err));
}

static int set_up(void **state)
{
	static struct world w;
	struct str server = STR("unused");

	w = (struct world){0};
	test_folder_make(w.folder, "watch");
	clock_set(START);
	test_store_open(&w.store, w.folder);
	w.dns = test_dns_new();
	w.resolver = test_resolver(test_dns_port(w.dns));
	w.base = resolver_base(w.resolver);
	test_dns_attach(w.dns, w.base);
	w.turn = turn_new(w.base, &w.store);
	w.config.dns_concurrency = 4;
	w.config.watch_batch = 3;
	w.config.dns_servers = (struct str_list){&server, 1, 1};
	w.account = test_account(&w.store);
	w.layout = put_layout(&w, "1", LAYOUT("yes"));
	open_watch(&w);
	w.config.dns_servers = (struct str_list){0};
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	turn_end(w->turn);
	watch_stop(w->watch);
	test_dns_free(w->dns);
	turn_free(w->turn);
	resolver_free(w->resolver);
	watch_free(w->watch);
	store_close(&w->store);
	test_folder_remove(w->folder);
	clock_set(-1);
	return 0;
}

static int64_t add_domain(struct world *w, const char *name)
{
	struct life life = life_begin(clock_now());
	struct domain_row row = {
	        .account_id = w->account,
	        .name = str_c(name),
	        .layout_id = w->layout,
	        .settings = STR("{}"),
	        .region = STR("us"),
	        .environment = STR("production"),
	        .unsubscribe_mode = STR("off"),
	        .created_at = clock_now(),
	        .life = {.status = STR("pending"),
	                 .status_since = life.status_since,
	                 .started_at = life.started_at,
	                 .next_check_at = life.next_check_at},
	};
	int64_t id;

	OK(domain_add(&w->store, &row, &id, &err));
	assert_true(id > 0);
	watch_schedule(w->watch, id, life.next_check_at);
	return id;
}

static struct domain_row *get_domain(struct world *w, struct arena *a, int64_t id)
{
	struct domain_row *row;

	OK(domain_find(&w->store, a, 0, id, &row, &err));
	assert_non_null(row);
	return row;
}

/* One turn of the loop after the other until the checks so far are `n`. */
static void run_until_done(struct world *w, uint64_t n)
{
	LOOP_UNTIL(w->base,
	           watch_stats(w->watch).done + watch_stats(w->watch).failed >= n);
	assert_int_equal(watch_stats(w->watch).done + watch_stats(w->watch).failed, n);
	/* What is behind the commit. */
	turn_end(w->turn);
}

/* What is due is checked; nothing is, where the number stays. */
static void run_turns(struct world *w)
{
	test_run_turns(w->base, 10);
}

static void move_clock(struct world *w, int64_t ms)
{
	clock_set(clock_now() + ms);
	watch_poke(w->watch);
}

static int count_events(struct world *w, int64_t domain, const char *type)
{
	AUTO(arena) a = {0};
	struct event_filter filter = {.domain_id = domain, .type = str_c(type)};
	struct store_page page = {.limit = 100};
	struct event_rows rows;

	OK(event_list(&w->store, &a, &filter, &page, &rows, &err));
	return (int)rows.n;
}

struct move {
	int64_t ms; /* the clock goes on before the check */
	enum test_dns_mode dns;
	const char *status, *event; /* after the check */
	int64_t next;               /* from then */
};

static void check_move(struct world *w, int64_t id, const struct move *m, size_t i)
{
	AUTO(arena) a = {0};
	uint64_t done = watch_stats(w->watch).done;
	struct domain_row *row;
	int before = m->event ? count_events(w, id, m->event) : 0;

	test_dns_set(w->dns, m->dns);
	move_clock(w, m->ms);
	run_until_done(w, done + 1);
	row = get_domain(w, &a, id);
	if (!str_eq(row->life.status, str_c(m->status)))
		fail_msg("move %zu: %.*s, not %s", i, STR_ARG(row->life.status),
		         m->status);
	if (row->life.next_check_at - clock_now() != m->next)
		fail_msg("move %zu: next in %lld s", i,
		         (long long)(row->life.next_check_at - clock_now()) / 1000);
	assert_int_equal(row->life.checked_at, clock_now());
	if (m->event)
		assert_int_equal(count_events(w, id, m->event), before + 1);
}

static void a_domain_lives(void **state)
{
	static const struct move moves[] = {
	        {0,           TEST_DNS_NONE,  "pending",  NULL,               MINUTE     },
	        {MINUTE,      TEST_DNS_NONE,  "pending",  NULL,               MINUTE     },
	        {MINUTE,      TEST_DNS_GOOD,  "verified", "domain.verified",  HOUR       },
	        {HOUR,        TEST_DNS_GOOD,  "verified", NULL,               HOUR       },
	        {HOUR,        TEST_DNS_WRONG, "verified", NULL,               10 * MINUTE},
	        {10 * MINUTE, TEST_DNS_FAULT, "verified", NULL,               HOUR       },
	        {HOUR,        TEST_DNS_WRONG, "warning",  "domain.warning",   HOUR       },
	        {24 * HOUR,   TEST_DNS_NONE,  "lost",     "domain.lost",      HOUR       },
	        {72 * HOUR,   TEST_DNS_FAULT, "lost",     NULL,               HOUR       },
	        {HOUR,        TEST_DNS_GOOD,  "verified", "domain.recovered", HOUR       },
	};
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");

	for (size_t i = 0; i < LEN(moves); i++)
		check_move(w, id, &moves[i], i);
	assert_int_equal(watch_undetermined(w->watch), 2);
	assert_int_equal(watch_stats(w->watch).scheduled, 1);
}

static void a_domain_fails_and_is_left_alone(void **state)
{
	struct world *w = *state;
	const struct move moves[] = {
	        {0,         TEST_DNS_NONE, "pending", NULL,            MINUTE},
	        {72 * HOUR, TEST_DNS_NONE, "failed",  "domain.failed",
	         -(START + 72 * HOUR)	                                }, /* never: 0 */
	};
	int64_t id = add_domain(w, "a.example");

	for (size_t i = 0; i < LEN(moves); i++)
		check_move(w, id, &moves[i], i);
	assert_int_equal(watch_stats(w->watch).scheduled, 0);
}

static void what_is_seen_again_is_no_new_row(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	struct store_page page = {.limit = 100};
	struct check_rows rows;
	int64_t id = add_domain(w, "a.example");

	test_dns_set(w->dns, TEST_DNS_GOOD);
	run_until_done(w, 1);
	for (uint64_t i = 2; i < 6; i++) {
		move_clock(w, HOUR);
		run_until_done(w, i);
	}
	test_dns_set(w->dns, TEST_DNS_NONE);
	move_clock(w, HOUR);
	run_until_done(w, 6);
	OK(check_list(&w->store, &a, id, &page, &rows, &err));
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.v[0].repeated, 4);
	assert_true(str_eq(rows.v[0].cause, STR("added")));
	assert_true(rows.v[0].can_send);
	assert_int_equal(rows.v[1].repeated, 0);
	assert_true(str_eq(rows.v[1].cause, STR("schedule")));
}

static void a_restart_finds_the_schedule(void **state)
{
	struct world *w = *state;
	struct str server = STR("unused");

	test_dns_set(w->dns, TEST_DNS_GOOD);
	add_domain(w, "a.example");
	add_domain(w, "b.example");
	run_until_done(w, 2);
	watch_stop(w->watch);
	/* Nothing is under way, so the resolver may stay. */
	watch_free(w->watch);
	w->config.dns_servers = (struct str_list){&server, 1, 1};
	open_watch(w);
	assert_int_equal(watch_stats(w->watch).scheduled, 2);
	run_turns(w);
	assert_int_equal(watch_stats(w->watch).done, 0);
	move_clock(w, HOUR);
	run_until_done(w, 2);
}

static void on_done(void *arg, enum api_verified how)
{
	struct world *w = arg;

	assert_true(w->done < (int)LEN(w->how));
	w->how[w->done++] = (int)how;
}

static void run_until_held(struct world *w)
{
	LOOP_UNTIL(w->base, test_dns_held(w->dns) > 0);
}

static void requests_are_told(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	struct check_row *row;
	int64_t id = add_domain(w, "a.example");

	test_dns_set(w->dns, TEST_DNS_GOOD);
	run_until_done(w, 1);
	watch_now(w->watch, id, "request", 0, on_done, w);
	watch_now(w->watch, id, "request", 10000, on_done, w);
	assert_int_equal(w->done, 0);
	run_until_done(w, 2); /* both by one check */
	assert_int_equal(w->done, 2);
	assert_int_equal(w->how[0], API_VERIFIED_DONE);
	assert_int_equal(w->how[1], API_VERIFIED_DONE);
	OK(check_find_newest(&w->store, &a, id, &row, &err));
	assert_true(str_eq(row->cause, STR("request")));
	/* There is no such domain: that is told, too. */
	watch_now(w->watch, 999, "request", 0, on_done, w);
	LOOP_UNTIL(w->base, w->done == 3);
	assert_int_equal(watch_stats(w->watch).scheduled, 1);
}

/* Whoever asks while a check is under way may have published something since. */
static void a_request_meanwhile_is_a_check_of_its_own(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");

	test_dns_set(w->dns, TEST_DNS_HOLD);
	run_until_held(w);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_turns(w);
	test_dns_release(w->dns, TEST_DNS_NONE);
	run_until_done(w, 1);
	assert_int_equal(w->done, 0);
	test_dns_set(w->dns, TEST_DNS_GOOD);
	run_until_done(w, 2);
	assert_int_equal(w->done, 1);
	assert_true(str_eq(get_domain(w, &a, id)->life.status, STR("verified")));
}

static void who_waits_too_long_is_told(void **state)
{
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");

	test_dns_set(w->dns, TEST_DNS_HOLD);
	watch_now(w->watch, id, "request", 1, on_done, w);
	LOOP_UNTIL(w->base, w->done > 0);
	assert_int_equal(w->how[0], API_VERIFIED_TIMEOUT);
	run_until_held(w);
	test_dns_release(w->dns, TEST_DNS_GOOD);
	run_until_done(w, 1);
	assert_int_equal(w->done, 1);
}

static void a_drain_lets_nobody_wait(void **state)
{
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");

	test_dns_set(w->dns, TEST_DNS_HOLD);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_until_held(w);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_turns(w);
	watch_drain(w->watch);
	assert_int_equal(w->done, 2);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_turns(w);
	assert_int_equal(w->done, 3);
	assert_int_equal(w->how[2], API_VERIFIED_BUSY);
	test_dns_release(w->dns, TEST_DNS_GOOD);
	run_until_done(w, 1);
}

static void a_domain_may_be_deleted_meanwhile(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");
	struct check_row *row;
	bool deleted;

	test_dns_set(w->dns, TEST_DNS_HOLD);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_until_held(w);
	OK(domain_delete(&w->store, w->account, id, clock_now(), &deleted, &err));
	watch_schedule(w->watch, id, -1);
	test_dns_release(w->dns, TEST_DNS_GOOD);
	LOOP_UNTIL(w->base, w->done > 0);
	assert_true(str_eq(get_domain(w, &a, id)->life.status, STR("deleted")));
	OK(check_find_newest(&w->store, &a, id, &row, &err));
	assert_null(row);
	assert_int_equal(watch_stats(w->watch).scheduled, 0);
	assert_int_equal(count_events(w, id, ""), 0);
}

/* What was seen does not belong to the records that the domain has now. */
static void records_may_change_meanwhile(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");
	int64_t other = put_layout(w, "2", LAYOUT("no"));

	test_dns_set(w->dns, TEST_DNS_HOLD);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_until_held(w);
	OK(domain_save_layout(&w->store, id, other, STR("{}"), &err));
	test_dns_release(w->dns, TEST_DNS_WRONG);
	run_until_done(w, 1);
	assert_int_equal(w->done, 1);
	assert_true(str_eq(get_domain(w, &a, id)->life.status, STR("verified")));
	assert_int_equal(get_domain(w, &a, id)->life.checks_done, 1);
}

static void a_store_that_fails_costs_a_minute(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	int64_t id = add_domain(w, "a.example");

	test_dns_set(w->dns, TEST_DNS_HOLD);
	watch_now(w->watch, id, "request", 0, on_done, w);
	run_until_held(w);
	OK(sql_script(w->store.sql, "test", STR("PRAGMA query_only = ON"), &err));
	test_dns_release(w->dns, TEST_DNS_GOOD);
	run_until_done(w, 1);
	assert_int_equal(watch_stats(w->watch).failed, 1);
	assert_int_equal(w->how[0], API_VERIFIED_BUSY);
	OK(sql_script(w->store.sql, "test", STR("PRAGMA query_only = OFF"), &err));
	run_turns(w);
	assert_int_equal(watch_stats(w->watch).done, 0);
	move_clock(w, JOBS_RETRY_MS + 1000);
	run_until_done(w, 2);
	assert_true(str_eq(get_domain(w, &a, id)->life.status, STR("verified")));
}

/* Room for four: all the same each domain has its turn, and a request comes first. */
static void many_domains_share_the_room(void **state)
{
	AUTO(arena) a = {0};
	struct world *w = *state;
	int64_t last = 0;

	test_dns_set(w->dns, TEST_DNS_HOLD);
	for (int i = 0; i < 50; i++)
		last = add_domain(w, arena_printf(&a, "d%d.example", i).p);
	watch_now(w->watch, last, "request", 0, on_done, w);
	run_until_held(w);
	run_turns(w);
	assert_int_equal(watch_stats(w->watch).running, 4);
	assert_int_equal(watch_stats(w->watch).waiting, 46);
	test_dns_release(w->dns, TEST_DNS_GOOD);
	LOOP_UNTIL(w->base, w->done > 0);
	assert_true(watch_stats(w->watch).done <= 8);
	run_until_done(w, 50);
	assert_int_equal(watch_stats(w->watch).running, 0);
	assert_int_equal(watch_stats(w->watch).waiting, 0);
	assert_int_equal(watch_stats(w->watch).scheduled, 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_domain_lives),
	        TEST(a_domain_fails_and_is_left_alone),
	        TEST(what_is_seen_again_is_no_new_row),
	        TEST(a_restart_finds_the_schedule),
	        TEST(requests_are_told),
	        TEST(a_request_meanwhile_is_a_check_of_its_own),
	        TEST(who_waits_too_long_is_told),
	        TEST(a_drain_lets_nobody_wait),
	        TEST(a_domain_may_be_deleted_meanwhile),
	        TEST(records_may_change_meanwhile),
	        TEST(a_store_that_fails_costs_a_minute),
	        TEST(many_domains_share_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
