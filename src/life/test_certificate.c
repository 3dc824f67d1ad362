/* The certificate of a tracking host, played through months (issue 5, part 5; PEERS C12,
 * C13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "life/certificate.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define BEGIN  INT64_C(1800000000000)

static const struct certificate_rules rules = {.is_enabled = true,
                                               .orders_per_hour = 100};

/* A host, and an authority that gives certificates of `life` or refuses. */
struct world {
	struct certificate_life c;
	struct certificate_facts facts; /* but `at`: they are learned when asked for */
	struct certificate_budget budget;
	int64_t now, life;
	enum certificate_failure answer; /* NONE: issues */
	int64_t retry_at;
	uint32_t random;
	int orders, looks, asks;
	int events[4];
	int64_t orders_at[1000];
};

static struct world begin(void)
{
	return (struct world){
	        .facts = {.is_wanted = true,
	                  .dns = CERTIFICATE_SEEN_RIGHT,
	                  .caa = CERTIFICATE_SEEN_RIGHT,
	                  .path = CERTIFICATE_SEEN_RIGHT},
	        .budget = certificate_budget_begin(&rules, 0, BEGIN),
	        .now = BEGIN,
	        .life = 90 * DAY,
	};
}

static void order(struct world *w)
{
	enum certificate_event event;

	assert_in_range(w->orders, 0, 999);
	w->orders_at[w->orders++] = w->now;
	certificate_order(&rules, &w->c, &w->budget, w->now);
	if (w->answer == CERTIFICATE_FAILURE_NONE)
		event = certificate_issue(&w->c, CERTIFICATE_ACME, w->now - HOUR,
		                          w->now - HOUR + w->life, w->now, w->random);
	else
		event = certificate_refuse(&w->c, &w->budget, w->answer, w->retry_at,
		                           w->now, w->random);
	w->events[event]++;
}

/* What the driver does when something is due or has changed. */
static void turn(struct world *w)
{
	for (int i = 0; i < 5; i++) {
		enum certificate_event event;
		enum certificate_action what = certificate_next(
		        &rules, &w->c, &w->facts, &w->budget, w->now, &event);

		w->events[event]++;
		switch (what) {
		case CERTIFICATE_WAIT:
			return;
		case CERTIFICATE_LOOK:
			w->looks++;
			w->facts.at = w->now;
			break;
		case CERTIFICATE_ASK:
			w->asks++;
			w->facts.caa_at = w->now;
			break;
		case CERTIFICATE_ORDER:
			order(w);
			break;
		}
	}
	fail_msg("it does not come to rest");
}

/* Lets time pass, stopping whenever something is due. */
static void pass(struct world *w, int64_t ms)
{
	int64_t end = w->now + ms;

	turn(w);
	while (w->c.next_at && w->c.next_at <= end) {
		assert_true(w->c.next_at > w->now);
		w->now = w->c.next_at;
		turn(w);
	}
	w->now = end;
	turn(w);
}

static void test_from_nothing_to_valid(void **state)
{
	struct world w = begin();

	(void)state;
	pass(&w, 1);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
	assert_int_equal(w.orders, 1);
	assert_int_equal(w.c.generation, 1);
	assert_int_equal(w.events[CERTIFICATE_EVENT_ISSUED], 1);
	assert_true(w.looks == 1 && w.asks == 1);
}

/* S: renewal when a third of the lifetime is left, whatever the lifetime is. */
static void test_renews_at_a_third(void **state)
{
	static const int64_t lives[] = {90 * DAY, 47 * DAY, 6 * DAY, 12 * HOUR};

	(void)state;
	for (size_t i = 0; i < LEN(lives); i++)
		for (uint32_t random = 0; random < 2; random++) {
			struct world w = begin();
			int64_t left;

			w.life = lives[i];
			w.random = random ? UINT32_MAX : 0;
			pass(&w, lives[i]);
			assert_int_equal(w.orders, 2);
			left = w.orders_at[0] - HOUR + lives[i] - w.orders_at[1];
			assert_true(left >= lives[i] / 3);
			assert_true(left <= lives[i] / 3 + lives[i] / 50 + 1);
			assert_int_equal(w.events[CERTIFICATE_EVENT_EXPIRING], 0);
		}
}

/* A year, and never without: four or five orders, one at a time. */
static void test_a_year(void **state)
{
	struct world w = begin();

	(void)state;
	for (int day = 0; day < 365; day++) {
		pass(&w, DAY);
		assert_int_equal(w.c.state, CERTIFICATE_VALID);
		assert_true(certificate_is_valid(&w.c, w.now));
	}
	assert_int_equal(w.orders, 7);
	assert_int_equal(w.c.generation, 7);
	assert_int_equal(w.events[CERTIFICATE_EVENT_FAILED], 0);
}

