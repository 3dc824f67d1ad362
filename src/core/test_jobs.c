/* Jobs without anything to do: what begins when, who is told what. The clock stands still
 * and is moved by hand; only those who wait have a time of their own. */
#include "base/clock.h"
#include "core/jobs.h"
#include "core/test_place.h"
#include "core/turn.h"
#include "store/turn.h"

enum { SLOTS = 2, BATCH = 3, TURNS = 10 };

struct begun {
	size_t slot;
	int64_t id;
	const char *cause;
};

struct world {
	char folder[64];
	struct store store;
	struct resolver *resolver;
	struct event_base *base;
	struct turn *turn;
	struct jobs *jobs;
	int events;             /* on the loop without it */
	struct begun begun[64]; /* in order */
	size_t count;
	int told, how[3]; /* by enum api_verified */
};

static void on_start(void *arg, size_t slot, int64_t id, const char *cause)
{
	struct world *w = arg;

	assert_true(w->count < LEN(w->begun));
	w->begun[w->count++] = (struct begun){slot, id, cause};
}

static void on_done(void *arg, enum api_verified how)
{
	struct world *w = arg;

	w->told++;
	w->how[how]++;
}

static int count_events(const struct world *w)
{
	return event_base_get_num_events(w->base, EVENT_BASE_COUNT_ADDED);
}

static int set_up(void **state)
{
	static struct world w;

	w = (struct world){0};
	test_folder_make(w.folder, "jobs");
	test_store_open(&w.store, w.folder);
	clock_set(START);
	w.resolver = test_resolver(1); /* nothing is asked */
	w.base = resolver_base(w.resolver);
	w.turn = turn_new(w.base, &w.store);
	w.events = count_events(&w);
	w.jobs = jobs_new(&(struct jobs_setup){.resolver = w.resolver,
	                                       .turn = w.turn,
	                                       .slots = SLOTS,
	                                       .batch = BATCH,
	                                       .start = on_start,
	                                       .arg = &w});
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	turn_end(w->turn);
	if (w->jobs)
		jobs_stop(w->jobs);
	jobs_free(w->jobs);
	turn_free(w->turn);
	resolver_free(w->resolver);
	store_close(&w->store);
	test_folder_remove(w->folder);
	clock_set(-1);
	return 0;
}

static void run(struct world *w)
{
	test_run_turns(w->base, TURNS);
}

static void move_clock(struct world *w, int64_t ms)
{
	clock_set(clock_now() + ms);
	jobs_poke(w->jobs);
	run(w);
}

/* The schedule has these, one a second from now. */
static void schedule(struct world *w, int64_t first, int64_t last)
{
	for (int64_t id = first; id <= last; id++)
		jobs_set(w->jobs, id, clock_now() + (id - first + 1) * 1000);
}

static void ask(struct world *w, int64_t id, int64_t wait_ms)
{
	jobs_now(w->jobs, id, "request", wait_ms, on_done, w);
}

/* Ends the job that began as number `i`. */
static void end(struct world *w, size_t i, enum job_outcome outcome, int64_t next_at)
{
	jobs_ended(w->jobs, w->begun[i].slot,
	           &(struct job_end){outcome, next_at, "changed"});
}

/* The same, and what follows. */
static void end_well(struct world *w, size_t i)
{
	assert_true(i < w->count);
	end(w, i, JOB_STORED, clock_now() + HOUR);
	run(w);
}

static void expect(const struct world *w, size_t i, int64_t id, const char *cause)
{
	assert_true(i < w->count);
	assert_int_equal(w->begun[i].id, id);
	if (cause)
		assert_string_equal(w->begun[i].cause, cause);
	else
		assert_null(w->begun[i].cause);
}

/* Nothing of this turn is kept. */
static void lose_turn(struct world *w)
{
	OK(store_turn_begin(&w->store, &err));
	w->store.turn_failed = true;
	turn_end(w->turn);
}

