#include "core/certificates_parts.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "core/revocations.h"
#include "diagnose/caa.h"
#include "store/tracking.h"
#include "store/turn.h"

enum { LOOK_MS = 60 * 1000, FULL_MS = 2000, BATCH = 20 };

#define HOUR_MS ((int64_t)60 * 60 * 1000)

/* ---- times ---- */

static void look_in(struct certificates *c, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	if (!c->is_draining)
		evtimer_add(c->due, &tv);
}

struct change {
	struct certificates *c;
	int64_t tracking, at;
};

static void on_commit(void *arg, bool committed)
{
	const struct change *change = arg;
	struct certificates *c = change->c;

	if (!committed)
		wheel_set(c->wheel, change->tracking,
		          clock_now() + CERTIFICATE_RETRY_MS);
	else if (change->at > 0)
		wheel_set(c->wheel, change->tracking, change->at);
	else
		wheel_remove(c->wheel, change->tracking);
	look_in(c, 0);
}

void certificates_time(struct certificates *c, int64_t tracking, int64_t at)
{
	struct change *change = ARENA_NEW(turn_arena(c->setup.turn), struct change);

	*change = (struct change){c, tracking, at};
	turn_after(c->setup.turn, on_commit, change);
}

/* ---- jobs ---- */

static struct certificate_job *find_job(struct certificates *c, int64_t tracking)
{
	struct certificate_job *job = c->jobs;

	while (job && job->tracking != tracking)
		job = job->next;
	return job;
}

struct certificate_job *certificates_job(struct certificates *c, int64_t tracking,
                                         struct str host)
{
	struct arena a = {0};
	struct certificate_job *job = ARENA_NEW(&a, struct certificate_job);

	*job = (struct certificate_job){.next = c->jobs, .c = c, .tracking = tracking};
	job->a = a;
	job->host = arena_dup(&job->a, host);
	c->jobs = job;
	c->job_count++;
	return job;
}

void certificates_end_job(struct certificate_job *job)
{
	struct certificate_job **at = &job->c->jobs;
	struct arena a = job->a;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job->c->job_count--;
	arena_done(&a);
}

/* ---- CAA ---- */

static void evaluate(struct certificates *c, int64_t tracking,
                     const struct certificate_facts *facts);

static struct str caa_why(struct arena *a, const struct caa_permission *p,
                          const struct caa_issuer *issuer, enum caa_verdict verdict)
{
	if (verdict == CAA_UNKNOWN)
		return arena_printf(a,
		                    "The CAA records of %.*s cannot be looked up, so "
		                    "no authority may certify it: repair its DNS.",
		                    STR_ARG(p->owner));
	return arena_printf(
	        a, "The CAA record of %.*s %.*s. Add a CAA record there: %.*s.",
	        STR_ARG(p->owner), STR_ARG(caa_words(a, p, issuer)),
	        STR_ARG(caa_record(a, issuer)));
}

static void ask_caa(void *arg)
{
	struct certificate_job *job = arg;
	struct certificates *c = job->c;
	const struct caa_issuer issuer = caa_issuer_of(
	        c->setup.config->acme_caa_names.v, c->setup.config->acme_caa_names.n);
	const struct dns_answer *set = caa_find(&job->answers, job->host, true);
	struct certificate_facts *f = &job->facts;
	struct caa_permission p;
	enum caa_verdict verdict;

	if (dns_answers_pending(&job->answers)) {
		resolver_start(c->setup.resolver, &job->answers, ask_caa, job);
		return;
	}
	p = caa_read(set, &issuer);
	verdict = issuer.n ? caa_judge(&p) : CAA_ALLOWED;
	f->caa_at = clock_now();
	/* Whether an account is ours the authority knows. */
	f->caa = verdict == CAA_FORBIDDEN ? CERTIFICATE_SEEN_WRONG
	         : verdict == CAA_UNKNOWN ? CERTIFICATE_SEEN_UNKNOWN
	                                  : CERTIFICATE_SEEN_RIGHT;
	if (f->caa != CERTIFICATE_SEEN_RIGHT)
		f->why = caa_why(&job->a, &p, &issuer, verdict);
	/* The job makes room for what comes of it. */
	if (!c->is_draining) {
		struct certificate_facts facts = *f;
		AUTO(arena) a = {0};
		int64_t tracking = job->tracking;

		facts.why = arena_dup(&a, f->why);
		certificates_end_job(job);
		evaluate(c, tracking, &facts);
		return;
	}
	certificates_end_job(job);
}

