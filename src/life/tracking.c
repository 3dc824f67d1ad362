#include "life/tracking.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR   (60 * MINUTE)

static const char *const status_names[] = {
#define X(name, text) [TRACKING_##name] = text,
        TRACKING_STATUSES(X)
#undef X
};

static const char *const mode_names[] = {
#define X(name, text) [TRACKING_MODE_##name] = text,
        TRACKING_MODES(X)
#undef X
};

static const char *const light_names[] = {"unknown", "green", "red", "amber"};

static const char *const event_names[] = {
#define X(name, text) [TRACKING_EVENT_##name] = text,
        TRACKING_EVENTS(X)
#undef X
};

static bool find(const char *const *names, size_t n, struct str text, size_t *out)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(text, str_c(names[i]))) {
			*out = i;
			return true;
		}
	}
	return false;
}

const char *tracking_status_name(enum tracking_status status)
{
	need((size_t)status < LEN(status_names));
	return status_names[status];
}

bool tracking_status_parse(struct str text, enum tracking_status *out)
{
	size_t i;

	if (!find(status_names, LEN(status_names), text, &i))
		return false;
	*out = (enum tracking_status)i;
	return true;
}

const char *tracking_mode_name(enum tracking_mode mode)
{
	need((size_t)mode < LEN(mode_names));
	return mode_names[mode];
}

bool tracking_mode_parse(struct str text, enum tracking_mode *out)
{
	size_t i;

	if (!find(mode_names, LEN(mode_names), text, &i))
		return false;
	*out = (enum tracking_mode)i;
	return true;
}

const char *tracking_light_name(enum tracking_light light)
{
	need((size_t)light < LEN(light_names));
	return light_names[light];
}

bool tracking_light_parse(struct str text, enum tracking_light *out)
{
	size_t i;

	if (!find(light_names, LEN(light_names), text, &i))
		return false;
	*out = (enum tracking_light)i;
	return true;
}

const char *tracking_event_name(enum tracking_event event)
{
	need((size_t)event < LEN(event_names));
	return event_names[event];
}

struct tracking tracking_begin(bool is_ready, int64_t now)
{
	return (struct tracking){
	        .status = is_ready ? TRACKING_PENDING : TRACKING_WAITING,
	        .status_since = now,
	        .changed_at = now,
	        .next_at = now,
	};
}

void tracking_stir(struct tracking *t, int64_t now)
{
	t->changed_at = now;
	t->fault_streak = 0;
	t->next_at = now;
}

static unsigned bit(enum tracking_event event)
{
	return 1u << event;
}

static unsigned enter(struct tracking *t, enum tracking_status status, int64_t now,
                      enum tracking_event event)
{
	if (t->status == status)
		return 0;
	t->status = status;
	t->status_since = now;
	t->changed_at = now;
	return bit(event);
}

/* What DNS says of a name that was right before, or was not. */
static unsigned see_wrong(struct tracking *t, const struct tracking_seen *seen,
                          int64_t now)
{
	if (t->verified_at)
		return enter(t, TRACKING_LOST, now, TRACKING_EVENT_LOST);
	if (seen->dns == TRACKING_DNS_IN_USE)
		return enter(t, TRACKING_IN_USE, now, TRACKING_EVENT_IN_USE);
	return enter(t, TRACKING_PENDING, now, TRACKING_EVENT_PENDING);
}

static unsigned see_dns(struct tracking *t, const struct tracking_seen *seen,
                        int64_t now)
{
	unsigned events = 0;

	if (!seen->is_ready && !t->verified_at)
		return enter(t, TRACKING_WAITING, now, TRACKING_EVENT_WAITING);
	if (seen->dns == TRACKING_DNS_UNKNOWN)
		return t->status == TRACKING_WAITING
		               ? enter(t, TRACKING_PENDING, now, TRACKING_EVENT_PENDING)
		               : 0;
	if (seen->dns != TRACKING_DNS_RIGHT) {
		events = see_wrong(t, seen, now);
	} else {
		events = enter(t, TRACKING_VERIFIED, now, TRACKING_EVENT_VERIFIED);
		if (!t->verified_at)
			t->verified_at = now;
	}
	/* Before it was ever right, nobody's links depend on it. */
	if (seen->is_dangling && t->verified_at && !t->is_dangling)
		events |= bit(TRACKING_EVENT_DANGLING);
	t->is_dangling = seen->is_dangling && t->verified_at;
	return events;
}

/* A light changes by what was definitely seen; green that goes is told. */
static unsigned see_light(enum tracking_light *light, enum tracking_light seen,
                          enum tracking_event on, enum tracking_event off)
{
	enum tracking_light before = *light;