/* C13: nothing is asked of the authority for what cannot work. */
static void test_never_ordered_without_what_it_needs(void **state)
{
	(void)state;
	for (int missing = 0; missing < 6; missing++) {
		struct world w = begin();
		enum certificate_seen seen =
		        missing < 3 ? CERTIFICATE_SEEN_WRONG : CERTIFICATE_SEEN_UNKNOWN;
		enum certificate_seen *fields[] = {&w.facts.dns, &w.facts.path,
		                                   &w.facts.caa};

		*fields[missing % 3] = seen;
		pass(&w, 30 * DAY);
		assert_int_equal(w.orders, 0);
		assert_int_equal(w.c.state, CERTIFICATE_CHECKING);
		assert_true(w.looks > 24 * 29);
		/* CAA is not asked while the name does not even lead here. */
		assert_true(missing % 3 == 2 || w.asks == 0);
		*fields[missing % 3] = CERTIFICATE_SEEN_RIGHT;
		pass(&w, 2 * HOUR);
		assert_int_equal(w.c.state, CERTIFICATE_VALID);
	}
}

static void test_not_wanted(void **state)
{
	struct world w = begin();

	(void)state;
	w.facts.is_wanted = false;
	pass(&w, 30 * DAY);
	assert_int_equal(w.orders + w.looks, 0);
	assert_int_equal(w.c.state, CERTIFICATE_NONE);
	assert_int_equal(w.c.next_at, 0);
	w.facts.is_wanted = true;
	pass(&w, 1);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
	/* No longer: it is used until it ends, and no other is ordered. */
	w.facts.is_wanted = false;
	pass(&w, 80 * DAY);
	assert_int_equal(w.orders, 1);
	assert_int_equal(w.events[CERTIFICATE_EVENT_EXPIRING], 1);
	pass(&w, 30 * DAY);
	assert_int_equal(w.c.state, CERTIFICATE_NONE);
}

static void test_no_authority(void **state)
{
	static const struct certificate_rules none = {.orders_per_hour = 100};
	struct world w = begin();
	enum certificate_event event;

	(void)state;
	assert_int_equal(
	        certificate_next(&none, &w.c, &w.facts, &w.budget, w.now, &event),
	        CERTIFICATE_WAIT);
	assert_int_equal(w.c.state, CERTIFICATE_NONE);
}

static void test_back_off(void **state)
{
	static const int64_t gaps[] = {5 * MINUTE, 30 * MINUTE, 2 * HOUR,
	                               6 * HOUR,   DAY,         DAY};

	(void)state;
	for (uint32_t random = 0; random < 2; random++) {
		struct world w = begin();

		w.random = random ? UINT32_MAX : 0;
		w.answer = CERTIFICATE_FAILURE_UNAUTHORIZED;
		pass(&w, 5 * DAY);
		assert_int_equal(w.c.state, CERTIFICATE_FAILED);
		assert_int_equal(w.c.failure, CERTIFICATE_FAILURE_UNAUTHORIZED);
		assert_true(w.orders >= (int)LEN(gaps));
		for (size_t i = 0; i + 1 < LEN(gaps); i++) {
			int64_t gap = w.orders_at[i + 1] - w.orders_at[i];

			assert_true(gap >= gaps[i]);
			assert_true(gap <= gaps[i] + gaps[i] / 10);
			assert_true(random == 0 || gap > gaps[i]);
		}
		assert_int_equal(w.c.generation, 0);
		assert_int_equal(w.events[CERTIFICATE_EVENT_FAILED], w.orders);
		w.answer = CERTIFICATE_FAILURE_NONE;
		pass(&w, 2 * DAY);
		assert_int_equal(w.c.state, CERTIFICATE_VALID);
		assert_int_equal(w.c.attempts, 0);
	}
}

static void test_rate_limits(void **state)
{
	struct world w = begin();

	(void)state;
	w.answer = CERTIFICATE_FAILURE_RATE_LIMITED;
	pass(&w, 1);
	assert_true(w.c.next_at >= w.now + DAY - 1);
	/* Nobody can get around it. */
	assert_true(certificate_request(&w.c, w.now + HOUR) >= w.now + DAY - 1);
	w = begin();
	w.answer = CERTIFICATE_FAILURE_RATE_LIMITED;
	w.retry_at = w.now + 3 * HOUR;
	pass(&w, 1);
	assert_in_range(w.c.next_at - BEGIN, 3 * HOUR, 3 * HOUR + 15 * MINUTE);
	w.answer = CERTIFICATE_FAILURE_NONE;
	pass(&w, 4 * HOUR);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
}