static void start_caa(struct certificates *c, const struct certificate_row *row,
                      const struct certificate_facts *facts)
{
	struct certificate_job *job = certificates_job(c, row->id, row->host);

	job->facts = *facts;
	job->facts.why = STR_NONE;
	job->answers = dns_answers_init(&job->a, clock_now());
	ask_caa(job);
}

/* ---- what is next for a host ---- */

static bool is_same(const struct certificate_life *x, const struct certificate_life *y)
{
	return x->state == y->state && x->source == y->source &&
	       x->is_ordered == y->is_ordered && x->try_at == y->try_at &&
	       x->next_at == y->next_at && x->is_told_expiring == y->is_told_expiring;
}

/* Nothing is wrong with the host, and it is not ordered. */
static struct str words_of_waiting(struct certificates *c, struct arena *a, int64_t now)
{
	if (c->budget.paused_until > now)
		return arena_printf(a, "All orders wait a while: %s", c->pause);
	return arena_printf(a, "It waits for its turn: %lld are ordered an hour.",
	                    (long long)c->rules.orders_per_hour);
}

/* What stands in the way, as far as the facts say. */
static struct str words_of(struct certificates *c, struct arena *a,
                           const struct certificate_row *row,
                           const struct certificate_life *life,
                           const struct certificate_facts *facts)
{
	bool is_right = facts->dns == CERTIFICATE_SEEN_RIGHT &&
	                facts->path == CERTIFICATE_SEEN_RIGHT &&
	                (facts->caa_at == 0 || facts->caa == CERTIFICATE_SEEN_RIGHT);
	int64_t now = clock_now();

	if (life->state == CERTIFICATE_VALID || life->state == CERTIFICATE_NONE)
		return STR_NONE;
	if (!is_right)
		return facts->why;
	if (life->failure != CERTIFICATE_FAILURE_NONE || life->faults)
		return row->words;
	if (!life->is_ordered && facts->caa_at == 0 && life->next_at > now &&
	    life->next_at < now + CERTIFICATE_LOOK_MS)
		return words_of_waiting(c, a, now);
	return STR_NONE;
}

struct outcome {
	enum certificate_action action;
	struct certificate_row *row; /* NULL: there is nothing to look after */
	bool is_resumed;             /* it was ordered already */
};

/* The name leads elsewhere, and nobody wants it: if its tracking domain was deleted, this
 * is the end of its certificate. As long as it leads here its old links go on. */
static bool is_over(const struct certificate_row *row,
                    const struct certificate_facts *facts)
{
	return !facts->is_wanted && facts->dns == CERTIFICATE_SEEN_WRONG &&
	       row->source.n > 0 && !row->is_ordered;
}

static bool has_retired(struct certificates *c, struct arena *a, int64_t tracking,
                        bool *is_retired, struct err *err)
{
	struct tracking_row *domain;

	if (!tracking_find(c->setup.store, a, 0, tracking, &domain, err))
		return false;
	*is_retired = !domain || domain->retired_at != 0;
	return true;
}

static bool decide(struct certificates *c, struct arena *a, int64_t tracking,
                   const struct certificate_facts *facts, struct outcome *out,
                   struct err *err)
{
	struct certificate_life life, before;
	struct certificate_facts seen = {0};
	enum certificate_event event;
	struct certificate_row *row;
	int64_t now = clock_now();
	bool was_wanted;
	struct str words;

	if (!certificate_row_open(c->setup.store, a, tracking, &row, err))
		return false;
	if (!row)
		return true;
	if (facts && is_over(row, facts)) {
		bool is_retired;

		if (!has_retired(c, a, tracking, &is_retired, err))
			return false;
		if (is_retired)
			return certificates_remove(c, tracking, err);
	}
	out->row = row;
	out->is_resumed = row->is_ordered;
	was_wanted = row->is_wanted;
	if (facts)
		row->is_wanted = facts->is_wanted;
	seen = facts ? *facts : (struct certificate_facts){.is_wanted = was_wanted};
	life = before = certificate_row_life(row);
	out->action =
	        certificate_next(&c->rules, &life, &seen, &c->budget, now, &event);
	if (out->action == CERTIFICATE_ORDER) {
		certificate_order(&c->rules, &life, &c->budget, now);
		row->directory = c->setup.config->acme_directory;
	}
	words = facts ? words_of(c, a, row, &life, facts) : row->words;
	certificates_time(c, tracking, life.next_at);
	if (is_same(&life, &before) && str_eq(words, row->words) &&
	    row->is_wanted == was_wanted && event == CERTIFICATE_EVENT_NONE)
		return true;
	row->words = words;
	certificate_row_set(row, &life);
	return certificate_row_keep(c->setup.store, a, row, event, now, err);
}

