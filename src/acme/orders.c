#include "acme/orders.h"

#include "acme/hook.h"
#include "acme/program.h"
#include "acme/report.h"
#include "acme/run.h"
#include "acme/work.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

enum {
	WORDS_MAX = 24,
	TRIES = 5, /* where the account is made anew, or a nonce was refused twice */
	KEPT_MS = 10 * 60 * 1000, /* an end that nobody has waited for */
	ACCOUNT_PATH_MAX = 64,
};

enum stage {
	QUEUED,
	BLOCKED, /* by a run for another key, which the process before has begun */
	RUNNING,
	ENDED, /* and nobody has waited for it */
};

struct order {
	struct order *next;
	struct arena a; /* all of it */
	struct orders *orders;
	bool is_revocation, is_awaited;
	uint32_t id;
	struct str host; /* of a revocation: the file */
	struct str csr_der, directory;
	enum stage stage;
	struct run *run;         /* of an order */
	struct program *program; /* of a revocation */
	int tries;
	int64_t ended_at; /* monotonic */
	struct orders_result result;
};

/* The account at the authority of the options. */
enum account { UNKNOWN, MAKING, UPDATING, READY };

struct orders {
	struct arena a, options_arena;
	struct event_base *base;
	struct orders_options options;
	orders_answer_fn *answer;
	void *arg;
	struct order *first;
	size_t count, running; /* with those that are BLOCKED */
	enum account account;
	int account_tries;
	struct program *account_program;
};

/* ---- uacme's words ---- */

struct words {
	const char *v[WORDS_MAX];
	size_t n;
};

static void add(struct words *w, const char *word)
{
	need(w->n + 1 < LEN(w->v));
	w->v[w->n++] = word;
}

