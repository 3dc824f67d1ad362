/* The timing wheel beside a plain array of times: both must give the same. */
#include "base/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { IDS = 400, ROUNDS = 20000, MILLION = 1000000 };

/* xorshift: the same numbers each time. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct model {
	int64_t at[IDS + 1]; /* -1: not there */
	int64_t now;
	uint64_t count;
};

/* Near times, far ones, past ones and some beyond what the wheels reach. */
static int64_t choose_time(struct model *m, uint64_t *r)
{
	static const int64_t reach[] = {100,
	                                5000,
	                                60000,
	                                3600000,
	                                864000000,
	                                INT64_C(1) << 42,
	                                INT64_C(1) << 50};
	int64_t ms = (int64_t)(next_random(r) % (uint64_t)reach[next_random(r) % 7]);

	return next_random(r) % 10 ? m->now + ms : m->now - ms % m->now;
}

static void change(struct wheel *w, struct model *m, uint64_t *r)
{
	int64_t id = 1 + (int64_t)(next_random(r) % IDS);

	if (next_random(r) % 4 == 0) {
		assert_int_equal(wheel_remove(w, id), m->at[id] >= 0);
		m->count -= m->at[id] >= 0;
		m->at[id] = -1;
		return;
	}
	m->count += m->at[id] < 0;
	m->at[id] = choose_time(m, r);
	wheel_set(w, id, m->at[id]);
	assert_int_equal(wheel_find(w, id), m->at[id]);
}

static void take_all(struct wheel *w, struct model *m)
{
	int64_t id;
	int64_t next;

	while (wheel_take_due(w, m->now, &id)) {
		assert_true(id >= 1 && id <= IDS);
		assert_true(m->at[id] >= 0 && m->at[id] <= m->now);
		m->at[id] = -1;
		m->count--;
	}
	assert_int_equal(wheel_count(w), m->count);
	next = wheel_next(w);
	assert_true(m->count ? next > m->now : next == -1);
	for (id = 1; id <= IDS; id++) {
		assert_true(m->at[id] < 0 || m->at[id] > m->now);
		/* What the wheels do not reach counts as their end. */
		assert_true(m->at[id] < 0 || m->at[id] >= next ||
		            m->at[id] >= INT64_C(1) << 47);
	}
}

static void behaves_like_an_array(void **state)
{
	static const int64_t steps[] = {
	        1, 50, 127, 128, 1000, 40000, 4000000, 900000000, INT64_C(1) << 40};
	struct model m = {.now = 1790000000000};
	struct wheel *w = wheel_new(m.now);
	uint64_t r = 88172645463325252;

	(void)state;
	for (size_t i = 0; i <= IDS; i++)
		m.at[i] = -1;
	for (int round = 0; round < ROUNDS; round++) {
		for (uint64_t n = next_random(&r) % 8; n; n--)
			change(w, &m, &r);
		m.now += steps[next_random(&r) % (round % 1000 ? 7 : LEN(steps))];
		take_all(w, &m);
	}
	wheel_free(w);
}

static void gives_in_order(void **state)
{
	struct wheel *w = wheel_new(1000);
	uint64_t r = 7;
	int64_t id;
	int64_t last = 0;

	(void)state;
	for (id = 1; id <= 5000; id++)
		wheel_set(w, id, 2000 + (int64_t)(next_random(&r) % 500000) * 200);
	for (int n = 0; n < 5000; n++) {
		int64_t at;

		if (!wheel_take_due(w, n ? INT64_C(200000000) : 1999, &id)) {
			assert_int_equal(n, 0);
			continue;
		}
		assert_int_equal(wheel_find(w, id), -1);
		at = wheel_first_due(w);
		assert_true(at == -1 || at > last - WHEEL_TICK_MS);
		last = at;
	}
	wheel_free(w);
}

static void nothing_is_early(void **state)
{
	struct wheel *w = wheel_new(0);
	int64_t id = 0;

	(void)state;
	wheel_set(w, 5, 1281);
	assert_int_equal(wheel_due_count(w), 0);
	assert_false(wheel_take_due(w, 1280, &id));
	assert_int_equal(wheel_next(w), 1281);
	assert_true(wheel_take_due(w, 1281, &id));
	assert_int_equal(id, 5);
	wheel_set(w, 5, 10);
	assert_int_equal(wheel_first_due(w), 10);
	assert_int_equal(wheel_due_count(w), 1);
	assert_false(wheel_take_due(w, 9, &id)); /* the clock was put back */
	assert_int_equal(wheel_next(w), 10);
	assert_true(wheel_take_due(w, 10, &id));
	assert_int_equal(wheel_next(w), -1);
	wheel_free(w);
}

static void holds_a_million(void **state)
{
	struct wheel *w = wheel_new(0);
	uint64_t r = 99;
	int64_t id;
	uint64_t taken = 0;

	(void)state;
	for (id = 1; id <= MILLION; id++)
		wheel_set(w, id * 3, 1 + (int64_t)(next_random(&r) % 3600000));
	assert_int_equal(wheel_count(w), MILLION);
	for (int64_t now = 0; now <= 3600000 + WHEEL_TICK_MS; now += 60000)
		while (wheel_take_due(w, now, &id))
			taken++;
	while (wheel_take_due(w, 3600000 + WHEEL_TICK_MS, &id))
		taken++;
	assert_int_equal(taken, MILLION);
	assert_int_equal(wheel_next(w), -1);
	wheel_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(behaves_like_an_array),
	        cmocka_unit_test(gives_in_order),
	        cmocka_unit_test(nothing_is_early),
	        cmocka_unit_test(holds_a_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
