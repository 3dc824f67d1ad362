#include "core/tracking.h"

#include <dirent.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "api/tracking_state.h"
#include "auth/suffixes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/wheel.h"
#include "catalog/catalog.h"
#include "core/tracking_look.h"
#include "store/account.h"
#include "store/turn.h"

enum {
	SLOTS = 64,
	WAIT_MAX_MS = 60 * 1000,
	STARTS_AT_ONCE = 10,
	RETRY_MS = 60 * 1000,
	FORGETS_A_SECOND = 10,
	REQUESTS_MAX = 10000,
};

/* Somebody who waits for a look at `id` that begins from now on. */
struct waiter {
	struct tracking_watch *watch;
	struct waiter *next, **link;
	struct event timer;
	int64_t id;
	bool is_served; /* by the look under way: told when that ends */
	tracking_done_fn *done;
	void *arg;
	enum api_verified how;
};

struct request {
	struct request *next;
	int64_t id;
	const char *cause;
};

struct slot {
	struct tracking_look_job look;
	bool again; /* asked for meanwhile */
	const char *again_cause;
};

struct tracking_watch {
	struct arena a, options;
	struct tracking_watch_setup setup;
	struct look_world world;
	struct providers providers;
	struct services services;
	struct networks networks;
	struct suffixes *suffixes;
	struct wheel *wheel;
	struct event *due;
	struct slot slots[SLOTS];
	size_t busy;
	struct request *first, **last, *unused_requests;
	size_t request_count;
	struct waiter *waiters, *unused_waiters;
	int64_t second;
	int forgets;
	bool is_draining;
	struct tracking_watch_stats stats;
};

static void look_in(struct tracking_watch *w, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	if (!w->is_draining)
		evtimer_add(w->due, &tv);
}

/* ---- those who wait ---- */

static void end_waiter(struct waiter *waiter, enum api_verified how)
{
	struct tracking_watch *w = waiter->watch;
	tracking_done_fn *done = waiter->done;
	void *arg = waiter->arg;

	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	evtimer_del(&waiter->timer);
	waiter->next = w->unused_waiters;
	w->unused_waiters = waiter;
	turn_touch(w->setup.turn);
	done(arg, how);
}

static void on_waited(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *waiter = arg;

	(void)fd;
	(void)what;
	end_waiter(waiter, waiter->how);
}

static void add_waiter(struct tracking_watch *w, int64_t id, int64_t wait_ms,
                       enum api_verified how, tracking_done_fn *done, void *arg)
{
	struct timeval tv = {wait_ms / 1000, wait_ms % 1000 * 1000};
	struct waiter *waiter = w->unused_waiters;

	if (waiter)
		w->unused_waiters = waiter->next;
	else
		waiter = ARENA_NEW(&w->a, struct waiter);
	*waiter = (struct waiter){.watch = w,
	                          .id = id,
	                          .done = done,
	                          .arg = arg,
	                          .how = how,
	                          .next = w->waiters,
	                          .link = &w->waiters};
	if (waiter->next)
		waiter->next->link = &waiter->next;
	w->waiters = waiter;
	evtimer_assign(&waiter->timer, resolver_base(w->setup.resolver), on_waited,
	               waiter);
	evtimer_add(&waiter->timer, &tv);
}

static void serve_waiters(struct tracking_watch *w, int64_t id)
{
	for (struct waiter *waiter = w->waiters; waiter; waiter = waiter->next)
		waiter->is_served |= waiter->id == id;
}

/* All that were served by a look, or, with how TIMEOUT, all of them. */
static void end_waiters(struct tracking_watch *w, int64_t id, enum api_verified how)
{
	struct waiter *next;

	for (struct waiter *waiter = w->waiters; waiter; waiter = next) {
		next = waiter->next;
		if (id == 0 || (waiter->id == id && waiter->is_served))
			end_waiter(waiter, how);
	}
}

/* ---- looks ---- */

static struct slot *find_slot(struct tracking_watch *w, int64_t id)
{
	for (size_t i = 0; i < LEN(w->slots); i++)
		if (w->slots[i].look.id == id)
			return &w->slots[i];
	return NULL;
}

