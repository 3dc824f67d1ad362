#include "core/watch.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include "auth/suffixes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/wheel.h"
#include "catalog/catalog.h"
#include "core/check.h"
#include "store/schedule.h"

enum {
	LOOK_MS = 60 * 1000,
	FORGETS_A_SECOND = 10,
	REQUEST_BUCKETS = 1024,
};

/* Somebody who waits for a check; in the list of a request or of a check under way. */
struct waiter {
	struct watch *watch;
	struct waiter *next, **link; /* *link is what points to this one */
	struct event timer;
	watch_done_fn *done;
	void *arg;
	enum api_verified how; /* told by the timer */
};

/* A check that was asked for and has not begun. */
struct request {
	struct request *next; /* in order */
	struct request *same; /* of the same bucket */
	int64_t domain;
	const char *cause;
	struct waiter *waiters;
};

struct slot {
	struct check check;
	struct waiter *waiters;
	bool again; /* asked for meanwhile */
	const char *again_cause;
	struct waiter *again_waiters;
};

struct watch {
	struct arena a;
	struct arena options; /* of the configuration now in force */
	struct watch_setup setup;
	struct check_world world;
	struct providers providers;
	struct services services;
	struct networks networks;
	struct suffixes *suffixes;
	struct wheel *wheel;
	struct event *due;
	int64_t batch;  /* starts, then the loop looks at other things */
	int64_t second; /* since the machine has started */
	int forgets;    /* in it */
	bool is_draining;

	struct slot *slots;
	size_t slot_count, busy;

	struct request *first, **last;
	struct request *buckets[REQUEST_BUCKETS];
	size_t request_count;
	struct request *unused_requests;
	struct waiter *unused_waiters;
	struct watch_stats stats;
};

static void look_in(struct watch *w, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(w->due, &tv);
}

/* ---- those who wait ---- */

static void link_waiter(struct waiter **list, struct waiter *waiter)
{
	waiter->next = *list;
	waiter->link = list;
	if (*list)
		(*list)->link = &waiter->next;
	*list = waiter;
}

static void unlink_waiter(struct waiter *waiter)
{
	if (waiter->link)
		*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->next = NULL;
	waiter->link = NULL;
}

/* All of one list to the front of another. */
static void move_waiters(struct waiter **to, struct waiter **from)
{
	while (*from) {
		struct waiter *waiter = *from;

		unlink_waiter(waiter);
		link_waiter(to, waiter);
	}
}

static void end_waiter(struct waiter *waiter, enum api_verified how)
{
	struct watch *w = waiter->watch;
	watch_done_fn *done = waiter->done;
	void *arg = waiter->arg;

	unlink_waiter(waiter);
	evtimer_del(&waiter->timer);
	waiter->next = w->unused_waiters;
	w->unused_waiters = waiter;
	turn_touch(w->setup.turn);
	done(arg, how);
}

static void end_waiters(struct waiter **list, enum api_verified how)
{
	while (*list)
		end_waiter(*list, how);
}

static void on_waited(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *waiter = arg;

	(void)fd;
	(void)what;
	end_waiter(waiter, waiter->how);
}

/* ---- requests ---- */

static struct request **bucket(struct watch *w, int64_t domain)
{
	return &w->buckets[(uint64_t)domain % REQUEST_BUCKETS];
}

static struct request *find_request(struct watch *w, int64_t domain)
{
	struct request *r = *bucket(w, domain);

	while (r && r->domain != domain)
		r = r->same;
	return r;
}

static struct request *add_request(struct watch *w, int64_t domain, const char *cause)
{
	struct request *r = w->unused_requests;

	if (r)
		w->unused_requests = r->next;
	else
		r = ARENA_NEW(&w->a, struct request);
	*r = (struct request){.domain = domain, .cause = cause};
	r->same = *bucket(w, domain);
	*bucket(w, domain) = r;
	*w->last = r;
	w->last = &r->next;
	w->request_count++;
	return r;
}

/* Takes the first out; it stays good until the next is added. */
static struct request *take_request(struct watch *w)
{
	struct request *r = w->first;
	struct request **at;

