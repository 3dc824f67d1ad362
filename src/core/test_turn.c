/* Group commit with real connections, and the pool: what comes back when, and how often. */
#include "core/pool.h"
#include "core/test_place.h"
#include "core/turn.h"
#include "store/setting.h"
#include "store/turn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { CLIENTS = 3, TURNS = 20, JOBS = 50 };

struct world {
	char folder[64];
	struct event_base *base;
	struct store store;
	struct turn *turn;
	struct http_server *server;
	int clients[CLIENTS];
	bool loses, again;
	int after_asked, after, after_committed, second;
};

static void on_second(void *arg, bool committed)
{
	struct world *w = arg;

	assert_true(committed);
	w->second++;
}

static void on_after(void *arg, bool committed)
{
	struct world *w = arg;

	w->after++;
	w->after_committed += committed;
	if (w->again) /* belongs to the next turn */
		turn_after(w->turn, on_second, w);
}

static void handle(struct http_request *r, void *arg)
{
	struct world *w = arg;
	char text[] = "stored";

	turn_touch(w->turn);
	OK(store_turn_savepoint(&w->store, &err));
	OK(setting_save(&w->store, r->path, STR("1"), &err));
	OK(store_turn_release(&w->store, &err));
	turn_reply(w->turn, r->exchange,
	           &(struct http_response){.status = 200,
	                                   .type = STR("text/plain"),
	                                   .body = str_c(text)});
	turn_after(w->turn, on_after, w);
	w->after_asked++;
	memset(text, 'x', sizeof(text) - 1); /* it was copied */
	if (w->loses && w->after_asked == CLIENTS)
		w->store.turn_failed = true;
}

static int listen_here(struct sockaddr_in *here)
{
	socklen_t length = sizeof(*here);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*here = (struct sockaddr_in){.sin_family = AF_INET,
	                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)here, sizeof(*here)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)here, &length), 0);
	return fd;
}

static int set_up(void **state)
{
	static struct world w;
	struct sockaddr_in here;
	int fd;

	w = (struct world){0};
	test_folder_make(w.folder, "turn");
	test_store_open(&w.store, w.folder);
	w.base = event_base_new();
	w.turn = turn_new(w.base, &w.store);
	w.server = http_server_new(&(struct http_server_options){
	        .base = w.base, .handler = handle, .arg = &w});
	fd = listen_here(&here);
	http_server_listen(w.server, fd);
	for (int i = 0; i < CLIENTS; i++) {
		w.clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(
		        connect(w.clients[i], (struct sockaddr *)&here, sizeof(here)),
		        0);
	}
	test_run_turns(w.base, TURNS);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < CLIENTS; i++)
		close(w->clients[i]);
	http_server_free(w->server);
	turn_free(w->turn);
	event_base_free(w->base);
	store_close(&w->store);
	test_folder_remove(w->folder);
	return 0;
}

static void ask_all(struct world *w)
{
	for (int i = 0; i < CLIENTS; i++) {
		char text[64];
		int n = snprintf(text, sizeof(text),
		                 "GET /setting%d HTTP/1.1\r\nHost: a\r\n\r\n", i);

		assert_int_equal(write(w->clients[i], text, (size_t)n), n);
	}
}

static void expect_all(struct world *w, const char *status, const char *body)
{
	for (int i = 0; i < CLIENTS; i++) {
		char text[2048];
		ssize_t n = read(w->clients[i], text, sizeof(text) - 1);

		assert_true(n > 0);
		text[n] = '\0';
		assert_non_null(strstr(text, status));
		assert_non_null(strstr(text, body));
	}
}

static bool is_stored(struct world *w, const char *name)
{
	AUTO(arena) a = {0};
	struct str value;

	OK(setting_find(&w->store, &a, str_c(name), &value, &err));
	return value.n > 0;
}

static void requests_of_a_turn_share_a_commit(void **state)
{
	struct world *w = *state;

	w->again = true;
	ask_all(w);
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(turn_stats(w->turn).commits, 1);
	assert_int_equal(turn_stats(w->turn).failed, 0);
	assert_int_equal(turn_stats(w->turn).held, CLIENTS);
	assert_int_equal(w->after_committed, CLIENTS);
	test_run_turns(w->base, TURNS);
	expect_all(w, "HTTP/1.1 200", "stored");
	assert_true(is_stored(w, "/setting0") && is_stored(w, "/setting2"));
	assert_int_equal(w->second, CLIENTS);
	assert_int_equal(turn_stats(w->turn).commits, 1); /* nothing more was written */
}

static void a_lost_commit_is_told_to_all(void **state)
{
	struct world *w = *state;

	/* With the last request of the turn: those before have their answer ready. */
	ask_all(w);
	w->loses = true;
	event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	test_run_turns(w->base, TURNS);
	expect_all(w, "HTTP/1.1 503", "Retry-After: 5");
	assert_int_equal(w->after, CLIENTS);
	assert_int_equal(w->after_committed, 0);
	assert_false(is_stored(w, "/setting0") || is_stored(w, "/setting2"));
	assert_false(store_turn_is_open(&w->store));
	/* The next turn is as good as any. */
	w->loses = false;
	ask_all(w);
	test_run_turns(w->base, TURNS);
	expect_all(w, "HTTP/1.1 200", "stored");
}

struct job {
	int input, output;
	struct ledger *ledger;
};

struct ledger {
	struct event_base *base;
	int done, woken;
};

static void square(void *arg)
{
	struct job *job = arg;

	job->output = job->input * job->input;
}

static void squared(void *arg)
{
	struct job *job = arg;

	assert_int_equal(job->output, job->input * job->input);
	assert_true(job->ledger->woken > 0);
	if (++job->ledger->done == JOBS)
		event_base_loopbreak(job->ledger->base);
}

static void on_woken(void *arg)
{
	((struct ledger *)arg)->woken++;
}

static void jobs_come_back_once(void **state)
{
	static struct job jobs[JOBS];
	struct ledger ledger = {.base = event_base_new()};
	struct pool *pool = pool_new(ledger.base, on_woken, &ledger);

	(void)state;
	for (int round = 0; round < 2; round++) { /* the second uses memory again */
		ledger.done = 0;
		for (int i = 0; i < JOBS; i++) {
			jobs[i] = (struct job){i + 1, 0, &ledger};
			pool_run(pool, (struct pool_job){square, squared, &jobs[i]});
		}
		assert_int_equal(pool_count(pool), JOBS);
		assert_int_equal(ledger.done, 0);
		event_base_dispatch(ledger.base);
		assert_int_equal(ledger.done, JOBS);
		assert_int_equal(pool_count(pool), 0);
	}
	/* What was not told is dropped with it. */
	for (int i = 0; i < JOBS; i++)
		pool_run(pool, (struct pool_job){square, squared, &jobs[i]});
	pool_free(pool);
	assert_int_equal(ledger.done, JOBS);
	event_base_free(ledger.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(requests_of_a_turn_share_a_commit,
	                                        set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_lost_commit_is_told_to_all, set_up,
	                                        tear_down),
	        cmocka_unit_test(jobs_come_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