/* Who asks for a look has just published something, and caches would hide it. */
static void forget(struct tracking_watch *w)
{
	int64_t second = clock_monotonic_ms() / 1000;

	if (second != w->second)
		w->forgets = 0;
	w->second = second;
	if (w->forgets++ < FORGETS_A_SECOND)
		resolver_forget(w->setup.resolver);
}

static void start(struct tracking_watch *w, int64_t id, const char *cause)
{
	struct slot *slot = find_slot(w, id);

	wheel_remove(w->wheel, id);
	if (slot) {
		slot->again = true;
		slot->again_cause = cause;
		return;
	}
	slot = find_slot(w, 0);
	need(slot != NULL);
	w->busy++;
	serve_waiters(w, id);
	if (cause)
		forget(w);
	tracking_look_start(&slot->look, id, cause);
}

static void add_request(struct tracking_watch *w, int64_t id, const char *cause)
{
	struct request *r = w->unused_requests;

	if (r)
		w->unused_requests = r->next;
	else
		r = ARENA_NEW(&w->a, struct request);
	*r = (struct request){.id = id, .cause = cause};
	*w->last = r;
	w->last = &r->next;
	w->request_count++;
}

static bool start_next(struct tracking_watch *w)
{
	struct request *r = w->first;
	int64_t id;

	if (r) {
		w->first = r->next;
		if (!w->first)
			w->last = &w->first;
		w->request_count--;
		r->next = w->unused_requests;
		w->unused_requests = r;
		start(w, r->id, r->cause);
		return true;
	}
	if (!wheel_take_due(w->wheel, clock_now(), &id))
		return false;
	start(w, id, NULL);
	return true;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct tracking_watch *w = arg;
	int64_t wait;

	(void)fd;
	(void)what;
	for (int i = 0; i < STARTS_AT_ONCE; i++) {
		if (w->is_draining || w->busy == LEN(w->slots))
			return; /* the next that ends looks again */
		if (start_next(w))
			continue;
		wait = wheel_next(w->wheel) - clock_now();
		if (wheel_count(w->wheel) == 0 || wait > WAIT_MAX_MS)
			wait = WAIT_MAX_MS;
		look_in(w, wait > 0 ? wait : 1);
		return;
	}
	look_in(w, 0);
}

/* What comes into force with the commit. */
struct change {
	struct tracking_watch *watch;
	int64_t id, at, otherwise; /* otherwise: where it fails; 0: as it was */
};

static void set_time(struct tracking_watch *w, int64_t id, int64_t at)
{
	if (at > 0)
		wheel_set(w->wheel, id, at);
	else
		wheel_remove(w->wheel, id);
}

static void on_commit(void *arg, bool committed)
{
	const struct change *change = arg;
	struct tracking_watch *w = change->watch;

	if (committed)
		set_time(w, change->id, change->at);
	else if (change->otherwise)
		set_time(w, change->id, change->otherwise);
	look_in(w, 0);
}

static void change_time(struct tracking_watch *w, int64_t id, int64_t at,
                        int64_t otherwise)
{
	struct change *change = ARENA_NEW(turn_arena(w->setup.turn), struct change);

	*change = (struct change){w, id, at, otherwise};
	turn_after(w->setup.turn, on_commit, change);
}

static void settle(struct tracking_watch *w, const struct tracking_look_job *look)
{
	int64_t retry_at = clock_now() + RETRY_MS;

	w->stats.done += look->outcome == LOOK_STORED;
	w->stats.failed += look->outcome == LOOK_FAILED;
	switch (look->outcome) {
	case LOOK_STORED:
		change_time(w, look->id, look->next_at, retry_at);
		break;
	case LOOK_GONE:
		wheel_remove(w->wheel, look->id);
		break;
	case LOOK_CHANGED:
		break;
	case LOOK_FAILED:
		wheel_set(w->wheel, look->id, retry_at);
		break;
	}
}