static void requests_before_the_schedule(void **state)
{
	struct world *w = *state;

	schedule(w, 1, 3);
	clock_set(clock_now() + 5000);
	ask(w, 9, 0);
	ask(w, 3, 0);
	ask(w, 8, 0);
	run(w);
	assert_int_equal(w->count, SLOTS);
	for (size_t i = 0; i < 5; i++)
		end_well(w, i);
	assert_int_equal(w->count, 5);
	expect(w, 0, 9, "request");
	expect(w, 1, 3, "request");
	expect(w, 2, 8, "request");
	expect(w, 3, 1, NULL);
	expect(w, 4, 2, NULL);
	assert_int_equal(w->how[API_VERIFIED_DONE], 3);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 5);
}

static void so_many_at_once(void **state)
{
	struct world *w = *state;
	struct jobs_stats stats;

	schedule(w, 1, 5);
	move_clock(w, 7000);
	stats = jobs_stats(w->jobs);
	assert_int_equal(w->count, SLOTS);
	assert_int_equal(stats.running, SLOTS);
	assert_int_equal(stats.waiting, 3);
	assert_int_equal(stats.scheduled, 3);
	assert_int_equal(stats.lag_ms, 4000); /* of the third */
	end_well(w, 1);
	assert_int_equal(w->count, 3);
	assert_int_equal(w->begun[2].slot, w->begun[1].slot);
	for (size_t i = 0; i < 5; i++)
		if (i != 1)
			end_well(w, i);
	stats = jobs_stats(w->jobs);
	assert_int_equal(w->count, 5);
	assert_int_equal(stats.running, 0);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.scheduled, 5);
	assert_int_equal(stats.done, 5);
	assert_int_equal(stats.lag_ms, 0);
}

static void the_loop_looks_at_other_things(void **state)
{
	struct world *w = *state;

	jobs_set_batch(w->jobs, 1);
	schedule(w, 1, 2);
	clock_set(clock_now() + 5000);
	jobs_poke(w->jobs);
	LOOP_UNTIL(w->base, w->count > 0);
	assert_int_equal(w->count, 1);
	LOOP_UNTIL(w->base, w->count > 1);
}

/* Also of several at once: one job serves them. */
static void a_request_meanwhile_is_another_job(void **state)
{
	struct world *w = *state;

	schedule(w, 1, 1);
	move_clock(w, 2000);
	expect(w, 0, 1, NULL);
	ask(w, 1, 0);
	ask(w, 1, 10000);
	run(w);
	ask(w, 1, 0);
	run(w);
	assert_int_equal(w->count, 1);
	end_well(w, 0);
	assert_int_equal(w->told, 0);
	assert_int_equal(w->count, 2);
	expect(w, 1, 1, "request");
	end_well(w, 1);
	assert_int_equal(w->how[API_VERIFIED_DONE], 3);
	assert_int_equal(w->count, 2);
}

/* Falling due makes no routine of what was asked for. */
static void a_request_keeps_its_cause(void **state)
{
	struct world *w = *state;

	ask(w, 1, 0);
	run(w);
	ask(w, 1, 0);
	run(w);
	schedule(w, 1, 1);
	move_clock(w, 2000);
	assert_int_equal(w->count, 1);
	end_well(w, 0);
	expect(w, 1, 1, "request");
	end_well(w, 1);
	assert_int_equal(w->count, 2);
}

static void what_has_changed_is_looked_at_again(void **state)
{
	struct world *w = *state;

	ask(w, 1, 0);
	run(w);
	end(w, 0, JOB_CHANGED, 0);
	run(w);
	assert_int_equal(w->told, 0);
	expect(w, 1, 1, "changed");
	ask(w, 1, 0);
	run(w);
	end(w, 1, JOB_CHANGED, 0); /* both wait for the same one now */
	run(w);
	expect(w, 2, 1, "request");
	assert_int_equal(w->told, 0);
	end_well(w, 2);
	assert_int_equal(w->how[API_VERIFIED_DONE], 2);
	assert_int_equal(w->count, 3);
	assert_int_equal(jobs_stats(w->jobs).done, 1);
}

