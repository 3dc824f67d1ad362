/*
 * The life cycle: stories of domains, check by check, and random ones that must never
 * leave the table of what may follow what.
 */
#include "life/can_send.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE ((int64_t)60 * 1000)
#define HOUR   (60 * MINUTE)
#define START  ((int64_t)1790000000000)

static const struct profile_timings timings = {
        .fail_after_ms = 72 * HOUR,
        .grace_ms = 24 * HOUR,
        .check_after_ms = {MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE,
                           30 * MINUTE},
        .check_count = 6,
        .check_every_ms = HOUR,
};

static const struct life_rules no_jitter = {&timings, 0};

/* What a check sees, in one letter, for the stories below. */
enum sight {
	FAULT = 'f',     /* servfail, timeout, bogus … */
	NOTHING = 'n',   /* definitely nothing */
	SOME = 's',      /* some of it; the rest definitely not */
	SPREADING = 'p', /* some of it; the rest at some servers only */
	COMPLETE = 'c',
	FAULT_LOSS = 'x', /* one record is definitely gone, the others fault */
};

static struct life_seen make_seen(enum sight sight, int64_t negative_until)
{
	struct life_seen seen = {.negative_until = negative_until};

	switch (sight) {
	case FAULT:
		break;
	case FAULT_LOSS:
		seen.loss = true;
		break;
	case NOTHING:
		seen.kind = LIFE_SEEN_NOTHING;
		seen.loss = true;
		break;
	case SOME:
		seen.kind = LIFE_SEEN_SOME;
		seen.loss = true;
		break;
	case SPREADING:
		seen.kind = LIFE_SEEN_SOME;
		break;
	case COMPLETE:
		seen.kind = LIFE_SEEN_COMPLETE;
		break;
	}
	return seen;
}

struct story_step {
	int64_t at; /* since START; -1: when the check before said */
	enum sight sight;
	enum life_status status;
	enum life_event event;
	int64_t next; /* since START; -1: none, -2: not looked at */
};

struct story {
	const char *name;
	struct story_step steps[24];
};

#define QUIET LIFE_EVENT_NONE

