#include "core/key_calls.h"
#include "core/certify.h"
#include "core/parts.h"

#include "api/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/edge_side.h"
#include "store/tracking.h"

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

static void run_in_pool(void *arg, const struct api_work *work)
{
	struct core *core = arg;

	pool_run(core->pool, (struct pool_job){work->run, work->done, work->arg});
}

static bool mail_send(void *arg, const struct api_mail *mail)
{
	struct core *core = arg;

	return mailer_send(core->mailer, mail);
}

static void tracking_now(void *arg, int64_t id, const char *cause, int64_t wait_ms,
                         void (*done)(void *done_arg, enum api_verified how),
                         void *done_arg)
{
	struct core *core = arg;

	tracking_watch_now(core->tracking, id, cause, wait_ms, done, done_arg);
}

static void tracking_changed(void *arg, const struct tracking_row *row)
{
	struct core *core = arg;

	tracking_watch_schedule(core->tracking, row->id, row->next_at);
	core_tell_host(core, row);
}

static void account_changed(void *arg, int64_t account)
{
	struct core *core = arg;

	edges_account(core->edges, account);
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
	struct jobs_stats watch = watch_stats(core->watch);
	struct jobs_stats tracking = tracking_watch_stats(core->tracking);
	struct certificates_stats certificates = certificates_stats(core->certificates);
	struct ingest_stats ingest = ingest_stats(core->ingest);
	struct turn_stats turn = turn_stats(core->turn);

	*out = (struct api_gauges){
	        .checks_done = watch.done,
	        .checks_failed = watch.failed,
	        .checks_undetermined = watch_undetermined(core->watch),
	        .checks_running = watch.running,
	        .checks_waiting = watch.waiting,
	        .check_lag_ms = (uint64_t)watch.lag_ms,
	        .tracking_done = tracking.done,
	        .tracking_failed = tracking.failed,
	        .tracking_running = tracking.running,
	        .tracking_waiting = tracking.waiting,
	        .tracking_lag_ms = (uint64_t)tracking.lag_ms,
	        .orders = certificates.orders,
	        .orders_issued = certificates.issued,
	        .orders_failed = certificates.failed,
	        .ingest_events = ingest.events,
	        .ingest_unknown = ingest.unknown,
	        .ingest_failures = ingest.failures,
	        .ingest_missing = ingest.missing,
	        .ingest_waiting = ingest.waiting,
	        .ingest_lag_ms = (uint64_t)ingest.lag_ms,
	        .keys_pool = core->stock.pool,
	        .keys_pool_target = core->stock.pool_wanted,
	        .commits = turn.commits,
	        .commits_failed = turn.failed,
	        .answers_held = turn.held,
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
	certificates_poke(core->certificates);
	revocations_poke(core->revocations);
	tracking_watch_poke(core->tracking);
	upkeep_poke(core->upkeep);
	mailer_poke(core->mailer);
}

struct api_host core_host(struct core *core)
{
	return (struct api_host){
	        .arg = core,
	        .reply = reply,
	        .verify_now = verify_now,
	        .schedule = schedule,
	        .take_key = core_take_key,
	        .drop_key = core_drop_key,
	        .pool_run = run_in_pool,
	        .mail_send = mail_send,
	        .certificate_request = core_certificate_request,
	        .certificate_withdraw = core_certificate_withdraw,
	        .certificate_upload = core_certificate_upload,
	        .roles = roles,
	        .gauges = gauges,
	        .failed = failed,
	        .shift_clock = shift_clock,
	        .tracking_now = tracking_now,
	        .tracking_changed = tracking_changed,
	        .account_changed = account_changed,
	        .metrics = core_edge_metrics,
	};
}
