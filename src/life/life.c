#include "life/life.h"

static const char *const status_names[] = {
#define X(name, text) [LIFE_##name] = text,
        LIFE_STATUSES(X)
#undef X
};

static const char *const event_names[] = {
#define X(name, text) [LIFE_EVENT_##name] = text,
        LIFE_EVENTS(X)
#undef X
};

const char *life_status_name(enum life_status status)
{
	need((size_t)status < LEN(status_names));
	return status_names[status];
}

bool life_status_parse(struct str text, enum life_status *out)
{
	for (size_t i = 0; i < LEN(status_names); i++) {
		if (str_eq(text, str_c(status_names[i]))) {
			*out = (enum life_status)i;
			return true;
		}
	}
	return false;
}

const char *life_event_name(enum life_event event)
{
	need((size_t)event < LEN(event_names));
	return event_names[event];
}

static enum life_event enter(struct life *life, enum life_status status, int64_t now,
                             enum life_event event)
{
	if (life->status == status)
		return LIFE_EVENT_NONE;
	life->status = status;
	life->status_since = now;
	return event;
}

static enum life_event see_complete(struct life *life, int64_t now)
{
	bool before = life->status == LIFE_WARNING || life->status == LIFE_LOST;

	life->loss_seen_at = 0;
	life->warning_since = 0;
	if (life->verified_at == 0)
		life->verified_at = now;
	return enter(life, LIFE_VERIFIED, now,
	             before ? LIFE_EVENT_RECOVERED : LIFE_EVENT_VERIFIED);
}

/* A definite look at a domain that was never verified. */
static enum life_event see_before(const struct life_rules *rules, struct life *life,
                                  enum life_seen_kind kind, int64_t now)
{
	if (now - life->started_at >= rules->timings->fail_after_ms)
		return enter(life, LIFE_FAILED, now, LIFE_EVENT_FAILED);
	if (kind == LIFE_SEEN_SOME)
		return enter(life, LIFE_PARTIAL, now, LIFE_EVENT_PARTIAL);
	return enter(life, LIFE_PENDING, now, LIFE_EVENT_PENDING);
}

/* A loss seen of a verified domain: the second sight of it counts. */
static enum life_event see_loss(struct life *life, int64_t now)
{
	if (life->loss_seen_at == 0) {
		life->loss_seen_at = now;
		return LIFE_EVENT_NONE;
	}
	if (now - life->loss_seen_at < LIFE_CONFIRM_MS)
		return LIFE_EVENT_NONE;
	life->warning_since = now;
	return enter(life, LIFE_WARNING, now, LIFE_EVENT_WARNING);
}

/* What is definite, and not complete. */
static enum life_event see_incomplete(const struct life_rules *rules, struct life *life,
                                      const struct life_seen *seen, int64_t now)
{
	switch (life->status) {
	case LIFE_PENDING:
	case LIFE_PARTIAL:
		return see_before(rules, life, seen->kind, now);
	case LIFE_VERIFIED:
		if (seen->loss)
			return see_loss(life, now);
		life->loss_seen_at = 0; /* some servers have it again */
		break;
	case LIFE_WARNING:
		if (seen->loss && now - life->warning_since >= rules->timings->grace_ms)
			return enter(life, LIFE_LOST, now, LIFE_EVENT_LOST);
		break;
	case LIFE_LOST:
	case LIFE_FAILED:
	case LIFE_STATUS_COUNT:
		break;
	}
	return LIFE_EVENT_NONE;
}

/* `ms`, or less by up to the jitter. */
static int64_t with_jitter(const struct life_rules *rules, int64_t ms, uint32_t random)
{
	int64_t room = ms * rules->jitter_percent / 100;

	return ms - (int64_t)(((uint64_t)room * random) >> 32);
}

/* Brings the next check forward to `at`, where that is still to come. */
static void no_later_than(int64_t *next, int64_t at, int64_t now)
{
	if (at > now && at < *next)
		*next = at;
}