/* accounts/ and the beginning of the directory's digest. */
static void account_path(struct str directory, char out[ACCOUNT_PATH_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int at = snprintf(out, ACCOUNT_PATH_MAX, "accounts/");

	need(EVP_Digest(directory.p, directory.n, digest, &n, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < 8; i++)
		at += snprintf(out + at, ACCOUNT_PATH_MAX - (size_t)at, "%02x",
		               digest[i]);
}

/* What all runs have in common; false where its folder cannot be made. */
static bool begin(struct orders *o, struct arena *a, struct str directory,
                  struct words *w, struct err *err)
{
	char path[ACCOUNT_PATH_MAX];

	account_path(directory, path);
	if ((mkdir("accounts", 0700) != 0 && errno != EEXIST) ||
	    (mkdir(path, 0700) != 0 && errno != EEXIST))
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	add(w, arena_cstr(a, o->options.uacme));
	/* With the header fields of the answers: for Retry-After. */
	add(w, "-v");
	add(w, "-v");
	add(w, "-v");
	add(w, "-c");
	add(w, arena_cstr(a, str_c(path)));
	add(w, "-a");
	add(w, arena_cstr(a, directory));
	return true;
}

/* ---- ends ---- */

static void pump(struct orders *o);

static void discard(struct orders *o, struct order *order)
{
	struct order **at = &o->first;
	struct arena a = order->a;

	while (*at != order)
		at = &(*at)->next;
	*at = order->next;
	o->count--;
	program_kill(order->program);
	run_free(order->run);
	arena_done(&a);
}

static void tell(struct order *order)
{
	struct orders *o = order->orders;

	o->answer(o->arg, order->id, &order->result);
	if (!order->is_revocation)
		run_forget(order->host);
	discard(o, order);
}

/* Tells it, or keeps it for who asks again. */
static void end(struct order *order)
{
	const struct orders_result *r = &order->result;

	log_info("acme.ended", LOG_STR("host", order->host),
	         LOG_CSTR("what", order->is_revocation ? "revocation" : "order"),
	         LOG_CSTR("result", r->failure ? "failed" : "done"),
	         LOG_STR("reason", r->text));
	order->stage = ENDED;
	order->ended_at = clock_monotonic_ms();
	if (order->is_awaited)
		tell(order);
}

static void fail(struct order *order, enum acme_failure failure, const char *text)
{
	order->result = (struct orders_result){
	        .failure = failure, .text = arena_dup(&order->a, str_c(text))};
	end(order);
}

static void read_failure(struct order *order, const struct program_end *e,
                         int64_t ended_at, struct acme_report *report)
{
	*report = acme_report_read(&order->a, e->output, ended_at);
	if (e->is_late) {
		report->kind = ACME_DEADLINE;
		report->text = STR("the order was not done within five minutes");
	}
	order->result = (struct orders_result){.failure = report->kind,
	                                       .retry_at = report->retry_at,
	                                       .text = report->text};
}

/* The chain is what an order is for, whatever uacme has said. */
static void conclude(struct order *order, const struct program_end *e, int64_t ended_at)
{
	struct orders *o = order->orders;
	struct acme_report report;
	struct err err;

	order->result = (struct orders_result){0};
	if (order->is_revocation
	            ? e->status == 0
	            : work_chain(&order->a, order->host, &order->result.chain, &err)) {
		end(order);
		return;
	}
	if (e->status == 0) {
		fail(order, ACME_INTERNAL, err.text);
		return;
	}
	read_failure(order, e, ended_at, &report);
	if ((report.is_account_missing || report.is_bad_nonce) &&
	    ++order->tries < TRIES) {
		if (report.is_account_missing)
			o->account = UNKNOWN;
		order->stage = QUEUED;
	} else {
		if (order->is_revocation && report.is_revoked_already)
			order->result = (struct orders_result){0};
		end(order);
	}
}

static void on_revoked(void *arg, const struct program_end *e)
{
	struct order *order = arg;
	struct orders *o = order->orders;

	order->program = NULL;
	o->running--;
	conclude(order, e, clock_now());
	pump(o);
}

/* What another authority has refused is asked for anew. */
static bool is_of_another(const struct order *order, const struct run_end *e)
{
	return e->is_known && !str_eq(e->directory, order->directory);
}

/* No run of this host is going on: takes what lies there, or begins. */
static void prepare(struct order *order)
{
	AUTO(arena) a = {0};
	struct run_end e;
	struct err err;
	int64_t age;

	if (!work_is_for(order->host, order->csr_der))
		run_forget(order->host);
	if (!work_begin(order->host, order->csr_der, &err)) {
		fail(order, ACME_INTERNAL, err.text);
		return;
	}
	if (work_chain(&order->a, order->host, &order->result.chain, &err)) {
		log_info("acme.found", LOG_STR("host", order->host));
		end(order);
		return;
	}
	order->stage = QUEUED;
	if (!run_read(&a, order->host, &e) || is_of_another(order, &e))
		return;
	age = clock_now() - e.ended_at;
	if (age >= 0 && age < KEPT_MS)
		conclude(order, &e.uacme, e.ended_at);
}

static void on_ordered(void *arg, const struct run_end *e)
{
	struct order *order = arg;
	struct orders *o = order->orders;

	order->run = NULL;
	o->running--;
	if (order->stage == BLOCKED || is_of_another(order, e))
		prepare(order);
	else
		conclude(order, &e->uacme, e->ended_at);
	pump(o);
}

/* Whether the process before has left a run of this host, which it then waits for. */
static bool join(struct order *order)
{
	struct orders *o = order->orders;

	order->run = run_find(o->base, order->host, on_ordered, order);
	if (!order->run)
		return false;
	log_info("acme.joined", LOG_STR("host", order->host));
	order->stage = work_is_for(order->host, order->csr_der) ? RUNNING : BLOCKED;
	o->running++;
	return true;
}

/* ---- the account ---- */

static void fail_queued(struct orders *o, const struct orders_result *r)
{
	struct order *next;

	for (struct order *order = o->first; order; order = next) {
		next = order->next;
		if (order->stage != QUEUED)
			continue;
		order->result = *r;
		order->result.text = arena_dup(&order->a, r->text);
		end(order);
	}
}

static void run_account(struct orders *o, bool is_update);

static void on_account(void *arg, const struct program_end *e)
{
	struct orders *o = arg;
	AUTO(arena) a = {0};
	struct acme_report report = {0};
	bool ok = e->status == 0 || o->account == UPDATING;

	o->account_program = NULL;
	if (!ok) {
		report = acme_report_read(&a, e->output, clock_now());
		if (e->is_late)
			report = (struct acme_report){
			        .kind = ACME_UNREACHABLE,
			        .text = STR("the authority did not answer in a minute"),
			};
	}
	if (report.is_account_there && o->options.contact.n) {
		run_account(o, true);
		return;
	}
	if (report.is_bad_nonce && ++o->account_tries < TRIES) {
		run_account(o, false);
		return;
	}
	o->account_tries = 0;
	o->account = ok || report.is_account_there ? READY : UNKNOWN;
	if (o->account == UNKNOWN) {
		log_warning("acme.no_account", LOG_STR("reason", report.text));
		fail_queued(o, &(struct orders_result){.failure = report.kind,
		                                       .retry_at = report.retry_at,
		                                       .text = report.text});
	}
	pump(o);
}

/* "new" makes it, or says that it is there; "update" then tells the contact of now. The key
 * of the binding is for the first alone: uacme takes it on its command line and nowhere
 * else, where others may read it. */
static void run_account(struct orders *o, bool is_update)
{
	AUTO(arena) a = {0};
	const struct orders_options *options = &o->options;
	struct words w = {0};
	struct err err = {0};

	o->account = is_update ? UPDATING : MAKING;
	if (begin(o, &a, options->directory, &w, &err)) {
		add(&w, "-y");
		if (options->eab_id.n && !is_update) {
			add(&w, "-e");
			add(&w, arena_printf(&a, "%.*s:%.*s", STR_ARG(options->eab_id),
			                     STR_ARG(options->eab_key))
			                .p);
		}
		add(&w, is_update ? "update" : "new");
		if (options->contact.n)
			add(&w, arena_cstr(&a, options->contact));
		o->account_program =
		        program_start(o->base, w.v, ACCOUNT_MS, on_account, o, &err);
	}
	if (o->account_program)
		return;
	o->account = UNKNOWN;
	fail_queued(o, &(struct orders_result){.failure = ACME_INTERNAL,
	                                       .text = str_c(err.text)});
}

/* ---- running ---- */

static bool start(struct order *order, struct err *err)
{
	AUTO(arena) a = {0};
	struct orders *o = order->orders;
	struct words w = {0};
	char path[WORK_PATH_MAX];

	if (!begin(o, &a, order->directory, &w, err))
		return false;
	if (order->is_revocation) {
		add(&w, "-r");
		add(&w, "5"); /* cessationOfOperation (RFC 5280 §5.3.1) */
		add(&w, "revoke");
		add(&w, arena_cstr(&a, order->host));
	} else {
		work_csr_path(order->host, path);
		add(&w, "-f");
		add(&w, "-o");
		add(&w, "-h");
		add(&w, "./" ACME_HOOK_NAME);
		add(&w, "issue");
		add(&w, path);
	}
	if (order->is_revocation)
		order->program = program_start(o->base, w.v, o->options.order_ms,
		                               on_revoked, order, err);
	else
		order->run = run_start(o->base, order->host, order->directory, w.v,
		                       o->options.order_ms, on_ordered, order, err);
	if (!order->program && !order->run)
		return false;
	order->stage = RUNNING;
	o->running++;
	return true;
}

static struct order *first_queued(struct orders *o)
{
	for (struct order *order = o->first; order; order = order->next)
		if (order->stage == QUEUED)
			return order;
	return NULL;
}

static void pump(struct orders *o)
{
	struct order *order;

	while (o->running < ORDERS_AT_ONCE && (order = first_queued(o))) {
		bool is_ours = str_eq(order->directory, o->options.directory);
		struct err err;

		if (is_ours && o->account != READY) {
			if (o->account == UNKNOWN)
				run_account(o, false);
			if (o->account != UNKNOWN)
				return;
		} else if (!start(order, &err)) {
			fail(order, ACME_INTERNAL, err.text);
		}
	}
}

/* ---- from outside ---- */

static void set_options(struct orders *o, const struct orders_options *options)
{
	struct arena *a = &o->options_arena;

	/* Kept until the end: few, and orders under way refer to them. */
	o->options = (struct orders_options){
	        .uacme = arena_dup(a, options->uacme),
	        .directory = arena_dup(a, options->directory),
	        .contact = arena_dup(a, options->contact),
	        .eab_id = arena_dup(a, options->eab_id),
	        .eab_key = arena_dup(a, options->eab_key),
	        .order_ms = options->order_ms ? options->order_ms : ORDER_MS,
	};
}

struct orders *orders_new(struct event_base *base, const struct orders_options *options,
                          orders_answer_fn *answer, void *arg)
{
	struct arena a = {0};
	struct orders *o = ARENA_NEW(&a, struct orders);

	o->a = a;
	o->base = base;
	o->answer = answer;
	o->arg = arg;
	set_options(o, options);
	return o;
}

void orders_configure(struct orders *o, const struct orders_options *options)
{
	program_kill(o->account_program);
	o->account_program = NULL;
	o->account = UNKNOWN;
	set_options(o, options);
	pump(o);
}

/* Ends that nobody has asked for in time. */
static void forget_old(struct orders *o)
{
	int64_t before = clock_monotonic_ms() - KEPT_MS;
	struct order *next;

	for (struct order *order = o->first; order; order = next) {
		next = order->next;
		if (order->stage == ENDED && order->ended_at < before)
			discard(o, order);
	}
}

static struct order *find(struct orders *o, struct str host)
{
	for (struct order *order = o->first; order; order = order->next)
		if (!order->is_revocation && str_eq(order->host, host))
			return order;
	return NULL;
}

static struct order *new_order(struct orders *o, uint32_t id)
{
	struct arena a = {0};
	struct order *order = ARENA_NEW(&a, struct order);
	struct order **at = &o->first;

	order->a = a;
	order->orders = o;
	order->id = id;
	order->is_awaited = true;
	while (*at)
		at = &(*at)->next;
	*at = order;
	o->count++;
	return order;
}

static void refuse(struct orders *o, uint32_t id, const char *text)
{
	o->answer(
	        o->arg, id,
	        &(struct orders_result){.failure = ACME_INTERNAL, .text = str_c(text)});
}

void orders_take(struct orders *o, uint32_t id, struct str host, struct str csr_der)
{
	struct order *order;

	forget_old(o);
	if (!work_host_is_valid(host) || o->options.directory.n == 0) {
		refuse(o, id, "an order of no host, or of no authority");
		return;
	}
	order = find(o, host);
	if (order) { /* the core was started anew meanwhile */
		order->id = id;
		order->is_awaited = true;
		if (order->stage == ENDED)
			tell(order);
		return;
	}
	if (o->count >= ORDERS_MAX) {
		refuse(o, id, "too many orders at a time");
		return;
	}
	order = new_order(o, id);
	order->host = arena_dup(&order->a, host);
	order->csr_der = arena_dup(&order->a, csr_der);
	order->directory = o->options.directory;
	if (!join(order))
		prepare(order);
	pump(o);
}

void orders_revoke(struct orders *o, uint32_t id, struct str directory,
                   struct str certificate_der)
{
	char path[WORK_PATH_MAX];
	struct order *order;
	struct err err;

	forget_old(o);
	snprintf(path, sizeof(path), "revoke/%lld-%u.pem", (long long)clock_now(), id);
	if (o->count >= ORDERS_MAX || !work_certificate(path, certificate_der, &err)) {
		refuse(o, id,
		       o->count >= ORDERS_MAX ? "too many orders at a time" : err.text);
		return;
	}
	order = new_order(o, id);
	order->is_revocation = true;
	order->host = arena_dup(&order->a, str_c(path));
	order->directory =
	        directory.n ? arena_dup(&order->a, directory) : o->options.directory;
	pump(o);
}

void orders_detach(struct orders *o)
{
	for (struct order *order = o->first; order; order = order->next)
		order->is_awaited = false;
}

void orders_stop(struct orders *o)
{
	for (struct order *order = o->first; order; order = order->next) {
		run_free(order->run); /* nothing is concluded from its end */
		order->run = NULL;
	}
	runs_stop();
}

void orders_free(struct orders *o)
{
	struct arena a;

	if (!o)
		return;
	program_kill(o->account_program);
	while (o->first)
		discard(o, o->first);
	arena_done(&o->options_arena);
	a = o->a;
	arena_done(&a);
}
