#include "core/jobs.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/wheel.h"
#include "core/turn.h"

enum {
	LOOK_MS = 60 * 1000,
	FORGETS_A_SECOND = 10,
	REQUEST_BUCKETS = 1024,
};

/* Somebody who waits for a job; in the list of a request, of a slot, or of the refused. */
struct waiter {
	struct jobs *jobs;
	struct waiter *next, **link; /* *link is what points to this one */
	struct event timer;
	jobs_done_fn *done;
	void *arg;
	enum api_verified how; /* told by the timer */
};

/* A job that was asked for and has not begun. */
struct request {
	struct request *next; /* in order */
	struct request *same; /* of the same bucket */
	int64_t id;
	const char *cause;
	struct waiter *waiters;
};

struct slot {
	int64_t id; /* 0: free */
	struct waiter *waiters;
	bool again; /* asked for meanwhile */
	const char *again_cause;
	struct waiter *again_waiters;
};

struct jobs {
	struct arena a;
	struct jobs_setup setup;
	struct wheel *wheel;
	struct event *due;
	int64_t second; /* since the machine has started */
	int forgets;    /* in it */
	bool is_draining;

	struct slot *slots;
	size_t busy;

	struct request *first, **last;
	struct request *buckets[REQUEST_BUCKETS];
	size_t request_count;
	struct request *unused_requests;
	struct waiter *refused, *unused_waiters;
	uint64_t done, failed;
};

static void look_in(struct jobs *j, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	if (!j->is_draining)
		evtimer_add(j->due, &tv);
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
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
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
	struct jobs *j = waiter->jobs;
	jobs_done_fn *done = waiter->done;
	void *arg = waiter->arg;

	unlink_waiter(waiter);
	evtimer_del(&waiter->timer);
	waiter->next = j->unused_waiters;
	j->unused_waiters = waiter;
	turn_touch(j->setup.turn);
	done(arg, how);
}

static void end_waiters(struct waiter **list, enum api_verified how)
{
	while (*list)
		end_waiter(*list, how);
}

static void drop_waiters(struct waiter *waiter)
{
	for (; waiter; waiter = waiter->next)
		evtimer_del(&waiter->timer);
}

static void on_waited(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *waiter = arg;

	(void)fd;
	(void)what;
	end_waiter(waiter, waiter->how);
}

static struct waiter *new_waiter(struct jobs *j)
{
	struct waiter *waiter = j->unused_waiters;

	if (waiter)
		j->unused_waiters = waiter->next;
	else
		waiter = ARENA_NEW(&j->a, struct waiter);
	return waiter;
}

/* ---- requests ---- */

static struct request **bucket(struct jobs *j, int64_t id)
{
	return &j->buckets[(uint64_t)id % REQUEST_BUCKETS];
}

static struct request *find_request(struct jobs *j, int64_t id)
{
	struct request *r = *bucket(j, id);

	while (r && r->id != id)
		r = r->same;
	return r;
}

static struct request *add_request(struct jobs *j, int64_t id, const char *cause)
{
	struct request *r = j->unused_requests;

	if (r)
		j->unused_requests = r->next;
	else
		r = ARENA_NEW(&j->a, struct request);
	*r = (struct request){.id = id, .cause = cause};
	r->same = *bucket(j, id);
	*bucket(j, id) = r;
	*j->last = r;
	j->last = &r->next;
	j->request_count++;
	return r;
}

/* Takes the first out; it stays good until the next is added. */
static struct request *take_request(struct jobs *j)
{
	struct request *r = j->first;
	struct request **at;

	if (!r)
		return NULL;
	j->first = r->next;
	if (!j->first)
		j->last = &j->first;
	for (at = bucket(j, r->id); *at != r; at = &(*at)->same)
		;
	*at = r->same;
	j->request_count--;
	r->next = j->unused_requests;
	j->unused_requests = r;
	return r;
}

/* ---- jobs ---- */

static struct slot *find_slot(struct jobs *j, int64_t id)
{
	for (size_t i = 0; i < j->setup.slots; i++)
		if (j->slots[i].id == id)
			return &j->slots[i];
	return NULL;
}

/* Who asks for a job has just published something, and caches would hide it. */
static void forget(struct jobs *j)
{
	int64_t second = clock_monotonic_ms() / 1000;

	if (second != j->second)
		j->forgets = 0;
	j->second = second;
	if (j->forgets++ < FORGETS_A_SECOND)
		resolver_forget(j->setup.resolver);
}