	if (seen == TRACKING_UNKNOWN || seen == before)
		return 0;
	*light = seen;
	if (seen == TRACKING_GREEN)
		return bit(on);
	return before == TRACKING_GREEN ? bit(off) : 0;
}

static unsigned see_lights(struct tracking *t, const struct tracking_seen *seen,
                           int64_t now)
{
	unsigned events;
	enum tracking_light http = seen->http, https = seen->https;

	/* What answers under a name that does not lead to us is not ours. */
	if (t->status != TRACKING_VERIFIED || t->is_dangling) {
		if (t->http == TRACKING_UNKNOWN && t->https == TRACKING_UNKNOWN)
			return 0;
		http = https = TRACKING_RED;
	}
	events = see_light(&t->http, http, TRACKING_EVENT_HTTP,
	                   TRACKING_EVENT_HTTP_LOST) |
	         see_light(&t->https, https, TRACKING_EVENT_HTTPS,
	                   TRACKING_EVENT_HTTPS_LOST);
	if (events)
		t->changed_at = now;
	return events;
}

static unsigned see_list(struct tracking *t, enum tracking_list listed)
{
	bool is_listed = listed == TRACKING_LIST_YES;

	if (listed == TRACKING_LIST_UNKNOWN || is_listed == t->is_listed)
		return 0;
	t->is_listed = is_listed;
	return bit(is_listed ? TRACKING_EVENT_LISTED : TRACKING_EVENT_UNLISTED);
}

/* `ms`, or less by up to the jitter. */
static int64_t with_jitter(const struct tracking_rules *rules, int64_t ms,
                           uint32_t random)
{
	int64_t room = ms * rules->jitter_percent / 100;

	return ms - (int64_t)(((uint64_t)room * random) >> 32);
}

static int64_t back_off(const struct tracking *t)
{
	int64_t ms = TRACKING_BACK_OFF_MS;

	for (int64_t i = 1; i < t->fault_streak && ms < TRACKING_BACK_OFF_MAX_MS; i++)
		ms *= 2;
	return ms < TRACKING_BACK_OFF_MAX_MS ? ms : TRACKING_BACK_OFF_MAX_MS;
}

/* While something is missing: soon, then hourly, then ever more seldom. */
static int64_t impatient(const struct tracking *t, int64_t every, int64_t now)
{
	static const int minutes[] = {1, 2, 5, 10, 15, 30};
	int64_t patience = (now - t->changed_at) / 72;

	for (size_t i = 0; i < LEN(minutes); i++)
		if (t->changed_at + minutes[i] * MINUTE > now)
			return t->changed_at + minutes[i] * MINUTE - now;
	if (patience < every)
		return every;
	return patience < 12 * every ? patience : 12 * every;
}

static bool is_content(const struct tracking *t)
{
	return t->status == TRACKING_VERIFIED && t->https == TRACKING_GREEN &&
	       !t->is_dangling;
}

static int64_t next_at(const struct tracking_rules *rules, const struct tracking *t,
                       const struct tracking_seen *seen, int64_t now, uint32_t random)
{
	int64_t every = rules->every_ms ? rules->every_ms : HOUR;
	int64_t wait;

	if (t->status == TRACKING_WAITING || (seen->is_retired && !t->verified_at))
		return 0;
	if (seen->is_retired)
		return now + with_jitter(rules, 12 * every, random);
	if (is_content(t))
		wait = with_jitter(rules, every, random);
	else
		wait = impatient(t, every, now);
	if (wait >= every && !is_content(t))
		wait = with_jitter(rules, wait, random);
	if (t->fault_streak && wait < back_off(t))
		wait = with_jitter(rules, back_off(t), random);
	/* Caches forget that it was not there: a good moment to look. */
	if (!t->fault_streak && t->status != TRACKING_VERIFIED &&
	    seen->negative_until - now >= MINUTE && seen->negative_until - now < wait)
		wait = seen->negative_until - now;
	return now + wait;
}

unsigned tracking_step(const struct tracking_rules *rules, struct tracking *t,
                       const struct tracking_seen *seen, int64_t now, uint32_t random)
{
	bool is_fault =
	        seen->dns == TRACKING_DNS_UNKNOWN && t->status != TRACKING_WAITING;
	unsigned events = see_dns(t, seen, now);

	t->checked_at = now;
	t->fault_streak = is_fault ? t->fault_streak + 1 : 0;
	events |= see_lights(t, seen, now);
	events |= see_list(t, seen->listed);
	t->next_at = next_at(rules, t, seen, now, random);
	return events;
}

int tracking_proof(bool is_domain_verified, bool is_same_organization)
{
	if (!is_domain_verified)
		return 0;
	return is_same_organization ? 2 : 1;
}

bool tracking_may_claim(int claimant, int holder)
{
	return claimant > holder;
}
