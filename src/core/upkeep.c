#include "core/upkeep.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/audit.h"
#include "store/check.h"
#include "store/event.h"
#include "store/idempotency.h"
#include "store/track_event.h"
#include "store/track_message.h"
#include "store/turn.h"
#include "store/unsettled_key.h"
#include "store/user.h"
#include "track/token.h"

enum {
	ROWS_AT_ONCE = 500,
	FIRST_MS = 60 * 1000,
	PAUSE_MS = 200,
	ROUND_MS = 60 * 60 * 1000,
};

#define IDEMPOTENCY_MS ((int64_t)24 * 60 * 60 * 1000)
/* By then whoever asked for a key has got it and stored it, or is gone. */
#define UNSETTLED_MS ((int64_t)60 * 60 * 1000)

struct upkeep {
	struct arena a;
	struct upkeep_setup setup;
	struct store *store;
	struct turn *turn;
	int64_t checks_ms, events_ms, audit_ms;
	struct event *timer;
	size_t task; /* of the round */
};

static bool purge_checks(struct upkeep *u, int64_t now, int64_t *removed,
                         struct err *err)
{
	return check_purge(u->store, now - u->checks_ms, ROWS_AT_ONCE, removed, err);
}

static bool purge_events(struct upkeep *u, int64_t now, int64_t *removed,
                         struct err *err)
{
	return event_purge(u->store, now - u->events_ms, ROWS_AT_ONCE, removed, err);
}

static bool purge_track_events(struct upkeep *u, int64_t now, int64_t *removed,
                               struct err *err)
{
	return track_event_purge(u->store, now - u->events_ms, ROWS_AT_ONCE, removed,
	                         err);
}

/* What is known of messages by events that are gone; their counts stay. */
static bool purge_track_messages(struct upkeep *u, int64_t now, int64_t *removed,
                                 struct err *err)
{
	int64_t before = now - u->events_ms;

	return track_message_purge(u->store, before, (int64_t)token_message(before, 0),
	                           ROWS_AT_ONCE, removed, err);
}

static bool purge_audit(struct upkeep *u, int64_t now, int64_t *removed,
                        struct err *err)
{
	return audit_purge(u->store, now - u->audit_ms, ROWS_AT_ONCE, removed, err);
}

static bool purge_answers(struct upkeep *u, int64_t now, int64_t *removed,
                          struct err *err)
{
	return idempotency_expire(u->store, now - IDEMPOTENCY_MS, ROWS_AT_ONCE, removed,
	                          err);
}

static bool purge_sessions(struct upkeep *u, int64_t now, int64_t *removed,
                           struct err *err)
{
	return session_expire(u->store, now, ROWS_AT_ONCE, removed, err);
}

/* Each is noted again by who drops it, so that it comes back should that fail. */
static bool drop_keys(struct upkeep *u, int64_t now, int64_t *removed, struct err *err)
{
	struct unsettled_key_rows rows;

	if (!unsettled_key_list(u->store, turn_arena(u->turn), now - UNSETTLED_MS,
	                        ROWS_AT_ONCE, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n; i++)
		u->setup.drop_key(u->setup.arg, rows.v[i].key_ref);
	*removed = (int64_t)rows.n;
	return true;
}

static const struct {
	const char *name;
	bool (*run)(struct upkeep *u, int64_t now, int64_t *removed, struct err *err);
} tasks[] = {
        {"checks",         purge_checks        },
        {"events",         purge_events        },
        {"track_events",   purge_track_events  },
        {"track_messages", purge_track_messages},
        {"audit",          purge_audit         },
        {"idempotency",    purge_answers       },
        {"sessions",       purge_sessions      },
        {"keys",           drop_keys           },
};

static void run_in(struct upkeep *u, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(u->timer, &tv);
}

static bool run_part(struct upkeep *u, int64_t *removed, struct err *err)
{
	if (!store_turn_savepoint(u->store, err))
		return false;
	if (tasks[u->task].run(u, clock_now(), removed, err))
		return store_turn_release(u->store, err);
	store_turn_rollback(u->store);
	return false;
}

/* A bounded part of a task; whether there may be more of it. */
static bool run_task(struct upkeep *u)
{
	int64_t removed = 0;
	struct err err;

	turn_touch(u->turn);
	if (run_part(u, &removed, &err))
		return removed >= ROWS_AT_ONCE;
	log_error("upkeep.failed", LOG_CSTR("task", tasks[u->task].name),
	          LOG_CSTR("reason", err.text));
	return false;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *u = arg;

	(void)fd;
	(void)what;
	if (!run_task(u))
		u->task++;
	if (u->task < LEN(tasks)) {
		run_in(u, PAUSE_MS);
		return;
	}
	u->task = 0;
	run_in(u, ROUND_MS);
}

void upkeep_reconfigure(struct upkeep *u, const struct config *config)
{
	u->checks_ms = config->retention_checks;
	u->events_ms = config->retention_events;
	u->audit_ms = config->retention_audit;
}

struct upkeep *upkeep_new(const struct upkeep_setup *setup)
{
	struct arena a = {0};
	struct upkeep *u = ARENA_NEW(&a, struct upkeep);

	u->a = a;
	u->setup = *setup;
	u->store = setup->store;
	u->turn = setup->turn;
	upkeep_reconfigure(u, setup->config);
	u->timer = evtimer_new(setup->base, on_timer, u);
	need(u->timer != NULL);
	run_in(u, FIRST_MS);
	return u;
}

void upkeep_poke(struct upkeep *u)
{
	if (u->task == 0)
		run_in(u, PAUSE_MS);
}

void upkeep_free(struct upkeep *u)
{
	struct arena a;

	if (!u)
		return;
	event_free(u->timer);
	a = u->a;
	arena_done(&a);
}