static void waiting_has_a_limit(void **state)
{
	struct world *w = *state;

	for (int64_t id = 1; id <= SLOTS + 1; id++)
		ask(w, id, 1); /* the last has no room */
	LOOP_UNTIL(w->base, w->told == SLOTS + 1);
	assert_int_equal(w->how[API_VERIFIED_TIMEOUT], SLOTS + 1);
	run(w);
	for (size_t i = 0; i < SLOTS + 1; i++)
		end_well(w, i);
	assert_int_equal(w->count, SLOTS + 1);
	assert_int_equal(w->told, SLOTS + 1);
}

static void times_come_into_force_with_the_commit(void **state)
{
	struct world *w = *state;

	jobs_poke(w->jobs);
	run(w);
	jobs_schedule(w->jobs, 1, clock_now()); /* needs no poke */
	assert_int_equal(jobs_stats(w->jobs).scheduled, 0);
	turn_end(w->turn);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 1);
	run(w);
	expect(w, 0, 1, NULL);
	end(w, 0, JOB_STORED, clock_now() + HOUR);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 0);
	turn_end(w->turn);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 1);
	move_clock(w, HOUR - 1000);
	assert_int_equal(w->count, 1);
	move_clock(w, 2000);
	assert_int_equal(w->count, 2);
	end(w, 1, JOB_STORED, 0); /* never */
	run(w);
	jobs_schedule(w->jobs, 2, clock_now() + HOUR);
	turn_end(w->turn);
	jobs_schedule(w->jobs, 2, -1);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 1);
	turn_end(w->turn);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 0);
}

static void a_lost_turn_costs_a_minute(void **state)
{
	struct world *w = *state;

	schedule(w, 1, 1);
	move_clock(w, 2000);
	end(w, 0, JOB_STORED, clock_now() + HOUR);
	jobs_schedule(w->jobs, 2, clock_now() + 1000); /* as it was: never */
	lose_turn(w);
	run(w);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 1);
	move_clock(w, JOBS_RETRY_MS - 1000);
	assert_int_equal(w->count, 1);
	move_clock(w, 2000);
	assert_int_equal(w->count, 2);
	expect(w, 1, 1, NULL);
}

/* Even where another waits already: what was asked for was not. */
static void a_request_is_lost_with_its_turn(void **state)
{
	struct world *w = *state;

	for (int64_t id = 1; id <= SLOTS + 1; id++)
		ask(w, id, 0);
	run(w);
	ask(w, SLOTS + 1, 0);
	ask(w, 9, 0);
	lose_turn(w);
	run(w);
	assert_int_equal(w->told, 2);
	assert_int_equal(w->how[API_VERIFIED_BUSY], 2);
	for (size_t i = 0; i < SLOTS + 1; i++)
		end_well(w, i);
	assert_int_equal(w->count, SLOTS + 1);
	assert_int_equal(w->how[API_VERIFIED_DONE], SLOTS + 1);
}

static void what_fails_and_what_is_gone(void **state)
{
	struct world *w = *state;

	ask(w, 1, 0);
	ask(w, 2, 0);
	run(w);
	end(w, 0, JOB_FAILED, 0);
	jobs_set(w->jobs, 2, clock_now() + HOUR);
	end(w, 1, JOB_GONE, 0);
	run(w);
	assert_int_equal(w->how[API_VERIFIED_BUSY], 1);
	assert_int_equal(w->how[API_VERIFIED_DONE], 1);
	assert_int_equal(jobs_stats(w->jobs).failed, 1);
	assert_int_equal(jobs_stats(w->jobs).done, 0);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 1);
	move_clock(w, JOBS_RETRY_MS + 1000);
	assert_int_equal(w->count, 3);
	expect(w, 2, 1, NULL);
}

