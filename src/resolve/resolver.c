#include "resolve/resolver.h"

#include "base/clock.h"
#include "resolve/direct.h"
#include "resolve/recursion.h"

#include <sys/resource.h>

/* A third of the descriptors is for questions that go directly, two thirds for
 * libunbound. */
enum { DESCRIPTORS_WANTED = 2048, DESCRIPTORS_KEPT = 64, EVENTS_IN_A_ROW = 64 };

/* One dns_answers with questions under way. */
struct job {
	struct job *next; /* of the free ones, or of those that are done */
	struct dns_answers *answers;
	size_t under_way;
	resolver_done_fn *done;
	void *arg;
};

/* One question under way, in the list ordered by deadline. */
struct lookup {
	struct lookup *previous, *next;
	struct resolver *resolver;
	struct job *job;
	struct dns_answer *answer;   /* pending */
	int64_t deadline;            /* clock_monotonic_ms() */
	struct direct_query *direct; /* NULL: libunbound has it */
	struct recursion_query recursion;
};

struct after {
	resolver_done_fn *fn;
	void *arg;
	struct resolver *resolver;
	struct after *next_free;
};

struct resolver {
	struct arena arena; /* of all of these; pieces are used again */
	struct event_base *base;
	struct event *deadline_event;
	struct event *done_event;
	struct direct direct;
	struct recursion recursion;
	int64_t timeout_ms;
	struct lookup *first, *last; /* under way; all have the same time, so the order
	                                of starting is the order of deadlines */
	struct job *done_first, *done_last;
	size_t jobs; /* that are not done() yet */
	size_t timers;
	struct lookup *free_lookups;
	struct job *free_jobs;
	struct after *free_afters;
};

static struct lookup *take_lookup(struct resolver *r)
{
	struct lookup *l = r->free_lookups;

	if (!l)
		return ARENA_NEW(&r->arena, struct lookup);
	r->free_lookups = l->next;
	*l = (struct lookup){0};
	return l;
}

static struct job *take_job(struct resolver *r)
{
	struct job *job = r->free_jobs;

	if (!job)
		return ARENA_NEW(&r->arena, struct job);
	r->free_jobs = job->next;
	*job = (struct job){0};
	return job;
}

/* Timers are not precise to the millisecond; one late for all is cheaper. */
static void arm_deadline(struct resolver *r, int64_t now)
{
	int64_t ms = r->first->deadline > now ? r->first->deadline - now : 0;
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	event_add(r->deadline_event, &t);
}

static void add_lookup(struct resolver *r, struct lookup *l)
{
	l->previous = r->last;
	if (r->last)
		r->last->next = l;
	else
		r->first = l;
	r->last = l;
}

static void remove_lookup(struct resolver *r, struct lookup *l)
{
	if (l->previous)
		l->previous->next = l->next;
	else
		r->first = l->next;
	if (l->next)
		l->next->previous = l->previous;
	else
		r->last = l->previous;
}

/* done() comes from the loop and never from within libunbound, so that it may start
 * anything. */
static void add_done(struct resolver *r, struct job *job)
{
	job->next = NULL;
	if (r->done_last)
		r->done_last->next = job;
	else
		r->done_first = job;
	r->done_last = job;
	event_active(r->done_event, EV_TIMEOUT, 1);
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;

	(void)fd;
	(void)what;
	while (r->done_first) {
		struct job *job = r->done_first;
		resolver_done_fn *done = job->done;
		void *done_arg = job->arg;

		r->done_first = job->next;
		if (!r->done_first)
			r->done_last = NULL;
		job->next = r->free_jobs;
		r->free_jobs = job;
		r->jobs--;
		done(done_arg);
	}
}

static void finish(struct lookup *l, const struct dns_answer *learned)
{
	struct resolver *r = l->resolver;
	struct job *job = l->job;
	struct dns_answer whole = *learned;

	if (whole.status == DNS_TIMEOUT && whole.why.n == 0)
		whole.why = arena_printf(job->answers->arena, "no answer in %lld ms",
		                         (long long)r->timeout_ms);
	dns_answers_put(job->answers, l->answer, &whole);
	remove_lookup(r, l);
	l->next = r->free_lookups;
	r->free_lookups = l;
	if (--job->under_way == 0)
		add_done(r, job);
}