static const struct story stories[] = {
        {"checks of a new domain are at 1, 2, 5, 10, 15, 30 min, then hourly",
         {
                 {0, NOTHING, LIFE_PENDING, QUIET, MINUTE},
                 {-1, NOTHING, LIFE_PENDING, QUIET, 2 * MINUTE},
                 {-1, NOTHING, LIFE_PENDING, QUIET, 5 * MINUTE},
                 {-1, SOME, LIFE_PARTIAL, LIFE_EVENT_PARTIAL, 10 * MINUTE},
                 {-1, SPREADING, LIFE_PARTIAL, QUIET, 15 * MINUTE},
                 {-1, NOTHING, LIFE_PENDING, LIFE_EVENT_PENDING, 30 * MINUTE},
                 {-1, NOTHING, LIFE_PENDING, QUIET, 90 * MINUTE},
                 {-1, SOME, LIFE_PARTIAL, LIFE_EVENT_PARTIAL, 150 * MINUTE},
                 {-1, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, 210 * MINUTE},
                 {-1, COMPLETE, LIFE_VERIFIED, QUIET, 270 * MINUTE},
         }},
        {"a check on request moves none of these times",
         {
                 {0, NOTHING, LIFE_PENDING, QUIET, MINUTE},
                 {30000, NOTHING, LIFE_PENDING, QUIET, MINUTE},
                 {3 * MINUTE, NOTHING, LIFE_PENDING, QUIET, 5 * MINUTE},
         }},
        {"nothing after 72 h is failed, and exactly then",
         {
                 {0, NOTHING, LIFE_PENDING, QUIET, MINUTE},
                 {71 * HOUR + 30 * MINUTE, NOTHING, LIFE_PENDING, QUIET, 72 * HOUR},
                 {-1, NOTHING, LIFE_FAILED, LIFE_EVENT_FAILED, -1},
                 {80 * HOUR, SOME, LIFE_FAILED, QUIET, -1},
                 {81 * HOUR, FAULT, LIFE_FAILED, QUIET, -1},
                 {82 * HOUR, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, 83 * HOUR},
         }},
        {"some after 72 h is failed too",
         {
                 {0, SOME, LIFE_PARTIAL, LIFE_EVENT_PARTIAL, MINUTE},
                 {72 * HOUR, SOME, LIFE_FAILED, LIFE_EVENT_FAILED, -1},
         }},
        {"complete at the last moment is verified",
         {
                 {0, SOME, LIFE_PARTIAL, LIFE_EVENT_PARTIAL, MINUTE},
                 {72 * HOUR, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, 73 * HOUR},
         }},
        {"faults fail nobody, the first definite answer behind the time does",
         {
                 {0, SOME, LIFE_PARTIAL, LIFE_EVENT_PARTIAL, MINUTE},
                 {72 * HOUR, FAULT, LIFE_PARTIAL, QUIET, -2},
                 {96 * HOUR, FAULT, LIFE_PARTIAL, QUIET, -2},
                 {120 * HOUR, SOME, LIFE_FAILED, LIFE_EVENT_FAILED, -1},
         }},
        {"two losses ten minutes apart are a warning, a day later it is lost",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {-1, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {-1, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, 130 * MINUTE},
                 {-1, NOTHING, LIFE_WARNING, QUIET, 190 * MINUTE},
                 {24 * HOUR + 30 * MINUTE, SOME, LIFE_WARNING, QUIET,
                  25 * HOUR + 10 * MINUTE},
                 {-1, SOME, LIFE_LOST, LIFE_EVENT_LOST, 26 * HOUR + 10 * MINUTE},
                 {-1, SOME, LIFE_LOST, QUIET, 27 * HOUR + 10 * MINUTE},
                 {-1, SPREADING, LIFE_LOST, QUIET, -2},
                 {-1, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_RECOVERED, -2},
         }},
        {"losses nearer than ten minutes are one",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {HOUR, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {61 * MINUTE, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {70 * MINUTE - 1, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {70 * MINUTE, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, -2},
         }},
        {"a loss that was not in a row is none",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {HOUR, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {70 * MINUTE, COMPLETE, LIFE_VERIFIED, QUIET, 130 * MINUTE},
                 {130 * MINUTE, SOME, LIFE_VERIFIED, QUIET, 140 * MINUTE},
                 {140 * MINUTE, SPREADING, LIFE_VERIFIED, QUIET, 200 * MINUTE},
                 {200 * MINUTE, SOME, LIFE_VERIFIED, QUIET, 210 * MINUTE},
                 {210 * MINUTE, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, -2},
         }},
        {"a fault between two losses neither confirms nor excuses",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {HOUR, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {70 * MINUTE, FAULT, LIFE_VERIFIED, QUIET, 130 * MINUTE},
                 {130 * MINUTE, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, -2},
         }},
        {"a loss beside faults is a loss",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {HOUR, FAULT_LOSS, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {70 * MINUTE, FAULT_LOSS, LIFE_WARNING, LIFE_EVENT_WARNING, -2},
         }},
        {"repaired within grace, and the next loss begins anew",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {HOUR, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {2 * HOUR, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, 3 * HOUR},
                 {20 * HOUR, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_RECOVERED, 21 * HOUR},
                 {30 * HOUR, SOME, LIFE_VERIFIED, QUIET, 30 * HOUR + 10 * MINUTE},
                 {31 * HOUR, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, 32 * HOUR},
                 {54 * HOUR, SOME, LIFE_WARNING, QUIET, 55 * HOUR},
                 {55 * HOUR, SOME, LIFE_LOST, LIFE_EVENT_LOST, -2},
         }},
        {"grace waits for a definite answer",
         {
                 {0, COMPLETE, LIFE_VERIFIED, LIFE_EVENT_VERIFIED, HOUR},
                 {HOUR, SOME, LIFE_VERIFIED, QUIET, 70 * MINUTE},
                 {2 * HOUR, SOME, LIFE_WARNING, LIFE_EVENT_WARNING, 3 * HOUR},
                 {26 * HOUR, FAULT, LIFE_WARNING, QUIET, 27 * HOUR},
                 {100 * HOUR, FAULT, LIFE_WARNING, QUIET, -2},
                 {101 * HOUR, SPREADING, LIFE_WARNING, QUIET, -2},
                 {102 * HOUR, SOME, LIFE_LOST, LIFE_EVENT_LOST, -2},
         }},
};

static int64_t since_start(int64_t at)
{
	return at ? at - START : -1;
}

static void tell(const struct story *story)
{
	struct life life = life_begin(START);

	assert_int_equal(life.next_check_at, START);
	for (const struct story_step *s = story->steps; s->sight; s++) {
		struct life_seen seen = make_seen(s->sight, 0);
		int64_t now = s->at < 0 ? life.next_check_at : START + s->at;
		enum life_event event = life_step(&no_jitter, &life, &seen, now, 0);
		size_t i = (size_t)(s - story->steps);

		if (life.status != s->status || event != s->event)
			fail_msg("%s: step %zu: %s, event \"%s\"", story->name, i,
			         life_status_name(life.status), life_event_name(event));
		if (s->next != -2 && since_start(life.next_check_at) != s->next)
			fail_msg("%s: step %zu: next %lld s, not %lld", story->name, i,
			         (long long)since_start(life.next_check_at) / 1000,
			         (long long)s->next / 1000);
		assert_int_equal(life.checked_at, now);
		assert_int_equal(life.checks_done, i + 1);
	}
}

static void stories_end_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(stories); i++)
		tell(&stories[i]);
}

