#include "core/check.h"

#include <event2/event.h>

#include "api/domain_state.h"
#include "api/layout.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "core/seen_digest.h"
#include "store/check.h"
#include "store/dkim_key.h"
#include "store/event.h"
#include "store/turn.h"

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct check *c = arg;

	(void)fd;
	(void)what;
	turn_touch(c->world->turn);
	c->ended(c->arg, c);
}

void check_init(struct check *check, const struct check_world *world,
                struct event_base *base, void (*ended)(void *arg, struct check *check),
                void *arg)
{
	*check = (struct check){.world = world, .ended = ended, .arg = arg};
	check->soon = event_new(base, -1, 0, on_soon, check);
	need(check->soon != NULL);
}

void check_reset(struct check *c)
{
	check_job_reset(&c->job);
	arena_reset(&c->a);
	c->row = NULL;
	c->domain = 0;
	c->cause = NULL;
}

void check_stop(struct check *c)
{
	event_free(c->soon);
}

void check_done(struct check *c)
{
	check_job_done(&c->job);
	arena_done(&c->a);
}

static void fail(struct check *c, const struct err *err)
{
	c->outcome = JOB_FAILED;
	log_error("check.failed", LOG_NUM("domain", c->domain),
	          LOG_STR("name", c->row ? c->row->name : STR_NONE),
	          LOG_CSTR("reason", err->text));
}

/* Whether the row is one that has records to look for. */
static bool has_records(const struct domain_row *row)
{
	return row && row->deleted_at == 0 && !row->is_demo;
}

/* Keys that were in use before: a record that still has one is out of date. */
static bool find_retired_keys(struct check *c, struct err *err)
{
	struct dkim_key_rows keys;
	struct str *v;

	if (!dkim_key_list(c->world->store, &c->a, c->domain, &keys, err))
		return false;
	v = ARENA_ARRAY(&c->a, struct str, keys.n + 1);
	for (size_t i = 0; i < keys.n; i++)
		if (str_eq(keys.v[i].stage, STR("retired")))
			v[c->setup.retired_key_count++] = keys.v[i].public_key;
	c->setup.retired_keys = v;
	return true;
}

static bool is_routine(const struct check *c, const struct life *life)
{
	return c->cause == NULL && life->status == LIFE_VERIFIED &&
	       life->loss_seen_at == 0 && life->fault_streak == 0;
}

static bool make_setup(struct check *c, struct err *err)
{
	const struct check_world *world = c->world;
	struct life life = domain_life_of(c->row);
	bool routine = is_routine(c, &life);

	c->setup = (struct check_setup){
	        .know = world->know,
	        .servers = world->trust_resolver ? SERVERS_NONE
	                   : routine             ? SERVERS_IF_WRONG
	                                         : SERVERS_ALL,
	        .thorough = !routine,
	        .resolvers = world->public_resolvers,
	        .resolver_count = routine ? 0 : world->public_resolver_count,
	};
	if (!c->cause)
		c->cause = c->row->life.checks_done ? "schedule" : "added";
	return layouts_get(world->layouts, c->row->layout_id, &c->setup.profile, err) &&
	       layout_settings(&c->a, c->row->settings, &c->setup.settings, err) &&
	       (routine || find_retired_keys(c, err));
}

static bool begin(struct check *c, struct err *err)
{
	if (!domain_find(c->world->store, &c->a, 0, c->domain, &c->row, err))
		return false;
	if (!has_records(c->row)) {
		c->outcome = JOB_GONE;
		return true;
	}
	c->outcome = JOB_STORED;
	return make_setup(c, err) && check_job_begin(&c->job, &c->setup, c->row->name,
	                                             STR_NONE, clock_now(), err);
}

static void advance(void *arg);

void check_start(struct check *c, int64_t domain, const char *cause)
{
	struct err err;

	need(c->domain == 0);
	c->domain = domain;
	c->cause = cause;
	if (!begin(c, &err))
		fail(c, &err);
	if (c->outcome == JOB_STORED && !check_job_pass(&c->job))
		resolver_start(c->world->resolver, &c->job.answers, advance, c);
	else if (c->outcome == JOB_STORED)
		resolver_after(c->world->resolver, 0, advance, c);
	else
		event_active(c->soon, 0, 0);
}

/* Short JSON for lists: what each record is, and its status. */
static struct str summarize(struct arena *a, const struct verdict *v)
{
	AUTO_JSON json_t *list = json_array();