static bool decide_in_turn(struct certificates *c, struct arena *a, int64_t tracking,
                           const struct certificate_facts *facts, struct outcome *out)
{
	struct store *store = c->setup.store;
	struct err err;

	turn_touch(c->setup.turn);
	if (store_turn_savepoint(store, &err)) {
		if (decide(c, a, tracking, facts, out, &err))
			return store_turn_release(store, &err);
		store_turn_rollback(store);
	}
	log_error("certificate.failed", LOG_NUM("tracking", tracking),
	          LOG_CSTR("reason", err.text));
	certificates_time(c, tracking, clock_now() + CERTIFICATE_RETRY_MS);
	return false;
}

static void evaluate(struct certificates *c, int64_t tracking,
                     const struct certificate_facts *facts)
{
	AUTO(arena) a = {0};
	struct outcome out = {.action = CERTIFICATE_WAIT};

	if (find_job(c, tracking))
		return; /* what comes of it decides */
	if (c->job_count >= CERTIFICATE_JOBS_MAX) {
		wheel_set(c->wheel, tracking, clock_now() + FULL_MS);
		return;
	}
	if (!decide_in_turn(c, &a, tracking, facts, &out) || !out.row)
		return;
	if (out.is_resumed || out.action == CERTIFICATE_ORDER)
		certificates_order(c, out.row);
	else if (out.action == CERTIFICATE_ASK)
		start_caa(c, out.row, facts);
	else if (out.action == CERTIFICATE_LOOK && c->setup.look)
		c->setup.look(c->setup.arg, tracking);
}

/* ---- the loop ---- */

static bool take_news(struct certificates *c)
{
	struct certificate_news *news = c->news;
	struct arena a;

	if (!news)
		return false;
	c->news = news->next;
	if (!c->news)
		c->last_news = &c->news;
	a = news->a;
	evaluate(c, news->tracking, &news->facts);
	arena_done(&a);
	return true;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct certificates *c = arg;
	int64_t tracking, wait;

	(void)fd;
	(void)what;
	for (int i = 0; i < BATCH; i++) {
		if (take_news(c))
			continue;
		if (wheel_take_due(c->wheel, clock_now(), &tracking)) {
			evaluate(c, tracking, NULL);
			continue;
		}
		wait = wheel_next(c->wheel) - clock_now();
		if (wheel_count(c->wheel) == 0 || wait > LOOK_MS)
			wait = LOOK_MS;
		look_in(c, wait > 0 ? wait : 1);
		return;
	}
	look_in(c, 0);
}

void certificates_consider(struct certificates *c, int64_t tracking,
                           const struct certificate_facts *facts)
{
	struct arena a = {0};
	struct certificate_news *news = ARENA_NEW(&a, struct certificate_news);

	news->a = a;
	news->tracking = tracking;
	news->facts = *facts;
	news->facts.caa_at = 0;
	news->facts.why = arena_dup(&news->a, facts->why);
	*c->last_news = news;
	c->last_news = &news->next;
	look_in(c, 0);
}

/* ---- from outside ---- */

static void read_options(struct certificates *c, const struct config *config)
{
	c->setup.config = config;
	c->rules = (struct certificate_rules){
	        .is_enabled = config->acme_directory.n > 0,
	        .orders_per_hour = config->acme_orders_per_hour};
}

struct certificates *certificates_new(const struct certificates_setup *setup)
{
	struct arena a = {0};
	struct certificates *c = ARENA_NEW(&a, struct certificates);

	c->a = a;
	c->setup = *setup;
	c->last_news = &c->news;
	read_options(c, setup->config);
	c->wheel = wheel_new(clock_now());
	c->due = evtimer_new(setup->base, on_due, c);
	need(c->due != NULL);
	return c;
}

static bool load_row(const struct certificate_due *due, void *arg)
{
	struct certificates *c = arg;

	wheel_set(c->wheel, due->tracking, due->is_ordered ? 1 : due->next_at);
	return true;
}

bool certificates_load(struct certificates *c, struct err *err)
{
	struct store *store = c->setup.store;
	int64_t now = clock_now();
	int64_t ordered;

	if (!certificate_count_ordered(store, now - HOUR_MS, &ordered, err))
		return false;
	c->budget = certificate_budget_begin(&c->rules, ordered, now);
	if (c->rules.is_enabled &&
	    !certificate_forgive(store, c->setup.config->acme_directory, now, err))
		return false;
	if (!certificate_load(store, load_row, c, err))
		return false;
	log_info("certificates.loaded", LOG_NUM("hosts", wheel_count(c->wheel)));
	look_in(c, 0);
	return true;
}