static struct life life_of(enum life_status status)
{
	struct life life = life_begin(START);

	life.status = status;
	if (status == LIFE_WARNING)
		life.warning_since = START;
	return life;
}

/* A week without one good answer, of a domain in any state. */
static void faults_demote_nothing(void **state)
{
	(void)state;
	for (int status = 0; status < LIFE_STATUS_COUNT; status++) {
		struct life life = life_of((enum life_status)status);
		struct life_seen seen = make_seen(FAULT, 0);
		int checks = 0;
		int64_t now = START;
		int64_t wait = 0;

		for (; now < START + 168 * HOUR && life.next_check_at; checks++) {
			assert_int_equal(life_step(&no_jitter, &life, &seen, now, 0),
			                 LIFE_EVENT_NONE);
			assert_int_equal(life.status, status);
			assert_int_equal(life.fault_streak, checks + 1);
			assert_true(life.next_check_at == 0 ||
			            life.next_check_at - now <= LIFE_BACK_OFF_MAX_MS);
			wait = life.next_check_at - now;
			now = life.next_check_at;
		}
		if (status == LIFE_FAILED)
			continue;
		assert_int_equal(wait, LIFE_BACK_OFF_MAX_MS);
		assert_in_range(checks, 40, 60);
		seen = make_seen(SPREADING, 0);
		life_step(&no_jitter, &life, &seen, now, 0);
		assert_int_equal(life.fault_streak, 0);
	}
}

static void faults_back_off_from_the_first_checks_on(void **state)
{
	static const int64_t minutes[] = {1, 3, 7, 15, 31, 91, 155, 283, 523, 763};
	struct life life = life_begin(START);
	struct life_seen seen = make_seen(FAULT, 0);

	(void)state;
	for (size_t i = 0; i < LEN(minutes); i++) {
		life_step(&no_jitter, &life, &seen, life.next_check_at, 0);
		assert_int_equal(since_start(life.next_check_at), minutes[i] * MINUTE);
	}
}