/* What fails all of them is over for all of them soon; meanwhile nobody is sent. */
static void test_the_authority_is_down(void **state)
{
	struct world w = begin();
	struct certificate_life other = {0};
	struct certificate_facts facts = w.facts;
	enum certificate_event event;

	(void)state;
	w.answer = CERTIFICATE_FAILURE_UNREACHABLE;
	pass(&w, 1);
	facts.at = facts.caa_at = w.now;
	assert_int_equal(
	        certificate_next(&rules, &other, &facts, &w.budget, w.now, &event),
	        CERTIFICATE_WAIT);
	assert_in_range(other.next_at - w.now, 1, 5 * MINUTE);
	pass(&w, 10 * DAY);
	w.answer = CERTIFICATE_FAILURE_NONE;
	pass(&w, 34 * MINUTE);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
}

/* A renewal that fails goes on trying, faster towards the end, and tells of it once. */
static void test_a_failing_renewal(void **state)
{
	struct world w = begin();
	int before;

	(void)state;
	pass(&w, 1);
	w.answer = CERTIFICATE_FAILURE_CONNECTION;
	pass(&w, 60 * DAY);
	assert_int_equal(w.c.state, CERTIFICATE_RENEWING);
	assert_true(certificate_is_valid(&w.c, w.now));
	pass(&w, 16 * DAY);
	assert_int_equal(w.events[CERTIFICATE_EVENT_EXPIRING], 1);
	before = w.orders;
	pass(&w, 12 * DAY);
	assert_true(w.orders - before < 20);
	before = w.orders;
	pass(&w, 2 * DAY); /* the end is in it */
	assert_true(w.orders - before > 5);
	assert_true(w.orders - before <= 48);
	assert_int_equal(w.c.state, CERTIFICATE_FAILED);
	assert_int_equal(w.events[CERTIFICATE_EVENT_EXPIRING], 1);
	w.answer = CERTIFICATE_FAILURE_NONE;
	pass(&w, 2 * DAY);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
	assert_int_equal(w.c.generation, 2);
}

/* A certificate of six days is worth as many tries as one of ninety. */
static void test_a_failing_renewal_of_six_days(void **state)
{
	struct world w = begin();

	(void)state;
	w.life = 6 * DAY;
	pass(&w, 1);
	w.answer = CERTIFICATE_FAILURE_CONNECTION;
	pass(&w, 6 * DAY - HOUR);
	assert_true(w.orders > 8);
}

static void test_faults_of_ours(void **state)
{
	struct world w = begin();
	double left = w.budget.left;

	(void)state;
	w.answer = CERTIFICATE_FAILURE_INTERNAL;
	pass(&w, 10 * MINUTE);
	assert_in_range(w.orders, 3, 5);
	assert_int_equal(w.events[CERTIFICATE_EVENT_FAILED], 0);
	assert_int_equal(w.c.attempts, 0);
	assert_int_equal(w.c.state, CERTIFICATE_CHECKING);
	assert_true(w.budget.left >= left - 0.01);
	pass(&w, DAY);
	w.answer = CERTIFICATE_FAILURE_NONE;
	pass(&w, 34 * MINUTE);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
}

/* Never two at once for a host, whatever news come meanwhile. */
static void test_one_order_at_a_time(void **state)
{
	struct world w = begin();
	enum certificate_event event;

	(void)state;
	certificate_order(&rules, &w.c, &w.budget, w.now);
	assert_int_equal(w.c.state, CERTIFICATE_ISSUING);
	w.facts.at = w.facts.caa_at = w.now;
	for (int i = 0; i < 100; i++) {
		w.now += HOUR;
		w.facts.at = w.facts.caa_at = w.now;
		assert_int_equal(certificate_next(&rules, &w.c, &w.facts, &w.budget,
		                                  w.now, &event),
		                 CERTIFICATE_WAIT);
		assert_true(certificate_request(&w.c, w.now) > w.now);
	}
	assert_int_equal(w.c.state, CERTIFICATE_ISSUING);
}