	for (size_t i = 0; i < v->record_count; i++) {
		const struct verdict_record *r = &v->records[i];

		json_array_append_new(list,
		                      json_pack("{s:s, s:o, s:b, s:s}", "purpose",
		                                plan_purpose_name(r->plan->purpose),
		                                "name", json_text(r->plan->name),
		                                "required", r->plan->required, "status",
		                                record_status_name(r->status)));
	}
	return json_line(a, list);
}

static bool tell(struct check *c, const struct domain_row *row, enum life_event event,
                 const char *before, int64_t check_id, struct err *err)
{
	const struct verdict *v = c->job.verdict;
	AUTO_JSON json_t *data = NULL;
	json_t *reasons;
	int64_t id;

	if (event == LIFE_EVENT_NONE)
		return true;
	reasons = json_array();
	for (size_t i = 0; i < v->reason_count; i++)
		json_array_append_new(reasons, json_text(v->reasons[i]));
	data = json_pack(
	        "{s:o, s:s, s:o, s:o, s:o}", "domain", json_text(row->name), "from",
	        before, "to", json_text(row->life.status), "reasons", reasons, "check",
	        json_text(arena_printf(&c->a, "chk_%lld", (long long)check_id)));
	return event_append(c->world->store,
	                    &(struct event_row){.account_id = row->account_id,
	                                        .domain_id = row->id,
	                                        .type = str_c(life_event_name(event)),
	                                        .at = row->life.checked_at,
	                                        .data = json_line(&c->a, data)},
	                    &id, err);
}

static bool add_check(struct check *c, const struct domain_row *row, int64_t *id,
                      struct err *err)
{
	const struct verdict *v = c->job.verdict;
	AUTO_JSON json_t *document = verdict_json(v);
	struct can_send in = domain_can_send_input(row, false);
	struct check_row check = {
	        .domain_id = row->id,
	        .at = row->life.checked_at,
	        .cause = str_c(c->cause),
	        .status = row->life.status,
	        .can_send = can_send(&in) == 0,
	        .digest = seen_digest(&c->a, v),
	        .last_at = row->life.checked_at,
	};

	check.document = json_line(&c->a, document);
	return check_add(c->world->store, &check, id, err);
}

static bool go_on_with_review(struct check *c, const struct domain_row *row,
                              enum life_event event, struct err *err)
{
	if (event != LIFE_EVENT_VERIFIED || !c->world->api)
		return true;
	return api_domain_verified(c->world->api, &c->a, row->id, err);
}

/* What was seen becomes the domain's state; within the savepoint. */
static bool apply(struct check *c, struct domain_row *row, struct err *err)
{
	const struct verdict *v = c->job.verdict;
	struct life life = domain_life_of(row);
	const struct life_rules rules = {&c->setup.profile->timings,
	                                 c->world->jitter_percent};
	const char *before = life_status_name(life.status);
	enum life_event event;
	int64_t check_id;

	c->seen = life_see(v, c->world->trust_resolver);
	event = life_step(&rules, &life, &c->seen, c->job.in.now,
	                  random_below(UINT32_MAX));
	domain_life_set(&row->life, &life);
	row->life.record_summary = summarize(&c->a, v);
	if (v->provider_id.n)
		row->life.provider = v->provider_id;
	c->next_at = life.next_check_at;
	return domain_save_life(c->world->store, row->id, &row->life, err) &&
	       add_check(c, row, &check_id, err) &&
	       tell(c, row, event, before, check_id, err) &&
	       go_on_with_review(c, row, event, err);
}

static bool store_result(struct check *c, struct err *err)
{
	struct domain_row *row;

	if (!domain_find(c->world->store, &c->a, 0, c->domain, &row, err))
		return false;
	if (!has_records(row)) {
		c->outcome = JOB_GONE;
		return true;
	}
	if (row->layout_id != c->row->layout_id ||
	    !str_eq(row->settings, c->row->settings)) {
		c->outcome = JOB_CHANGED;
		return true;
	}
	return apply(c, row, err);
}

/* All questions of the last pass are answered. */
static void advance(void *arg)
{
	struct check *c = arg;
	struct store *store = c->world->store;
	struct err err;

	if (!check_job_pass(&c->job)) {
		resolver_start(c->world->resolver, &c->job.answers, advance, c);
		return;
	}
	turn_touch(c->world->turn);
	if (!store_turn_savepoint(store, &err)) {
		fail(c, &err);
	} else if (!store_result(c, &err)) {
		store_turn_rollback(store);
		fail(c, &err);
	} else if (!store_turn_release(store, &err)) {
		fail(c, &err);
	}
	c->ended(c->arg, c);
}
