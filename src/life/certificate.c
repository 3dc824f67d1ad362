#include "life/certificate.h"

#include "base/need.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* What is waited for after the first, second … refusal in a row. */
static const int64_t back_off_ms[] = {5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS,
                                      6 * HOUR_MS, DAY_MS};

enum {
	JITTER = 10, /* a back-off is longer by up to this part of it: a tenth */
	REQUEST_MINUTES = 10, /* between orders on request */
	FAULT_MINUTES = 30,
	UPLOADED_PARTS =
	        20, /* the last part of an uploaded one's life: it is replaced */
	EXPIRING_PARTS = 6, /* the last part of life in which it is told */
};

enum whose { OURS, HOST, ALL };

static const struct {
	const char *name;
	enum whose whose;
	const char *fix;
} failures[] = {
#define X(name, text, whose, fix) {text, whose, fix},
        CERTIFICATE_FAILURES(X)
#undef X
};

static const char *const states[] = {
#define X(name, text) text,
        CERTIFICATE_STATES(X)
#undef X
};

static const char *const events[] = {
#define X(name, text) text,
        CERTIFICATE_EVENTS(X)
#undef X
};

static const char *const sources[] = {"", "acme", "uploaded"};

const char *certificate_state_name(enum certificate_state state)
{
	need((size_t)state < LEN(states));
	return states[state];
}

const char *certificate_failure_name(enum certificate_failure failure)
{
	need((size_t)failure < LEN(failures));
	return failures[failure].name;
}

const char *certificate_failure_fix(enum certificate_failure failure)
{
	need((size_t)failure < LEN(failures));
	return failures[failure].fix;
}

bool certificate_failure_is_for_all(enum certificate_failure failure)
{
	need((size_t)failure < LEN(failures));
	return failures[failure].whose == ALL;
}

const char *certificate_source_name(enum certificate_source source)
{
	need((size_t)source < LEN(sources));
	return sources[source];
}

const char *certificate_event_name(enum certificate_event event)
{
	need((size_t)event < LEN(events));
	return events[event];
}

bool certificate_state_parse(struct str text, enum certificate_state *out)
{
	for (size_t i = 0; i < LEN(states); i++)
		if (str_eq(text, str_c(states[i]))) {
			*out = (enum certificate_state)i;
			return true;
		}
	return false;
}

bool certificate_failure_parse(struct str text, enum certificate_failure *out)
{
	for (size_t i = 0; i < LEN(failures); i++)
		if (str_eq(text, str_c(failures[i].name))) {
			*out = (enum certificate_failure)i;
			return true;
		}
	return false;
}

bool certificate_source_parse(struct str text, enum certificate_source *out)
{
	for (size_t i = 0; i < LEN(sources); i++)
		if (str_eq(text, str_c(sources[i]))) {
			*out = (enum certificate_source)i;
			return true;
		}
	return false;
}

/* A part of `ms` chosen by any 32 bits. */
static int64_t part(int64_t ms, uint32_t random)
{
	return (int64_t)(((uint64_t)ms * random) >> 32);
}