static void start(struct jobs *j, int64_t id, const char *cause,
                  struct waiter **waiters)
{
	struct slot *slot = find_slot(j, id);

	wheel_remove(j->wheel, id);
	if (slot) { /* it has a job under way: once more behind that */
		slot->again = true;
		if (cause)
			slot->again_cause = cause;
		move_waiters(&slot->again_waiters, waiters);
		return;
	}
	slot = find_slot(j, 0);
	need(slot != NULL);
	slot->id = id;
	j->busy++;
	move_waiters(&slot->waiters, waiters);
	if (cause)
		forget(j);
	j->setup.start(j->setup.arg, (size_t)(slot - j->slots), id, cause);
}

static bool start_next(struct jobs *j)
{
	struct request *r = take_request(j);
	struct waiter *none = NULL;
	int64_t id;

	if (r) {
		start(j, r->id, r->cause, &r->waiters);
		return true;
	}
	if (!wheel_take_due(j->wheel, clock_now(), &id))
		return false;
	start(j, id, NULL, &none);
	return true;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct jobs *j = arg;
	int64_t wait;

	(void)fd;
	(void)what;
	for (int64_t i = 0; i < j->setup.batch; i++) {
		if (j->busy == j->setup.slots)
			return; /* the next that ends looks again */
		if (start_next(j))
			continue;
		wait = wheel_next(j->wheel) - clock_now();
		if (wheel_count(j->wheel) == 0 || wait > LOOK_MS)
			wait = LOOK_MS;
		look_in(j, wait > 0 ? wait : 1);
		return;
	}
	look_in(j, 0);
}

/* What comes into force with the commit: the time of one thing. */
struct change {
	struct jobs *jobs;
	int64_t id;
	int64_t at, otherwise; /* 0: as it was */
};

static void on_commit(void *arg, bool committed)
{
	const struct change *change = arg;
	struct jobs *j = change->jobs;

	if (committed)
		jobs_set(j, change->id, change->at);
	else if (change->otherwise)
		jobs_set(j, change->id, change->otherwise);
	look_in(j, 0);
}

static void change_time(struct jobs *j, int64_t id, int64_t at, int64_t otherwise)
{
	struct change *change = ARENA_NEW(turn_arena(j->setup.turn), struct change);

	*change = (struct change){j, id, at, otherwise};
	turn_after(j->setup.turn, on_commit, change);
}

static void settle(struct jobs *j, int64_t id, const struct job_end *end)
{
	int64_t retry_at = clock_now() + JOBS_RETRY_MS;

	switch (end->outcome) {
	case JOB_STORED:
		j->done++;
		change_time(j, id, end->next_at, retry_at);
		break;
	case JOB_GONE:
		wheel_remove(j->wheel, id);
		break;
	case JOB_CHANGED:
		break;
	case JOB_FAILED:
		j->failed++;
		wheel_set(j->wheel, id, retry_at);
		break;
	}
}

/* The request for the job behind that of a slot. */
static void ask_again(struct jobs *j, struct slot *slot, const struct job_end *end)
{
	struct request *r = find_request(j, slot->id);

	if (!r)
		r = add_request(j, slot->id,
		                slot->again ? slot->again_cause : end->cause);
	move_waiters(&r->waiters, &slot->again_waiters);
	if (end->outcome == JOB_CHANGED)
		move_waiters(&r->waiters, &slot->waiters);
	slot->again = false;
	slot->again_cause = NULL;
}

void jobs_ended(struct jobs *j, size_t slot_number, const struct job_end *end)
{
	struct slot *slot = &j->slots[slot_number];
	bool failed = end->outcome == JOB_FAILED;

	need(slot->id != 0);
	settle(j, slot->id, end);
	if (end->outcome == JOB_CHANGED || slot->again)
		ask_again(j, slot, end);
	slot->id = 0;
	j->busy--;
	end_waiters(&slot->waiters, failed ? API_VERIFIED_BUSY : API_VERIFIED_DONE);
	look_in(j, 0);
}

/* ---- from outside ---- */

struct jobs *jobs_new(const struct jobs_setup *setup)
{
	struct arena a = {0};
	struct jobs *j = ARENA_NEW(&a, struct jobs);