	if (!r)
		return NULL;
	w->first = r->next;
	if (!w->first)
		w->last = &w->first;
	for (at = bucket(w, r->domain); *at != r; at = &(*at)->same)
		;
	*at = r->same;
	w->request_count--;
	r->next = w->unused_requests;
	w->unused_requests = r;
	return r;
}

/* ---- checks ---- */

static struct slot *find_slot(struct watch *w, int64_t domain)
{
	for (size_t i = 0; i < w->slot_count; i++)
		if (w->slots[i].check.domain == domain)
			return &w->slots[i];
	return NULL;
}

/* Who asks for a check has just published something, and caches would hide it. */
static void forget(struct watch *w)
{
	int64_t second = clock_monotonic_ms() / 1000;

	if (second != w->second)
		w->forgets = 0;
	w->second = second;
	if (w->forgets++ >= FORGETS_A_SECOND)
		return;
	resolver_forget(w->setup.resolver);
}

static void start(struct watch *w, int64_t domain, const char *cause,
                  struct waiter **waiters)
{
	struct slot *slot = find_slot(w, domain);

	wheel_remove(w->wheel, domain);
	if (slot) { /* it is being checked: once more behind that */
		slot->again = true;
		slot->again_cause = cause;
		move_waiters(&slot->again_waiters, waiters);
		return;
	}
	slot = find_slot(w, 0);
	need(slot != NULL);
	w->busy++;
	move_waiters(&slot->waiters, waiters);
	if (cause)
		forget(w);
	check_start(&slot->check, domain, cause);
}

static bool start_next(struct watch *w)
{
	struct request *r = take_request(w);
	struct waiter *none = NULL;
	int64_t domain;

	if (r) {
		start(w, r->domain, r->cause, &r->waiters);
		return true;
	}
	if (!wheel_take_due(w->wheel, clock_now(), &domain))
		return false;
	start(w, domain, NULL, &none);
	return true;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	int64_t wait;

	(void)fd;
	(void)what;
	for (int64_t i = 0; i < w->batch; i++) {
		if (w->is_draining || w->busy == w->slot_count)
			return; /* the next that ends looks again */
		if (start_next(w))
			continue;
		wait = wheel_next(w->wheel) - clock_now();
		if (wheel_count(w->wheel) == 0 || wait > LOOK_MS)
			wait = LOOK_MS;
		look_in(w, wait > 0 ? wait : 1);
		return;
	}
	look_in(w, 0);
}

/* What comes into force with the commit: the time of one domain. */
struct change {
	struct watch *watch;
	int64_t domain;
	int64_t at, otherwise; /* 0: as it was */
};

static void set_time(struct watch *w, int64_t domain, int64_t at)
{
	if (at > 0)
		wheel_set(w->wheel, domain, at);
	else
		wheel_remove(w->wheel, domain);
}

static void on_commit(void *arg, bool committed)
{
	struct change *change = arg;
	struct watch *w = change->watch;

	if (committed)
		set_time(w, change->domain, change->at);
	else if (change->otherwise)
		set_time(w, change->domain, change->otherwise);
	if (!w->is_draining)
		look_in(w, 0);
}

static void change_time(struct watch *w, int64_t domain, int64_t at, int64_t otherwise)
{
	struct change *change = ARENA_NEW(turn_arena(w->setup.turn), struct change);

	*change = (struct change){w, domain, at, otherwise};
	turn_after(w->setup.turn, on_commit, change);
}

static void count(struct watch *w, const struct check *check)
{
	if (check->outcome == CHECK_STORED) {
		w->stats.done++;
		w->stats.undetermined += check->seen.kind == LIFE_SEEN_FAULTS;
	} else if (check->outcome == CHECK_FAILED) {
		w->stats.failed++;
	}
}

static void settle(struct watch *w, const struct check *check)
{
	int64_t retry_at = clock_now() + WATCH_RETRY_MS;

	switch (check->outcome) {
	case CHECK_STORED:
		change_time(w, check->domain, check->next_at, retry_at);
		break;
	case CHECK_GONE:
		wheel_remove(w->wheel, check->domain);
		break;
	case CHECK_CHANGED:
		break;
	case CHECK_FAILED:
		wheel_set(w->wheel, check->domain, retry_at);
		break;
	}
}