static int64_t longer(int64_t ms, uint32_t random)
{
	return ms + part(ms / JITTER, random);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool certificate_is_valid(const struct certificate_life *c, int64_t now)
{
	return c->source != CERTIFICATE_NOBODY && now < c->not_after;
}

static int64_t lifetime(const struct certificate_life *c)
{
	return later(c->not_after - c->not_before, 1);
}

int64_t certificate_renew_at(const struct certificate_life *c, uint32_t random)
{
	int64_t life = lifetime(c);

	if (c->source == CERTIFICATE_UPLOADED)
		return c->not_after - life / UPLOADED_PARTS;
	/* A bit earlier, so that what was issued in a row is not renewed in a row. */
	return c->not_after - life / 3 - part(life / 50, random);
}

static int64_t expiring_at(const struct certificate_life *c)
{
	/* Who uploads has to do something, and needs time for it. */
	if (c->source == CERTIFICATE_UPLOADED)
		return c->not_after - sooner(lifetime(c) / 3, 21 * DAY_MS);
	return c->not_after - lifetime(c) / EXPIRING_PARTS;
}

/* ---- the budget ---- */

struct certificate_budget
certificate_budget_begin(const struct certificate_rules *rules, int64_t ordered,
                         int64_t now)
{
	double left = (double)(rules->orders_per_hour - ordered);

	return (struct certificate_budget){.left = left > 0 ? left : 0, .at = now};
}

static void fill(const struct certificate_rules *rules, struct certificate_budget *b,
                 int64_t now)
{
	double all = (double)rules->orders_per_hour;

	if (now > b->at)
		b->left += (double)(now - b->at) * all / (double)HOUR_MS;
	b->at = now;
	if (b->left > all)
		b->left = all;
}

/* When there may be another order: `now`, or later. */
static int64_t allowed_at(const struct certificate_rules *rules,
                          struct certificate_budget *b, int64_t now)
{
	int64_t each = HOUR_MS / later(rules->orders_per_hour, 1);
	int64_t at = now;

	fill(rules, b, now);
	if (b->left < 1)
		at = now + (int64_t)((1 - b->left) * (double)each) + 1;
	return later(at, b->paused_until);
}

/* ---- what is next ---- */

static enum certificate_action wait_until(struct certificate_life *c, int64_t at)
{
	c->next_at = at;
	return CERTIFICATE_WAIT;
}

/* The state of one for which nothing is under way. */
static void rest(struct certificate_life *c, enum certificate_state without,
                 int64_t now)
{
	if (!certificate_is_valid(c, now))
		c->state = without;
	else if (c->state != CERTIFICATE_RENEWING)
		c->state = CERTIFICATE_VALID;
}

/* What time alone brings: it is about to expire, or has. */
static enum certificate_event pass_time(struct certificate_life *c, int64_t now)
{
	if (c->source == CERTIFICATE_NOBODY)
		return CERTIFICATE_EVENT_NONE;
	if (now >= c->not_after) {
		c->source = CERTIFICATE_NOBODY;
		c->state = CERTIFICATE_FAILED;
		c->failed_at = now;
		return CERTIFICATE_EVENT_FAILED;
	}
	if (now < expiring_at(c) || c->is_told_expiring)
		return CERTIFICATE_EVENT_NONE;
	c->is_told_expiring = true;
	return CERTIFICATE_EVENT_EXPIRING;
}

/* The next moment at which time alone brings something. */
static int64_t next_of_time(const struct certificate_life *c)
{
	return c->is_told_expiring ? c->not_after : expiring_at(c);
}

static enum certificate_action not_wanted(struct certificate_life *c, int64_t now)
{
	rest(c, CERTIFICATE_NONE, now);
	if (c->state == CERTIFICATE_RENEWING)
		c->state = CERTIFICATE_VALID;
	return wait_until(c, c->source == CERTIFICATE_NOBODY ? 0 : next_of_time(c));
}

static bool is_fresh(int64_t at, int64_t now)
{
	return at > 0 && now - at <= CERTIFICATE_FACTS_MS;
}

/* It is time for an order: may there be one? */
static enum certificate_action due(const struct certificate_rules *rules,
                                   struct certificate_life *c,
                                   const struct certificate_facts *facts,
                                   struct certificate_budget *budget, int64_t now)
{
	int64_t at;

	if (certificate_is_valid(c, now))
		c->state = CERTIFICATE_RENEWING;
	else if (c->state != CERTIFICATE_FAILED)
		c->state = CERTIFICATE_CHECKING;
	c->next_at = now + CERTIFICATE_LOOK_MS;
	if (!is_fresh(facts->at, now))
		return CERTIFICATE_LOOK;
	if (facts->dns != CERTIFICATE_SEEN_RIGHT ||
	    facts->path != CERTIFICATE_SEEN_RIGHT)
		return CERTIFICATE_WAIT;
	at = allowed_at(rules, budget, now);
	if (at > now)
		return wait_until(c, at);
	if (!is_fresh(facts->caa_at, now))
		return CERTIFICATE_ASK;
	return facts->caa == CERTIFICATE_SEEN_RIGHT ? CERTIFICATE_ORDER
	                                            : CERTIFICATE_WAIT;
}

enum certificate_action certificate_next(const struct certificate_rules *rules,
                                         struct certificate_life *c,
                                         const struct certificate_facts *facts,
                                         struct certificate_budget *budget, int64_t now,
                                         enum certificate_event *event)
{
	*event = pass_time(c, now);
	if (c->is_ordered) {
		c->state = certificate_is_valid(c, now) ? CERTIFICATE_RENEWING
		                                        : CERTIFICATE_ISSUING;
		return wait_until(c, 0);
	}
	if (!facts->is_wanted || !rules->is_enabled)
		return not_wanted(c, now);
	if (c->try_at > now) {
		rest(c, c->attempts ? CERTIFICATE_FAILED : CERTIFICATE_CHECKING, now);
		return wait_until(c, c->source == CERTIFICATE_NOBODY
		                             ? c->try_at
		                             : sooner(c->try_at, next_of_time(c)));
	}
	return due(rules, c, facts, budget, now);
}

/* ---- what happened ---- */

void certificate_order(const struct certificate_rules *rules,
                       struct certificate_life *c, struct certificate_budget *budget,
                       int64_t now)
{
	fill(rules, budget, now);
	budget->left -= 1;
	c->state = certificate_is_valid(c, now) ? CERTIFICATE_RENEWING
	                                        : CERTIFICATE_ISSUING;
	c->is_ordered = true;
	c->ordered_at = now;
	c->next_at = 0;
}

enum certificate_event certificate_issue(struct certificate_life *c,
                                         enum certificate_source source,
                                         int64_t not_before, int64_t not_after,
                                         int64_t now, uint32_t random)
{
	if (source == CERTIFICATE_ACME)
		c->generation++;
	c->source = source;
	c->state = CERTIFICATE_VALID;
	c->not_before = not_before;
	c->not_after = not_after;
	c->is_ordered = false;
	c->attempts = 0;
	c->faults = 0;
	c->failure = CERTIFICATE_FAILURE_NONE;
	c->failed_at = 0;
	c->is_told_expiring = false;
	/* Not at once again, however short-lived or ill-dated it is. */
	c->try_at = later(certificate_renew_at(c, random), now + HOUR_MS);
	c->next_at = sooner(c->try_at, next_of_time(c));
	return CERTIFICATE_EVENT_ISSUED;
}

static int64_t back_off(const struct certificate_life *c, int64_t now)
{
	size_t last = LEN(back_off_ms) - 1;
	size_t i = (size_t)later(c->attempts - 1, 0);
	int64_t ms;

	/* What is no fault of the host is soon over, and over for all at once. */
	if (failures[c->failure].whose == ALL && i > 1)
		i = 1;
	ms = back_off_ms[i < last ? i : last];
	if (certificate_is_valid(c, now))
		ms = sooner(ms, later((c->not_after - now) / 4, HOUR_MS));
	return ms;
}

enum certificate_event certificate_refuse(struct certificate_life *c,
                                          struct certificate_budget *budget,
                                          enum certificate_failure failure,
                                          int64_t retry_at, int64_t now,
                                          uint32_t random)
{
	c->failure = failure;
	if (failures[failure].whose == OURS) {
		certificate_fault(c, budget, now, random);
		return CERTIFICATE_EVENT_NONE;
	}
	c->is_ordered = false;
	c->faults = 0;
	c->failed_at = now;
	c->attempts++;
	c->try_at = now + longer(back_off(c, now), random);
	if (failure == CERTIFICATE_FAILURE_RATE_LIMITED)
		c->try_at = retry_at > now ? retry_at + part(HOUR_MS / 4, random)
		                           : now + longer(DAY_MS, random);
	else if (retry_at > c->try_at)
		c->try_at = retry_at + part(HOUR_MS / 4, random);
	if (failures[failure].whose == ALL)
		budget->paused_until = later(budget->paused_until,
		                             later(retry_at, now + back_off_ms[0]));
	c->state = certificate_is_valid(c, now) ? CERTIFICATE_RENEWING
	                                        : CERTIFICATE_FAILED;
	c->next_at = c->try_at;
	return CERTIFICATE_EVENT_FAILED;
}

void certificate_fault(struct certificate_life *c, struct certificate_budget *budget,
                       int64_t now, uint32_t random)
{
	int64_t ms = MINUTE_MS;

	if (c->is_ordered)
		budget->left += 1;
	for (int64_t i = 0; i < c->faults && ms < FAULT_MINUTES * MINUTE_MS; i++)
		ms *= 2;
	ms = sooner(ms, FAULT_MINUTES * MINUTE_MS);
	c->faults++;
	c->is_ordered = false;
	c->try_at = later(c->try_at, now + longer(ms, random));
	c->next_at = c->try_at;
	rest(c, c->attempts ? CERTIFICATE_FAILED : CERTIFICATE_CHECKING, now);
}

int64_t certificate_request(struct certificate_life *c, int64_t now)
{
	int64_t at = c->ordered_at ? c->ordered_at + REQUEST_MINUTES * MINUTE_MS : 0;

	/* What the authority has said holds for everybody. */
	if (c->failure == CERTIFICATE_FAILURE_RATE_LIMITED)
		at = later(at, c->try_at);
	if (c->is_ordered || at > now)
		return later(at, now + MINUTE_MS);
	c->try_at = now;
	c->next_at = now;
	return 0;
}

void certificate_drop(struct certificate_life *c, int64_t now)
{
	c->source = CERTIFICATE_NOBODY;
	c->state = CERTIFICATE_NONE;
	c->not_before = 0;
	c->not_after = 0;
	c->is_told_expiring = false;
	c->failure = CERTIFICATE_FAILURE_NONE;
	c->is_ordered = false;
	c->attempts = 0;
	c->faults = 0;
	c->failed_at = 0;
	c->try_at = 0;
	c->next_at = now;
}