static void retry_starts_the_clock_again(void **state)
{
	struct life life = life_begin(START);
	struct life_seen nothing = make_seen(NOTHING, 0);
	int64_t later = START + 80 * HOUR;

	(void)state;
	life_step(&no_jitter, &life, &nothing, START + 72 * HOUR, 0);
	assert_int_equal(life.status, LIFE_FAILED);
	assert_int_equal(life_retry(&life, later), LIFE_EVENT_PENDING);
	assert_int_equal(life.status, LIFE_PENDING);
	assert_int_equal(life.status_since, later);
	assert_int_equal(life.next_check_at, later);
	life_step(&no_jitter, &life, &nothing, later, 0);
	assert_int_equal(life.next_check_at, later + MINUTE);
	life_step(&no_jitter, &life, &nothing, later + 72 * HOUR - 1, 0);
	assert_int_equal(life.status, LIFE_PENDING);
	assert_int_equal(life.next_check_at, later + 72 * HOUR);
	life_step(&no_jitter, &life, &nothing, later + 72 * HOUR, 0);
	assert_int_equal(life.status, LIFE_FAILED);

	/* Of a domain that was verified it is a check, no more. */
	life = life_of(LIFE_LOST);
	assert_int_equal(life_retry(&life, later), LIFE_EVENT_NONE);
	assert_int_equal(life.status, LIFE_LOST);
	assert_int_equal(life.started_at, START);
	assert_int_equal(life.next_check_at, later);
}

static void other_records_are_proved_anew(void **state)
{
	struct life life = life_of(LIFE_WARNING);

	(void)state;
	life.loss_seen_at = START;
	assert_int_equal(life_restart(&life, START + HOUR), LIFE_EVENT_PENDING);
	assert_int_equal(life.status, LIFE_PENDING);
	assert_int_equal(life.started_at, START + HOUR);
	assert_int_equal(life.loss_seen_at, 0);
	assert_int_equal(life.warning_since, 0);
	assert_int_equal(life.next_check_at, START + HOUR);
}

static void negative_answers_are_asked_again_when_they_end(void **state)
{
	static const struct {
		int64_t at;
		enum life_status status;
		int64_t until; /* since START, as all */
		int64_t next;
	} rows[] = {
	        {3 * HOUR,   LIFE_PENDING, 3 * HOUR + 30 * MINUTE,
	         3 * HOUR + 30 * MINUTE	                                          },
	        {3 * HOUR,   LIFE_PARTIAL, 3 * HOUR + 59 * MINUTE,
	         3 * HOUR + 59 * MINUTE	                                          },
	        {3 * HOUR,   LIFE_WARNING, 3 * HOUR + 15 * MINUTE,
	         3 * HOUR + 15 * MINUTE	                                          },
	        {3 * HOUR,   LIFE_LOST,    3 * HOUR + 15 * MINUTE, 3 * HOUR + 15 * MINUTE},
 /* later than the next check by itself */
	        {3 * HOUR,   LIFE_PENDING, 27 * HOUR,              4 * HOUR              },
 /* too often for three days; but not for the first checks */
	        {3 * HOUR,   LIFE_PENDING, 3 * HOUR + 9 * MINUTE,  4 * HOUR              },
	        {2 * MINUTE, LIFE_PENDING, 3 * MINUTE,             3 * MINUTE            },
	        {2 * MINUTE, LIFE_PENDING, 2 * MINUTE + 5000,      5 * MINUTE            },
 /* the end is over */
	        {3 * HOUR,   LIFE_PENDING, 2 * HOUR,               4 * HOUR              },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct life life = life_of(rows[i].status);
		struct life_seen seen = make_seen(SOME, START + rows[i].until);

		life_step(&no_jitter, &life, &seen, START + rows[i].at, 0);
		if (since_start(life.next_check_at) != rows[i].next)
			fail_msg("row %zu: next %lld s", i,
			         (long long)since_start(life.next_check_at) / 1000);
	}
}

static void jitter_stays_in_its_bounds(void **state)
{
	const struct life_rules rules = {&timings, 10};
	struct life_seen complete = make_seen(COMPLETE, 0);
	struct life_seen nothing = make_seen(NOTHING, 0);
	struct life life;

	(void)state;
	for (uint64_t r = 0; r <= UINT32_MAX; r += UINT32_MAX / 1024) {
		int64_t wait;

		life = life_of(LIFE_VERIFIED);
		life_step(&rules, &life, &complete, START, (uint32_t)r);
		wait = life.next_check_at - START;
		assert_true(wait > 54 * MINUTE - 1 && wait <= HOUR);
		if (r == 0)
			assert_int_equal(wait, HOUR);
	}
	assert_true(life.next_check_at - START < 54 * MINUTE + 1000);
	/* The first checks have none. */
	life = life_begin(START);
	life_step(&rules, &life, &nothing, START, UINT32_MAX);
	assert_int_equal(life.next_check_at, START + MINUTE);
}

