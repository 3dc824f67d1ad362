#include "core/parts.h"

#include "base/clock.h"
#include "base/log.h"

static void reply(void *arg, struct http_exchange *exchange,
                  const struct http_response *response)
{
	struct core *core = arg;

	turn_reply(core->turn, exchange, response);
}

static void verify_now(void *arg, int64_t domain, const char *cause, int64_t wait_ms,
                       void (*done)(void *done_arg, enum api_verified how),
                       void *done_arg)
{
	struct core *core = arg;

	watch_now(core->watch, domain, cause, wait_ms, done, done_arg);
}

static void schedule(void *arg, int64_t domain, int64_t next_at)
{
	struct core *core = arg;

	watch_schedule(core->watch, domain, next_at);
}

static void on_taken(void *arg, const struct keys_result *result)
{
	struct key_call *call = arg;
	struct core *core = call->core;
	struct api_taken_key key = {.ok = result->refusal == KEYS_NONE,
	                            .public_key = result->public_key};
	void (*done)(void *arg, const struct api_taken_key *key) = call->done;
	void *done_arg = call->arg;

	call->next = core->unused_key_calls;
	core->unused_key_calls = call;
	if (!key.ok)
		log_warning("key.not_taken", LOG_CSTR("reason", result->reason));
	turn_touch(core->turn);
	done(done_arg, &key);
}

static void take_key(void *arg, struct str key_ref, enum api_algorithm algorithm,
                     struct str domain,
                     void (*done)(void *done_arg, const struct api_taken_key *key),
                     void *done_arg)
{
	struct core *core = arg;
	struct key_call *call = core->unused_key_calls;

	if (call)
		core->unused_key_calls = call->next;
	else
		call = ARENA_NEW(&core->a, struct key_call);
	*call = (struct key_call){.core = core, .done = done, .arg = done_arg};
	keys_take(core->keys, key_ref, algorithm == API_RSA ? KEY_RSA : KEY_ED25519,
	          domain, on_taken, call);
}

struct drop {
	struct core *core;
	struct str key_ref;
};

/* Nothing depends on it: a key that stays is a file too many. */
static void on_dropped(void *arg, const struct keys_result *result)
{
	(void)arg;
	if (result->refusal != KEYS_NONE)
		log_warning("key.not_dropped", LOG_CSTR("reason", result->reason));
}

static void drop_committed(void *arg, bool committed)
{
	struct drop *drop = arg;

	if (committed)
		keys_drop(drop->core->keys, drop->key_ref, on_dropped, drop->core);
}

static void drop_key(void *arg, struct str key_ref)
{
	struct core *core = arg;
	struct arena *a = turn_arena(core->turn);
	struct drop *drop = ARENA_NEW(a, struct drop);

	*drop = (struct drop){core, arena_dup(a, key_ref)};
	turn_after(core->turn, drop_committed, drop);
}

static void run_in_pool(void *arg, const struct api_work *work)
{
	struct core *core = arg;

	pool_run(core->pool, (struct pool_job){work->run, work->done, work->arg});
}

static bool mail_send(void *arg, const struct api_mail *mail,
                      void (*done)(void *done_arg, bool ok, struct str why),
                      void *done_arg)
{
	struct core *core = arg;

	return mailer_send(core->mailer, mail, done, done_arg);
}

static enum api_role_state shown_state(enum ipc_role_state state)
{
	switch (state) {
	case IPC_ROLE_UP:
	case IPC_ROLE_SLOW:
		return API_ROLE_UP;
	case IPC_ROLE_STARTING:
		return API_ROLE_STARTING;
	case IPC_ROLE_WAITING:
	case IPC_ROLE_DRAINING:
	case IPC_ROLE_ENDED:
	case IPC_ROLE_STATE_COUNT:
		break;
	}
	return API_ROLE_DOWN;
}

static size_t roles(void *arg, struct api_role *out, size_t max)
{
	struct core *core = arg;
	size_t n = 0;

	for (; n < core->role_count && n < max; n++) {
		const struct role_state *s = &core->roles[n];

		out[n] = (struct api_role){
		        .name = role_name(s->role),
		        .process = s->instance,
		        .state = s->role == ROLE_CORE ? API_ROLE_UP
		                                      : shown_state(s->state),
		        .restarts = s->starts ? s->starts - 1 : 0,
		        .since = s->since,
		};
	}
	return n;
}

static void gauges(void *arg, struct api_gauges *out)
{
	struct core *core = arg;
	struct watch_stats watch = watch_stats(core->watch);

	*out = (struct api_gauges){
	        .checks_done = watch.done,
	        .checks_failed = watch.failed,
	        .checks_running = watch.running,
	        .checks_waiting = watch.waiting,
	        .lag_ms = watch.lag_ms,
	        .keys_pool = core->stock.pool,
	        .keys_pool_target = core->stock.pool_wanted,
	};
}

static void failed(void *arg, const char *route, struct str why)
{
	(void)arg;
	log_error("api.failed", LOG_CSTR("route", route), LOG_STR("reason", why));
}

static void shift_clock(void *arg, int64_t ms)
{
	struct core *core = arg;

	clock_shift(ms);
	log_warning("clock.shifted", LOG_NUM("ms", ms));
	resolver_forget(core->resolver);
	watch_poke(core->watch);
	upkeep_poke(core->upkeep);
}

struct api_host core_host(struct core *core)
{
	return (struct api_host){
	        .arg = core,
	        .reply = reply,
	        .verify_now = verify_now,
	        .schedule = schedule,
	        .take_key = take_key,
	        .drop_key = drop_key,
	        .pool_run = run_in_pool,
	        .mail_send = mail_send,
	        .roles = roles,
	        .gauges = gauges,
	        .failed = failed,
	        .shift_clock = shift_clock,
	};
}