	j->a = a;
	j->setup = *setup;
	j->last = &j->first;
	j->wheel = wheel_new(clock_now());
	j->slots = ARENA_ARRAY(&j->a, struct slot, setup->slots);
	j->due = event_new(resolver_base(setup->resolver), -1, 0, on_due, j);
	need(j->due != NULL);
	return j;
}

void jobs_set_batch(struct jobs *j, int64_t batch)
{
	j->setup.batch = batch;
}

void jobs_drain(struct jobs *j)
{
	j->is_draining = true;
	evtimer_del(j->due);
	for (struct request *r = j->first; r; r = r->next)
		end_waiters(&r->waiters, API_VERIFIED_TIMEOUT);
	for (size_t i = 0; i < j->setup.slots; i++) {
		end_waiters(&j->slots[i].waiters, API_VERIFIED_TIMEOUT);
		end_waiters(&j->slots[i].again_waiters, API_VERIFIED_TIMEOUT);
	}
	end_waiters(&j->refused, API_VERIFIED_BUSY);
}

void jobs_stop(struct jobs *j)
{
	for (struct request *r = j->first; r; r = r->next)
		drop_waiters(r->waiters);
	for (size_t i = 0; i < j->setup.slots; i++) {
		drop_waiters(j->slots[i].waiters);
		drop_waiters(j->slots[i].again_waiters);
	}
	drop_waiters(j->refused);
	event_free(j->due);
}

void jobs_free(struct jobs *j)
{
	struct arena a;

	if (!j)
		return;
	wheel_free(j->wheel);
	a = j->a;
	arena_done(&a);
}

void jobs_set(struct jobs *j, int64_t id, int64_t at)
{
	if (at > 0)
		wheel_set(j->wheel, id, at);
	else
		wheel_remove(j->wheel, id);
}

void jobs_schedule(struct jobs *j, int64_t id, int64_t next_at)
{
	change_time(j, id, next_at, 0);
}

/* A request waits for its turn's commit like everything else. */
struct asked {
	struct jobs *jobs;
	int64_t id, wait_ms;
	const char *cause;
	jobs_done_fn *done;
	void *arg;
};

/* With its request, or, NULL, refused: that is told in the next turn. */
static void add_waiter(struct request *r, const struct asked *asked)
{
	struct jobs *j = asked->jobs;
	int64_t ms = r ? asked->wait_ms : 0;
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};
	struct waiter *waiter = new_waiter(j);

	*waiter = (struct waiter){.jobs = j,
	                          .done = asked->done,
	                          .arg = asked->arg,
	                          .how = r ? API_VERIFIED_TIMEOUT : API_VERIFIED_BUSY};
	link_waiter(r ? &r->waiters : &j->refused, waiter);
	evtimer_assign(&waiter->timer, resolver_base(j->setup.resolver), on_waited,
	               waiter);
	if (!r || ms > 0)
		evtimer_add(&waiter->timer, &tv);
}

static void on_asked(void *arg, bool committed)
{
	const struct asked *asked = arg;
	struct jobs *j = asked->jobs;
	struct request *r = NULL;

	if (committed && !j->is_draining) {
		r = find_request(j, asked->id);
		if (!r && j->request_count < JOBS_REQUESTS_MAX)
			r = add_request(j, asked->id, asked->cause);
	}
	if (asked->done)
		add_waiter(r, asked);
	if (!r && committed)
		wheel_set(j->wheel, asked->id, clock_now());
	look_in(j, 0);
}

void jobs_now(struct jobs *j, int64_t id, const char *cause, int64_t wait_ms,
              jobs_done_fn *done, void *arg)
{
	struct asked *asked = ARENA_NEW(turn_arena(j->setup.turn), struct asked);

	*asked = (struct asked){j, id, wait_ms, cause, done, arg};
	turn_after(j->setup.turn, on_asked, asked);
}

void jobs_poke(struct jobs *j)
{
	look_in(j, 0);
}

struct jobs_stats jobs_stats(const struct jobs *j)
{
	int64_t now = clock_now();
	int64_t first = wheel_first_due(j->wheel);

	return (struct jobs_stats){
	        .scheduled = wheel_count(j->wheel),
	        .running = j->busy,
	        .waiting = j->request_count + wheel_due_count(j->wheel),
	        .done = j->done,
	        .failed = j->failed,
	        .lag_ms = first >= 0 && first < now ? now - first : 0,
	};
}