/* What may follow what, by one check. */
static const bool allowed[LIFE_STATUS_COUNT][LIFE_STATUS_COUNT] = {
        [LIFE_PENDING] = {[LIFE_PENDING] = true,
                          [LIFE_PARTIAL] = true,
                          [LIFE_VERIFIED] = true,
                          [LIFE_FAILED] = true},
        [LIFE_PARTIAL] = {[LIFE_PENDING] = true,
                          [LIFE_PARTIAL] = true,
                          [LIFE_VERIFIED] = true,
                          [LIFE_FAILED] = true},
        [LIFE_VERIFIED] = {[LIFE_VERIFIED] = true, [LIFE_WARNING] = true  },
        [LIFE_WARNING] =
                {[LIFE_WARNING] = true,                     [LIFE_VERIFIED] = true, [LIFE_LOST] = true},
        [LIFE_LOST] = {[LIFE_LOST] = true,                     [LIFE_VERIFIED] = true},
        [LIFE_FAILED] = {[LIFE_FAILED] = true,   [LIFE_VERIFIED] = true   },
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Whether one may send says nothing but the status. */
static bool may_send(enum life_status status)
{
	return can_send(&(struct can_send){.status = status}) == 0;
}

static void check_invariants(const struct life *before, const struct life *after,
                             enum sight sight, enum life_event event, int64_t now)
{
	assert_true(allowed[before->status][after->status]);
	assert_int_equal(event == LIFE_EVENT_NONE, before->status == after->status);
	assert_int_equal(after->next_check_at == 0, after->status == LIFE_FAILED);
	assert_true(after->next_check_at == 0 || after->next_check_at > now);
	assert_true(after->next_check_at <= now + LIFE_BACK_OFF_MAX_MS);
	assert_int_equal(after->status_since,
	                 before->status == after->status ? before->status_since : now);
	if (sight == COMPLETE)
		assert_int_equal(after->status, LIFE_VERIFIED);
	if (sight == FAULT)
		assert_int_equal(after->status, before->status);
	if (after->status == LIFE_LOST && before->status != LIFE_LOST)
		assert_true(now - before->warning_since >= timings.grace_ms);
	if (after->status == LIFE_WARNING && before->status != LIFE_WARNING)
		assert_true(before->loss_seen_at &&
		            now - before->loss_seen_at >= LIFE_CONFIRM_MS);
	if (may_send(before->status) && !may_send(after->status))
		assert_int_equal(before->status, LIFE_WARNING);
	assert_int_equal(after->warning_since != 0,
	                 after->status == LIFE_WARNING || after->status == LIFE_LOST);
}

static void random_lives_keep_to_the_table(void **state)
{
	static const char sights[] = "fnspcxccnnffff";
	const struct life_rules rules = {&timings, 10};
	bool reached[LIFE_STATUS_COUNT][LIFE_STATUS_COUNT] = {0};
	uint64_t r = 88172645463325252;

	(void)state;
	for (int n = 0; n < 4000; n++) {
		struct life life = life_begin(START);
		int64_t now = START;
		/* Long runs of the same sight, as the world has them. */
		enum sight sight = NOTHING;

		for (int i = 0; i < 150; i++) {
			struct life before;
			struct life_seen seen;
			enum life_event event;

			if (next_random(&r) % 40 == 0)
				life_retry(&life, now);
			before = life;
			if (next_random(&r) % 6 == 0)
				sight = (enum sight)
				        sights[next_random(&r) % (sizeof(sights) - 1)];
			now = next_random(&r) % 8 && life.next_check_at
			              ? life.next_check_at
			              : now + (int64_t)(next_random(&r) %
			                                (uint64_t)(20 * HOUR));
			seen = make_seen(sight,
			                 now + (int64_t)(next_random(&r) % 7200000));
			event = life_step(&rules, &life, &seen, now,
			                  (uint32_t)next_random(&r));
			check_invariants(&before, &life, sight, event, now);
			reached[before.status][life.status] = true;
		}
	}
	assert_memory_equal(reached, allowed, sizeof(allowed));
}

static void reasons_are_told_together(void **state)
{
	static const struct {
		struct can_send in;
		const char *shown;
		const char *codes[5];
	} rows[] = {
	        {{.status = LIFE_VERIFIED},                                           "verified", {NULL}                                },
	        {{.status = LIFE_WARNING},	                                    "warning",  {NULL}                                },
	        {{.status = LIFE_PENDING},	                                    "pending",  {"domain_pending"}                    },
	        {{.status = LIFE_PARTIAL},	                                    "partial",  {"domain_partial"}                    },
	        {{.status = LIFE_LOST},	                                       "lost",     {"domain_lost"}                       },
	        {{.status = LIFE_FAILED},	                                     "failed",   {"domain_failed"}                     },
	        {{.status = LIFE_VERIFIED, .review = LIFE_REVIEW_OPEN},
	         "review",	                                                                {"review_open"}                       },
	        {{.status = LIFE_PARTIAL, .review = LIFE_REVIEW_OPEN},
	         "partial",	                                                               {"domain_partial", "review_open"}     },
	        {{.status = LIFE_VERIFIED, .review = LIFE_REVIEW_APPROVED},
	         "verified",	                                                              {NULL}	                        },
	        {{.status = LIFE_WARNING, .review = LIFE_REVIEW_REJECTED},
	         "rejected",	                                                              {"review_rejected"}                   },
	        {{.status = LIFE_VERIFIED, .is_suspended = true},
	         "suspended",	                                                             {"domain_suspended"}                  },
	        {{.status = LIFE_VERIFIED, .is_deleted = true, .is_suspended = true},
	         "deleted",	                                                               {"domain_deleted", "domain_suspended"}},
	        {{.status = LIFE_VERIFIED, .is_account_closed = true},
	         "verified",	                                                              {"account_closed"}                    },
	        {{.status = LIFE_VERIFIED, .is_demo = true},                          "verified", {NULL}                                },
	        {{.status = LIFE_VERIFIED,
	          .is_demo = true,
	          .recipient = RECIPIENT_OWN,
	          .sender = SENDER_KNOWN},
	         "verified",	                                                              {NULL}	                        },
	        {{.status = LIFE_VERIFIED,
	          .is_demo = true,
	          .recipient = RECIPIENT_OTHER,
	          .sender = SENDER_UNKNOWN},
	         "verified",	                                                              {"sender_unknown", "demo_recipient"}  },
	        {{.status = LIFE_VERIFIED, .recipient = RECIPIENT_OTHER},
	         "verified",	                                                              {NULL}	                        },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		unsigned reasons = can_send(&rows[i].in);
		size_t n = 0;

		for (; rows[i].codes[n]; n++) {
			assert_non_null(can_send_reason(reasons, n));
			assert_string_equal(can_send_reason(reasons, n)->code,
			                    rows[i].codes[n]);
		}
		assert_null(can_send_reason(reasons, n));
		assert_string_equal(life_shown_status(&rows[i].in), rows[i].shown);
	}
}

static void words_are_read_back(void **state)
{
	enum life_status status;

	(void)state;
	for (int i = 0; i < LIFE_STATUS_COUNT; i++) {
		assert_true(life_status_parse(
		        str_c(life_status_name((enum life_status)i)), &status));
		assert_int_equal(status, i);
	}
	assert_false(life_status_parse(STR("deleted"), &status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(stories_end_as_told),
	        cmocka_unit_test(faults_demote_nothing),
	        cmocka_unit_test(faults_back_off_from_the_first_checks_on),
	        cmocka_unit_test(retry_starts_the_clock_again),
	        cmocka_unit_test(other_records_are_proved_anew),
	        cmocka_unit_test(negative_answers_are_asked_again_when_they_end),
	        cmocka_unit_test(jitter_stays_in_its_bounds),
	        cmocka_unit_test(random_lives_keep_to_the_table),
	        cmocka_unit_test(reasons_are_told_together),
	        cmocka_unit_test(words_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