static void on_direct(void *arg, const struct dns_answer *learned)
{
	finish(arg, learned);
}

static void on_recursion(struct recursion_query *q, const struct dns_answer *learned)
{
	char *p = (char *)q - offsetof(struct lookup, recursion);

	finish((struct lookup *)(void *)p, learned);
}

static void expire(struct lookup *l)
{
	struct dns_answer learned = {.status = DNS_TIMEOUT};

	if (l->direct)
		direct_stop(l->direct, &learned);
	else
		recursion_stop(&l->recursion);
	finish(l, &learned);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;
	int64_t now = clock_monotonic_ms();

	(void)fd;
	(void)what;
	while (r->first && r->first->deadline <= now)
		expire(r->first);
	if (r->first)
		arm_deadline(r, now);
}

static void start_lookup(struct resolver *r, struct lookup *l)
{
	const struct dns_question *question = &l->answer->question;
	struct arena *a = l->job->answers->arena;

	if (question->via != DNS_RECURSION || r->direct.server_count) {
		l->direct = direct_start(&r->direct, question, a, on_direct, l);
		return;
	}
	l->recursion.question = question;
	l->recursion.arena = a;
	l->recursion.done = on_recursion;
	recursion_start(&r->recursion, &l->recursion);
}

void resolver_forget(struct resolver *r)
{
	recursion_forget(&r->recursion);
}

void resolver_start(struct resolver *r, struct dns_answers *answers,
                    resolver_done_fn *done, void *arg)
{
	struct job *job = take_job(r);
	int64_t now = clock_monotonic_ms();
	bool was_idle = r->first == NULL;

	need(dns_answers_pending(answers));
	recursion_tidy(&r->recursion);
	job->answers = answers;
	job->done = done;
	job->arg = arg;
	job->under_way = 1; /* until all are started */
	r->jobs++;
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *answer = dns_answers_at(answers, i);
		struct lookup *l;

		if (answer->status != DNS_PENDING)
			continue;
		l = take_lookup(r);
		l->resolver = r;
		l->job = job;
		l->answer = answer;
		l->deadline = now + r->timeout_ms;
		job->under_way++;
		add_lookup(r, l);
		start_lookup(r, l);
	}
	if (was_idle && r->first)
		arm_deadline(r, now);
	if (--job->under_way == 0)
		add_done(r, job);
}

struct event_base *resolver_base(struct resolver *r)
{
	return r->base;
}

void resolver_loop(struct resolver *r)
{
	while (r->jobs || r->timers)
		need(event_base_loop(r->base, EVLOOP_ONCE) == 0);
}

static void set_flag(void *arg)
{
	*(bool *)arg = true;
}

void resolver_run(struct resolver *r, struct dns_answers *answers)
{
	bool is_done = false;

	if (!dns_answers_pending(answers))
		return;
	resolver_start(r, answers, set_flag, &is_done);
	while (!is_done)
		need(event_base_loop(r->base, EVLOOP_ONCE) == 0);
}

static void on_after(evutil_socket_t fd, short what, void *arg)
{
	struct after *after = arg;
	struct resolver *r = after->resolver;

	(void)fd;
	(void)what;
	r->timers--;
	after->next_free = r->free_afters;
	r->free_afters = after;
	after->fn(after->arg);
}

void resolver_after(struct resolver *r, int64_t ms, resolver_done_fn *fn, void *arg)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};
	struct after *after = r->free_afters;

	if (after)
		r->free_afters = after->next_free;
	else
		after = ARENA_NEW(&r->arena, struct after);
	*after = (struct after){.fn = fn, .arg = arg, .resolver = r};
	r->timers++;
	need(event_base_once(r->base, -1, EV_TIMEOUT, on_after, after, &t) == 0);
}