/* A thousand hosts at once: no more than the budget in any hour, and all in the end. */
static void test_the_budget(void **state)
{
	static const struct certificate_rules few = {.is_enabled = true,
	                                             .orders_per_hour = 20};
	static struct certificate_life hosts[200];
	static int64_t ordered[200];
	struct certificate_budget budget = certificate_budget_begin(&few, 5, BEGIN);
	struct certificate_facts facts = begin().facts;
	size_t n = 0;

	(void)state;
	for (int64_t now = BEGIN; now < BEGIN + 24 * HOUR; now += MINUTE)
		for (size_t i = 0; i < LEN(hosts); i++) {
			enum certificate_event event;

			if (hosts[i].next_at > now || hosts[i].source)
				continue;
			facts.at = facts.caa_at = now;
			if (certificate_next(&few, &hosts[i], &facts, &budget, now,
			                     &event) != CERTIFICATE_ORDER)
				continue;
			certificate_order(&few, &hosts[i], &budget, now);
			ordered[n++] = now;
			(void)certificate_issue(&hosts[i], CERTIFICATE_ACME, now,
			                        now + 90 * DAY, now, 0);
		}
	assert_int_equal(n, LEN(hosts));
	assert_true(ordered[15] > BEGIN); /* five were made before */
	for (size_t i = 40; i < n; i++)
		assert_true(ordered[i] - ordered[i - 40] > 59 * MINUTE);
}

static void test_on_request(void **state)
{
	struct world w = begin();

	(void)state;
	pass(&w, DAY);
	assert_int_equal(certificate_request(&w.c, w.now), 0);
	pass(&w, 1);
	assert_int_equal(w.orders, 2);
	assert_int_equal(w.c.generation, 2);
	assert_true(certificate_request(&w.c, w.now) > w.now);
	pass(&w, 11 * MINUTE);
	assert_int_equal(certificate_request(&w.c, w.now), 0);
}

/* A customer's own is left alone until it is about to end. */
static void test_uploaded(void **state)
{
	struct world w = begin();

	(void)state;
	certificate_issue(&w.c, CERTIFICATE_UPLOADED, w.now, w.now + 365 * DAY, w.now,
	                  0);
	assert_int_equal(w.c.generation, 0);
	pass(&w, 340 * DAY);
	assert_int_equal(w.orders, 0);
	assert_int_equal(w.c.state, CERTIFICATE_VALID);
	pass(&w, 5 * DAY);
	assert_int_equal(w.events[CERTIFICATE_EVENT_EXPIRING], 1);
	assert_int_equal(w.orders, 0);
	pass(&w, 15 * DAY);
	assert_int_equal(w.orders, 1);
	assert_int_equal(w.c.source, CERTIFICATE_ACME);
	assert_true(certificate_is_valid(&w.c, w.now));
}

static void test_dropped(void **state)
{
	struct world w = begin();

	(void)state;
	pass(&w, DAY);
	certificate_drop(&w.c, w.now);
	w.facts.is_wanted = false;
	pass(&w, DAY);
	assert_int_equal(w.c.state, CERTIFICATE_NONE);
	assert_false(certificate_is_valid(&w.c, w.now));
}

/* The clock of the authority or ours is wrong: no storm of orders. */
static void test_what_is_expired_from_the_start(void **state)
{
	struct world w = begin();

	(void)state;
	w.life = 30 * MINUTE;
	pass(&w, DAY);
	assert_true(w.orders <= 25);
}

static void test_words(void **state)
{
	enum certificate_state s;
	enum certificate_failure f;

	(void)state;
	for (int i = 0; i < CERTIFICATE_STATE_COUNT; i++) {
		assert_true(certificate_state_parse(
		        str_c(certificate_state_name((enum certificate_state)i)), &s));
		assert_int_equal(s, i);
	}
	for (int i = 1; i < CERTIFICATE_FAILURE_COUNT; i++) {
		assert_true(certificate_failure_parse(
		        str_c(certificate_failure_name((enum certificate_failure)i)),
		        &f));
		assert_int_equal(f, i);
		assert_true(*certificate_failure_fix(f));
	}
	assert_false(certificate_state_parse(STR("green"), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_from_nothing_to_valid),
	        cmocka_unit_test(test_renews_at_a_third),
	        cmocka_unit_test(test_a_year),
	        cmocka_unit_test(test_never_ordered_without_what_it_needs),
	        cmocka_unit_test(test_not_wanted),
	        cmocka_unit_test(test_no_authority),
	        cmocka_unit_test(test_back_off),
	        cmocka_unit_test(test_rate_limits),
	        cmocka_unit_test(test_the_authority_is_down),
	        cmocka_unit_test(test_a_failing_renewal),
	        cmocka_unit_test(test_a_failing_renewal_of_six_days),
	        cmocka_unit_test(test_faults_of_ours),
	        cmocka_unit_test(test_one_order_at_a_time),
	        cmocka_unit_test(test_the_budget),
	        cmocka_unit_test(test_on_request),
	        cmocka_unit_test(test_uploaded),
	        cmocka_unit_test(test_dropped),
	        cmocka_unit_test(test_what_is_expired_from_the_start),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