/* The first checks are at set times after the start; the rest each check_every_ms. */
static int64_t regular_check(const struct life_rules *rules, const struct life *life,
                             int64_t now, uint32_t random)
{
	const struct profile_timings *t = rules->timings;
	int64_t every = with_jitter(rules, t->check_every_ms, random);

	if (life->status != LIFE_PENDING && life->status != LIFE_PARTIAL)
		return now + every;
	for (size_t i = 0; i < t->check_count; i++)
		if (life->started_at + t->check_after_ms[i] > now)
			return life->started_at + t->check_after_ms[i];
	return now + every;
}

/* Caches forget that a needed record was not there: a good moment to look, as long as
 * that is not each minute for days. */
static void consider_negative(const struct life_rules *rules,
                              const struct life_seen *seen, int64_t now, int64_t *next)
{
	int64_t least = rules->timings->check_every_ms / 6;

	if (*next - now < least)
		least = LIFE_BACK_OFF_MS;
	if (seen->negative_until - now >= least)
		no_later_than(next, seen->negative_until, now);
}

static int64_t back_off(const struct life_rules *rules, const struct life *life,
                        uint32_t random)
{
	int64_t ms = LIFE_BACK_OFF_MS;

	for (int64_t i = 1; i < life->fault_streak && ms < LIFE_BACK_OFF_MAX_MS; i++)
		ms *= 2;
	if (ms > LIFE_BACK_OFF_MAX_MS)
		ms = LIFE_BACK_OFF_MAX_MS;
	return with_jitter(rules, ms, random);
}

static int64_t next_check(const struct life_rules *rules, const struct life *life,
                          const struct life_seen *seen, int64_t now, uint32_t random)
{
	int64_t next = regular_check(rules, life, now, random);

	switch (life->status) {
	case LIFE_FAILED:
	case LIFE_STATUS_COUNT:
		return 0;
	case LIFE_PENDING:
	case LIFE_PARTIAL:
		no_later_than(&next, life->started_at + rules->timings->fail_after_ms,
		              now);
		break;
	case LIFE_VERIFIED:
		if (life->loss_seen_at)
			no_later_than(&next, life->loss_seen_at + LIFE_CONFIRM_MS, now);
		break;
	case LIFE_WARNING:
		no_later_than(&next, life->warning_since + rules->timings->grace_ms,
		              now);
		break;
	case LIFE_LOST:
		break;
	}
	if (life->fault_streak == 0 && life->status != LIFE_VERIFIED)
		consider_negative(rules, seen, now, &next);
	if (life->fault_streak && next < now + back_off(rules, life, random))
		next = now + back_off(rules, life, random);
	return next;
}

struct life life_begin(int64_t now)
{
	return (struct life){.status = LIFE_PENDING,
	                     .status_since = now,
	                     .started_at = now,
	                     .next_check_at = now};
}

enum life_event life_step(const struct life_rules *rules, struct life *life,
                          const struct life_seen *seen, int64_t now, uint32_t random)
{
	enum life_event event = LIFE_EVENT_NONE;
	bool is_fault = seen->kind == LIFE_SEEN_FAULTS && !seen->loss;

	life->checks_done++;
	life->checked_at = now;
	life->fault_streak = is_fault ? life->fault_streak + 1 : 0;
	if (seen->kind == LIFE_SEEN_COMPLETE)
		event = see_complete(life, now);
	else if (!is_fault)
		event = see_incomplete(rules, life, seen, now);
	life->next_check_at = next_check(rules, life, seen, now, random);
	return event;
}

enum life_event life_retry(struct life *life, int64_t now)
{
	enum life_event event = LIFE_EVENT_NONE;

	if (life->status == LIFE_FAILED)
		event = enter(life, LIFE_PENDING, now, LIFE_EVENT_PENDING);
	if (life->status == LIFE_PENDING || life->status == LIFE_PARTIAL)
		life->started_at = now;
	life->fault_streak = 0;
	life->next_check_at = now;
	return event;
}

enum life_event life_restart(struct life *life, int64_t now)
{
	enum life_event event = enter(life, LIFE_PENDING, now, LIFE_EVENT_PENDING);

	life->started_at = now;
	life->next_check_at = now;
	life->loss_seen_at = 0;
	life->warning_since = 0;
	life->fault_streak = 0;
	return event;
}