static bool any_answered(const struct resolver *r)
{
	for (size_t i = 0; i < r->direct.server_count; i++)
		if (r->direct.servers[i].answered)
			return true;
	return false;
}

/* The usual soft limit of 1024 descriptors is for programs that use select(). */
static size_t raise_descriptors(void)
{
	struct rlimit limit;

	need(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_cur < DESCRIPTORS_WANTED) {
		limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED
		                         ? limit.rlim_max
		                         : DESCRIPTORS_WANTED;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur;
}

bool resolver_check_reachable(struct resolver *r, struct err *err)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, clock_now());
	const struct dns_answer *answer = NULL;

	if (r->direct.server_count == 0 || any_answered(r))
		return true;
	for (size_t i = 0; i < r->direct.server_count; i++)
		dns_ask_server(&answers, DNS_RESOLVER, r->direct.servers[i].text,
		               STR("."), DNS_NS);
	resolver_run(r, &answers);
	for (size_t i = 0; i < answers.by_key.n; i++) {
		answer = dns_answers_at(&answers, i);
		if (answer->status != DNS_TIMEOUT)
			return true;
	}
	return err_set(err, ERR_UNAVAILABLE, "DNS server %.*s: %.*s",
	               STR_ARG(answer->question.server), STR_ARG(answer->why));
}

static bool open_recursion(struct resolver *r, const struct resolver_options *options,
                           size_t sockets, struct err *err)
{
	struct recursion_options recursion = {
	        .root_hints = options->root_hints,
	        .trust_anchor = options->trust_anchor,
	        .sockets = sockets,
	        .arena = &r->arena,
	};

	return options->servers.n > 0 ||
	       recursion_open(&r->recursion, r->base, &recursion, err);
}

/* Two priorities: DNS has the lower, and after a few of its events the loop looks whether
 * one of the higher has come. */
static struct event_base *new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base;

	need(c &&
	     event_config_set_max_dispatch_interval(c, NULL, EVENTS_IN_A_ROW, 1) == 0);
	base = event_base_new_with_config(c);
	event_config_free(c);
	need(!base || event_base_priority_init(base, 2) == 0);
	return base;
}

bool resolver_new(const struct resolver_options *options, struct resolver **out,
                  struct err *err)
{
	struct arena a = {0};
	struct resolver *r = ARENA_NEW(&a, struct resolver);
	size_t descriptors = raise_descriptors();
	size_t sockets = descriptors > 2 * DESCRIPTORS_KEPT
	                         ? (descriptors - DESCRIPTORS_KEPT) / 3
	                         : DESCRIPTORS_KEPT / 3;

	r->arena = a;
	r->timeout_ms =
	        options->timeout_ms > 0 ? options->timeout_ms : RESOLVER_TIMEOUT_MS;
	r->base = new_base();
	need(r->base != NULL);
	r->deadline_event = event_new(r->base, -1, 0, on_deadline, r);
	r->done_event = event_new(r->base, -1, 0, on_done, r);
	need(r->deadline_event && r->done_event);
	r->direct.arena = &r->arena;
	if (direct_init(&r->direct, r->base, &options->servers, sockets, r->timeout_ms,
	                err) &&
	    open_recursion(r, options, 2 * sockets, err)) {
		*out = r;
		return true;
	}
	resolver_free(r);
	return false;
}

void resolver_free(struct resolver *r)
{
	struct arena a;

	if (!r)
		return;
	while (r->first) {
		struct lookup *l = r->first;
		struct dns_answer unused;

		if (l->direct)
			direct_stop(l->direct, &unused);
		else
			recursion_stop(&l->recursion);
		remove_lookup(r, l);
	}
	recursion_close(&r->recursion);
	event_free(r->deadline_event);
	event_free(r->done_event);
	event_base_free(r->base);
	a = r->arena;
	arena_done(&a);
}

struct resolver_stats resolver_stats(const struct resolver *r)
{
	const struct exchanges *direct = &r->direct.exchanges;

	return (struct resolver_stats){
	        .questions = direct->questions + r->recursion.questions,
	        .responses = direct->responses + r->recursion.responses,
	};
}