/* Whoever finds no place is told, and has it done by schedule. */
static void requests_have_a_bound(void **state)
{
	struct world *w = *state;
	const int64_t more = SLOTS + JOBS_REQUESTS_MAX + 1;

	for (int64_t id = 1; id <= SLOTS; id++)
		ask(w, id, 0);
	run(w);
	for (int64_t id = SLOTS + 1; id < more; id++)
		jobs_now(w->jobs, id, "request", 0, NULL, NULL);
	run(w);
	assert_int_equal(jobs_stats(w->jobs).waiting, JOBS_REQUESTS_MAX);
	ask(w, more, 0);
	ask(w, more - 1, 0); /* that waits already */
	run(w);
	assert_int_equal(w->told, 1);
	assert_int_equal(w->how[API_VERIFIED_BUSY], 1);
	assert_int_equal(jobs_stats(w->jobs).scheduled, 1);
}

/* Somebody in each place: for a job, for the one behind it, for room. */
static void let_wait(struct world *w, int64_t wait_ms)
{
	ask(w, 1, wait_ms);
	run(w);
	ask(w, 1, wait_ms);
	run(w);
	for (int64_t id = 2; id <= SLOTS + 1; id++)
		ask(w, id, wait_ms);
	run(w);
	assert_int_equal(w->count, SLOTS);
	assert_int_equal(jobs_stats(w->jobs).waiting, 1);
}

static void a_drain_lets_nobody_wait(void **state)
{
	struct world *w = *state;

	let_wait(w, 0);
	ask(w, 9, 0);
	lose_turn(w);
	jobs_drain(w->jobs);
	assert_int_equal(w->how[API_VERIFIED_TIMEOUT], SLOTS + 2);
	assert_int_equal(w->how[API_VERIFIED_BUSY], 1);
	ask(w, SLOTS + 1, 0); /* it waits already, and will not begin */
	run(w);
	assert_int_equal(w->how[API_VERIFIED_BUSY], 2);
	end_well(w, 0);
	end_well(w, 1);
	move_clock(w, HOUR);
	assert_int_equal(w->count, SLOTS);
	assert_int_equal(w->told, SLOTS + 4);
	assert_int_equal(jobs_stats(w->jobs).running, 0);
	assert_int_equal(jobs_stats(w->jobs).done, SLOTS);
}

static void a_drain_begins_nothing(void **state)
{
	struct world *w = *state;

	schedule(w, 1, 1);
	clock_set(clock_now() + 2000);
	jobs_poke(w->jobs);
	jobs_drain(w->jobs);
	run(w);
	assert_int_equal(w->count, 0);
}

static void a_poke_sees_a_clock_that_jumped(void **state)
{
	struct world *w = *state;

	jobs_set(w->jobs, 1, clock_now() + HOUR);
	jobs_poke(w->jobs);
	run(w);
	clock_set(clock_now() + 2 * HOUR);
	run(w);
	assert_int_equal(w->count, 0);
	jobs_poke(w->jobs);
	run(w);
	assert_int_equal(w->count, 1);
}

/* Though somebody waits everywhere, and something is due. */
static void nothing_is_called_behind_a_stop(void **state)
{
	struct world *w = *state;

	let_wait(w, DAY);
	ask(w, 9, 0);
	lose_turn(w);
	jobs_poke(w->jobs);
	jobs_stop(w->jobs);
	assert_int_equal(count_events(w), w->events);
	jobs_free(w->jobs);
	w->jobs = NULL;
	run(w);
	assert_int_equal(w->told, 0);
	assert_int_equal(w->count, SLOTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(requests_before_the_schedule),
	        TEST(so_many_at_once),
	        TEST(the_loop_looks_at_other_things),
	        TEST(a_request_meanwhile_is_another_job),
	        TEST(a_request_keeps_its_cause),
	        TEST(what_has_changed_is_looked_at_again),
	        TEST(waiting_has_a_limit),
	        TEST(times_come_into_force_with_the_commit),
	        TEST(a_lost_turn_costs_a_minute),
	        TEST(a_request_is_lost_with_its_turn),
	        TEST(what_fails_and_what_is_gone),
	        TEST(requests_have_a_bound),
	        TEST(a_drain_lets_nobody_wait),
	        TEST(a_drain_begins_nothing),
	        TEST(a_poke_sees_a_clock_that_jumped),
	        TEST(nothing_is_called_behind_a_stop),
	};

	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