void certificates_reconfigure(struct certificates *c, const struct config *config)
{
	struct err err;

	read_options(c, config);
	if (!certificates_load(c, &err))
		log_error("certificate.failed", LOG_CSTR("reason", err.text));
}

void certificates_drain(struct certificates *c)
{
	c->is_draining = true;
	evtimer_del(c->due);
}

void certificates_poke(struct certificates *c)
{
	look_in(c, 0);
}

void certificates_stop(struct certificates *c)
{
	c->is_draining = true;
	event_free(c->due);
}

void certificates_free(struct certificates *c)
{
	struct arena a;

	if (!c)
		return;
	while (c->jobs)
		certificates_end_job(c->jobs);
	while (c->news) {
		a = c->news->a;
		c->news = c->news->next;
		arena_done(&a);
	}
	wheel_free(c->wheel);
	a = c->a;
	arena_done(&a);
}

struct certificates_stats certificates_stats(const struct certificates *c)
{
	return c->stats;
}

/* ---- on request ---- */

bool certificates_request(struct certificates *c, int64_t tracking, int64_t *again_at,
                          struct err *err)
{
	AUTO(arena) a = {0};
	struct certificate_row *row;
	struct certificate_life life;

	*again_at = 0;
	if (!certificate_row_open(c->setup.store, &a, tracking, &row, err))
		return false;
	if (!row)
		return true;
	life = certificate_row_life(row);
	*again_at = certificate_request(&life, clock_now());
	if (*again_at)
		return true;
	certificate_row_set(row, &life);
	/* The host is looked at anew, whatever was known of it. */
	row->is_wanted = true;
	certificates_time(c, tracking, life.next_at);
	return certificate_row_keep(c->setup.store, &a, row, CERTIFICATE_EVENT_NONE,
	                            clock_now(), err);
}

/* What is to be done behind the commit that takes a certificate away. */
struct dropped {
	struct arena a; /* all of it */
	struct certificates *c;
	int64_t tracking;
	struct str host;
};

/* Only now: an edge that asked keys before would have kept the old one. */
static void on_keys_dropped(void *arg, const struct keys_result *result)
{
	struct dropped *d = arg;
	const struct certificates_setup *setup = &d->c->setup;
	struct arena a = d->a;

	if (result->refusal != KEYS_NONE)
		log_warning("certificate.not_dropped", LOG_STR("host", d->host),
		            LOG_CSTR("reason", result->reason));
	turn_touch(setup->turn);
	if (setup->changed)
		setup->changed(setup->arg, d->tracking, d->host);
	arena_done(&a);
}

static void on_drop_committed(void *arg, bool committed)
{
	struct dropped *d = arg;
	struct arena a = d->a;

	if (committed)
		keys_tls_drop(d->c->setup.keys, d->host, on_keys_dropped, d);
	else
		arena_done(&a);
}

/* Writes down what is to be revoked, and has the keys dropped behind the commit. */
static bool take_away(struct certificates *c, const struct certificate_row *row,
                      struct err *err)
{
	struct arena a = {0};
	struct dropped *d = ARENA_NEW(&a, struct dropped);

	d->host = arena_dup(&a, row->host);
	d->c = c;
	d->tracking = row->id;
	d->a = a;
	turn_after(c->setup.turn, on_drop_committed, d);
	return !str_eq(row->source, STR("acme")) || row->leaf.n == 0 ||
	       row->not_after <= clock_now() ||
	       revocations_add(c->setup.store, row->host, row->directory, row->leaf,
	                       err);
}

bool certificates_withdraw(struct certificates *c, int64_t tracking, struct err *err)
{
	AUTO(arena) a = {0};
	struct certificate_row *row;
	struct certificate_life life;
	int64_t now = clock_now();

	if (!certificate_find(c->setup.store, &a, 0, tracking, &row, err))
		return false;
	if (!row)
		return true;
	if (!take_away(c, row, err))
		return false;
	life = certificate_row_life(row);
	certificate_drop(&life, now);
	certificate_row_set(row, &life);
	row->leaf = row->issuer = row->serial = row->words = STR_NONE;
	certificates_time(c, tracking, life.next_at);
	return certificate_row_keep(c->setup.store, &a, row, CERTIFICATE_EVENT_NONE,
	                            now, err);
}

bool certificates_remove(struct certificates *c, int64_t tracking, struct err *err)
{
	AUTO(arena) a = {0};
	struct certificate_row *row;

	if (!certificate_find(c->setup.store, &a, 0, tracking, &row, err))
		return false;
	if (!row)
		return true;
	certificates_time(c, tracking, 0);
	return take_away(c, row, err) &&
	       certificate_remove(c->setup.store, tracking, err);
}