static void on_ended(void *arg, struct check *check)
{
	struct watch *w = arg;
	struct slot *slot =
	        (struct slot *)((char *)check - offsetof(struct slot, check));
	int64_t domain = check->domain;
	bool failed = check->outcome == CHECK_FAILED;
	struct request *r = NULL;

	count(w, check);
	settle(w, check);
	if (check->outcome == CHECK_CHANGED || slot->again) {
		const char *cause = slot->again ? slot->again_cause : check->cause;

		r = find_request(w, domain);
		if (!r)
			r = add_request(w, domain, cause);
		move_waiters(&r->waiters, &slot->again_waiters);
		if (check->outcome == CHECK_CHANGED)
			move_waiters(&r->waiters, &slot->waiters);
	}
	slot->again = false;
	check_reset(check);
	w->busy--;
	end_waiters(&slot->waiters, failed ? API_VERIFIED_BUSY : API_VERIFIED_DONE);
	if (!w->is_draining)
		look_in(w, 0);
}

/* ---- from outside ---- */

static const struct str *copy_names(struct watch *w, const struct str_list *list)
{
	struct str *v = ARENA_ARRAY(&w->options, struct str, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		v[i] = arena_dup(&w->options, list->v[i]);
	return v;
}

static void read_options(struct watch *w, const struct config *config)
{
	w->batch = config->watch_batch;
	w->world.jitter_percent = (uint32_t)config->watch_jitter;
	w->world.trust_resolver = config->dns_servers.n > 0;
	w->world.public_resolvers = copy_names(w, &config->dns_resolvers);
	w->world.public_resolver_count = config->dns_resolvers.n;
	w->world.know.issuer = caa_issuer_of(copy_names(w, &config->acme_caa_names),
	                                     config->acme_caa_names.n);
}

void watch_reconfigure(struct watch *w, const struct config *config)
{
	/* Checks under way still refer to the options before: those stay. */
	read_options(w, config);
}

static void read_knowledge(struct watch *w)
{
	catalog_providers(&w->a, &w->providers);
	catalog_services(&w->a, &w->services);
	catalog_networks(&w->a, &w->networks);
	w->suffixes = catalog_suffixes();
	w->world.know = (struct knowledge){
	        &w->providers, &w->services, &w->networks, w->suffixes, {0}};
}

struct watch *watch_new(const struct watch_setup *setup)
{
	struct event_base *base = resolver_base(setup->resolver);
	struct arena a = {0};
	struct watch *w = ARENA_NEW(&a, struct watch);

	w->a = a;
	w->setup = *setup;
	w->last = &w->first;
	w->wheel = wheel_new(clock_now());
	read_knowledge(w);
	w->world.resolver = setup->resolver;
	w->world.store = setup->store;
	w->world.turn = setup->turn;
	w->world.api = setup->api;
	w->world.layouts = layouts_new(setup->store);
	read_options(w, setup->config);
	w->due = event_new(base, -1, 0, on_due, w);
	need(w->due != NULL);
	w->slot_count = (size_t)setup->config->dns_concurrency;
	w->slots = ARENA_ARRAY(&w->a, struct slot, w->slot_count);
	for (size_t i = 0; i < w->slot_count; i++)
		check_init(&w->slots[i].check, &w->world, base, on_ended, w);
	return w;
}

static void drop_waiters(struct waiter *waiter)
{
	for (; waiter; waiter = waiter->next)
		evtimer_del(&waiter->timer);
}

void watch_stop(struct watch *w)
{
	for (struct request *r = w->first; r; r = r->next)
		drop_waiters(r->waiters);
	for (size_t i = 0; i < w->slot_count; i++) {
		drop_waiters(w->slots[i].waiters);
		drop_waiters(w->slots[i].again_waiters);
		check_stop(&w->slots[i].check);
	}
	event_free(w->due);
}

void watch_free(struct watch *w)
{
	struct arena a;

	if (!w)
		return;
	for (size_t i = 0; i < w->slot_count; i++)
		check_done(&w->slots[i].check);
	layouts_free(w->world.layouts);
	suffixes_free(w->suffixes);
	wheel_free(w->wheel);
	arena_done(&w->options);
	a = w->a;
	arena_done(&a);
}

static bool load_row(const struct schedule_row *row, void *arg)
{
	struct watch *w = arg;

	set_time(w, row->domain_id, row->next_at);
	return true;
}

bool watch_load(struct watch *w, struct err *err)
{
	int64_t before = clock_monotonic_ms();

	if (!schedule_load(w->setup.store, load_row, w, err))
		return false;
	log_info("watch.loaded", LOG_NUM("domains", wheel_count(w->wheel)),
	         LOG_NUM("ms", clock_monotonic_ms() - before));
	look_in(w, 0);
	return true;
}

void watch_drain(struct watch *w)
{
	w->is_draining = true;
	evtimer_del(w->due);
	for (struct request *r = w->first; r; r = r->next)
		end_waiters(&r->waiters, API_VERIFIED_TIMEOUT);
	for (size_t i = 0; i < w->slot_count; i++) {
		end_waiters(&w->slots[i].waiters, API_VERIFIED_TIMEOUT);
		end_waiters(&w->slots[i].again_waiters, API_VERIFIED_TIMEOUT);
	}
}

void watch_schedule(struct watch *w, int64_t domain, int64_t next_at)
{
	change_time(w, domain, next_at, 0);
}

static struct waiter *add_waiter(struct watch *w, watch_done_fn *done, void *arg)
{
	struct waiter *waiter = w->unused_waiters;

	if (waiter)
		w->unused_waiters = waiter->next;
	else
		waiter = ARENA_NEW(&w->a, struct waiter);
	*waiter = (struct waiter){
	        .watch = w, .done = done, .arg = arg, .how = API_VERIFIED_TIMEOUT};
	evtimer_assign(&waiter->timer, resolver_base(w->setup.resolver), on_waited,
	               waiter);
	return waiter;
}

static void time_waiter(struct waiter *waiter, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(&waiter->timer, &tv);
}

/* A request waits for its turn's commit like everything else. */
struct asked {
	struct watch *watch;
	int64_t domain, wait_ms;
	const char *cause;
	watch_done_fn *done;
	void *arg;
};

static void on_asked(void *arg, bool committed)
{
	const struct asked *asked = arg;
	struct watch *w = asked->watch;
	struct request *r = find_request(w, asked->domain);
	struct waiter *waiter = NULL;
	bool room = w->request_count < WATCH_REQUESTS_MAX && !w->is_draining;

	if (asked->done)
		waiter = add_waiter(w, asked->done, asked->arg);
	if (!r && committed && room)
		r = add_request(w, asked->domain, asked->cause);
	if (r && waiter) {
		link_waiter(&r->waiters, waiter);
		if (asked->wait_ms > 0)
			time_waiter(waiter, asked->wait_ms);
	} else if (waiter) {
		waiter->how = API_VERIFIED_BUSY;
		time_waiter(waiter, 0);
	}
	if (!r && committed)
		wheel_set(w->wheel, asked->domain, clock_now());
	if (!w->is_draining)
		look_in(w, 0);
}

void watch_now(struct watch *w, int64_t domain, const char *cause, int64_t wait_ms,
               watch_done_fn *done, void *arg)
{
	struct asked *asked = ARENA_NEW(turn_arena(w->setup.turn), struct asked);

	*asked = (struct asked){w, domain, wait_ms, cause, done, arg};
	turn_after(w->setup.turn, on_asked, asked);
}

void watch_poke(struct watch *w)
{
	if (!w->is_draining)
		look_in(w, 0);
}

struct watch_stats watch_stats(const struct watch *w)
{
	struct watch_stats stats = w->stats;
	int64_t first = wheel_first_due(w->wheel);

	stats.scheduled = wheel_count(w->wheel);
	stats.running = w->busy;
	stats.waiting = w->request_count + wheel_due_count(w->wheel);
	stats.lag_ms = first >= 0 && first < clock_now() ? clock_now() - first : 0;
	return stats;
}