static void on_ended(void *arg, struct tracking_look_job *look)
{
	struct tracking_watch *w = arg;
	struct slot *slot = (struct slot *)((char *)look - offsetof(struct slot, look));
	bool changed = look->outcome == LOOK_CHANGED;
	bool failed = look->outcome == LOOK_FAILED;
	int64_t id = look->id;

	settle(w, look);
	if (changed || slot->again)
		add_request(w, id, slot->again ? slot->again_cause : look->cause);
	slot->again = false;
	tracking_look_reset(look);
	w->busy--;
	if (!changed)
		end_waiters(w, id, failed ? API_VERIFIED_BUSY : API_VERIFIED_DONE);
	look_in(w, 0);
}

/* ---- from outside ---- */

static const struct str *copy_list(struct tracking_watch *w,
                                   const struct str_list *list)
{
	struct str *v = ARENA_ARRAY(&w->options, struct str, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		v[i] = arena_dup(&w->options, list->v[i]);
	return v;
}

static void read_options(struct tracking_watch *w, const struct config *c)
{
	w->world.rules.jitter_percent = (uint32_t)c->watch_jitter;
	w->world.trust_resolver = c->dns_servers.n > 0;
	w->world.public_resolvers = copy_list(w, &c->dns_resolvers);
	w->world.public_resolver_count = c->dns_resolvers.n;
	w->world.lists = copy_list(w, &c->tracking_blocklists);
	w->world.list_count = c->tracking_blocklists.n;
}

struct tracking_watch *tracking_watch_new(const struct tracking_watch_setup *setup)
{
	struct event_base *base = resolver_base(setup->resolver);
	struct arena a = {0};
	struct tracking_watch *w = ARENA_NEW(&a, struct tracking_watch);

	w->a = a;
	w->setup = *setup;
	w->last = &w->first;
	w->wheel = wheel_new(clock_now());
	catalog_providers(&w->a, &w->providers);
	catalog_services(&w->a, &w->services);
	catalog_networks(&w->a, &w->networks);
	w->suffixes = catalog_suffixes();
	w->world = (struct look_world){
	        .resolver = setup->resolver,
	        .store = setup->store,
	        .turn = setup->turn,
	        .setup = &w->setup,
	        .know = {&w->providers, &w->services,       &w->networks,           w->suffixes},
	        .probes = {setup->fetch,  arena_printf(&w->a, "%.*s/acme/challenges",
                         STR_ARG(setup->config->data_dir))
	                                         .p                                            },
	};
	read_options(w, setup->config);
	w->due = event_new(base, -1, 0, on_due, w);
	need(w->due != NULL);
	for (size_t i = 0; i < LEN(w->slots); i++)
		tracking_look_init(&w->slots[i].look, &w->world, base, on_ended, w);
	return w;
}

/* The operator's own host: a row like others, of the first account, so that it is looked
 * at, certified and shown. */
static bool add_operator_host(struct tracking_watch *w, struct arena *a,
                              struct str region, struct str name, struct err *err)
{
	struct tracking t = tracking_begin(true, clock_now());
	struct tracking_row *there, row = {
	                                    .account_id = 1,
	                                    .name = name,
	                                    .mode = STR("operator"),
	                                    .region = region,
	                                    .target = name,
	                                    .environment = STR("production"),
	                                    .http_allowed = true,
	                                    .created_at = clock_now(),
	                            };
	struct account_row *operator_account;
	int64_t id;

	if (!account_find(w->setup.store, a, row.account_id, &operator_account, err) ||
	    !tracking_find_name(w->setup.store, a, name, &there, err))
		return false;
	if (!operator_account || there)
		return true;
	tracking_state_set(&row, &t);
	return tracking_add(w->setup.store, &row, &id, err) &&
	       (set_time(w, id, row.next_at), true);
}

static bool add_operator_hosts(struct tracking_watch *w, const struct config *c,
                               struct err *err)
{
	AUTO(arena) a = {0};

	for (size_t i = 0; i < c->instance_tracking.n; i++) {
		struct str host = c->instance_tracking.v[i], region = STR_NONE;

		str_cut(&host, '=', &region);
		if (!add_operator_host(w, &a, region, host, err))
			return false;
	}
	return c->tracking_fallback_host.n == 0 ||
	       add_operator_host(w, &a, c->instance_region, c->tracking_fallback_host,
	                         err);
}

void tracking_watch_reconfigure(struct tracking_watch *w, const struct config *config)
{
	struct err err;

	/* Looks under way still refer to the options before: those stay. */
	read_options(w, config);
	turn_touch(w->setup.turn);
	if (!store_turn_savepoint(w->setup.store, &err)) {
		log_error("tracking.failed", LOG_CSTR("reason", err.text));
	} else if (!add_operator_hosts(w, config, &err)) {
		store_turn_rollback(w->setup.store);
		log_error("tracking.failed", LOG_CSTR("reason", err.text));
	} else if (!store_turn_release(w->setup.store, &err)) {
		log_error("tracking.failed", LOG_CSTR("reason", err.text));
	}
	look_in(w, 0);
}

static bool load_row(int64_t id, int64_t next_at, void *arg)
{
	set_time(arg, id, next_at);
	return true;
}

/* Nonces that an end without warning has left. */
static void sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (probe_is_nonce(str_c(e->d_name)))
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

bool tracking_watch_load(struct tracking_watch *w, struct err *err)
{
	if (!add_operator_hosts(w, w->setup.config, err) ||
	    !tracking_schedule_load(w->setup.store, load_row, w, err))
		return false;
	sweep(w->world.probes.folder);
	log_info("tracking.loaded", LOG_NUM("hosts", wheel_count(w->wheel)));
	look_in(w, 0);
	return true;
}

void tracking_watch_drain(struct tracking_watch *w)
{
	w->is_draining = true;
	evtimer_del(w->due);
	end_waiters(w, 0, API_VERIFIED_TIMEOUT);
}

void tracking_watch_stop(struct tracking_watch *w)
{
	for (struct waiter *waiter = w->waiters; waiter; waiter = waiter->next)
		evtimer_del(&waiter->timer);
	for (size_t i = 0; i < LEN(w->slots); i++)
		tracking_look_stop(&w->slots[i].look);
	event_free(w->due);
}

void tracking_watch_free(struct tracking_watch *w)
{
	struct arena a;

	if (!w)
		return;
	for (size_t i = 0; i < LEN(w->slots); i++)
		tracking_look_done(&w->slots[i].look);
	suffixes_free(w->suffixes);
	wheel_free(w->wheel);
	arena_done(&w->options);
	a = w->a;
	arena_done(&a);
}

void tracking_watch_schedule(struct tracking_watch *w, int64_t id, int64_t next_at)
{
	change_time(w, id, next_at, 0);
}

/* A request waits for its turn's commit like everything else. */
struct asked {
	struct tracking_watch *watch;
	int64_t id, wait_ms;
	const char *cause;
	tracking_done_fn *done;
	void *arg;
};

static void on_asked(void *arg, bool committed)
{
	const struct asked *asked = arg;
	struct tracking_watch *w = asked->watch;
	bool room = w->request_count < REQUESTS_MAX && !w->is_draining && committed;

	if (asked->done)
		add_waiter(w, asked->id, room ? asked->wait_ms : 0,
		           room ? API_VERIFIED_TIMEOUT : API_VERIFIED_BUSY, asked->done,
		           asked->arg);
	if (room)
		add_request(w, asked->id, asked->cause);
	look_in(w, 0);
}

void tracking_watch_now(struct tracking_watch *w, int64_t id, const char *cause,
                        int64_t wait_ms, tracking_done_fn *done, void *arg)
{
	struct asked *asked = ARENA_NEW(turn_arena(w->setup.turn), struct asked);

	*asked = (struct asked){w, id, wait_ms, cause, done, arg};
	turn_after(w->setup.turn, on_asked, asked);
}

void tracking_watch_poke(struct tracking_watch *w)
{
	look_in(w, 0);
}

struct tracking_watch_stats tracking_watch_stats(const struct tracking_watch *w)
{
	struct tracking_watch_stats stats = w->stats;

	stats.scheduled = wheel_count(w->wheel);
	stats.running = w->busy;
	stats.waiting = w->request_count + wheel_due_count(w->wheel);
	return stats;
}
