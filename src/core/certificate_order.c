/* An order from its beginning to the row that tells of it: keys, acme, keys. An upload is
 * the last step of it alone. */
#include "core/certificates_parts.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "core/revocations.h"
#include "store/turn.h"

static const enum certificate_failure failures[] = {
#define X(name, help) [ACME_##name] = CERTIFICATE_FAILURE_##name,
        ACME_FAILURES(X)
#undef X
};

static uint32_t chance(void)
{
	return random_below(UINT32_MAX);
}

/* ---- what came of it ---- */

/* One of three: issued (tls), refused by the authority (acme), or a fault of ours. */
struct result {
	const struct keys_tls *tls;
	enum certificate_source source;
	const struct acme_result *acme;
	const char *fault;
};

/* Nobody wants it any more: it must not stay in the world. */
static bool undo(struct certificate_job *job, const struct result *r, struct err *err)
{
	struct certificate_chain chain;

	if (!r->tls || r->source != CERTIFICATE_ACME)
		return true;
	log_info("certificate.not_needed", LOG_STR("host", job->host));
	return certificate_chain_decode(&job->a, r->tls->chain, &chain, err) &&
	       revocations_add(job->c->setup.store, job->host,
	                       job->c->setup.config->acme_directory,
	                       base64_encode(&job->a, certificate_chain_at(&chain, 0)),
	                       err);
}

static bool take_issued(struct certificate_job *job, struct certificate_row *row,
                        const struct result *r, struct err *err)
{
	struct certificate_chain chain;

	if (!certificate_chain_decode(&job->a, r->tls->chain, &chain, err))
		return false;
	row->leaf = base64_encode(&job->a, certificate_chain_at(&chain, 0));
	row->issuer = r->tls->own.issuer;
	row->serial = r->tls->own.serial;
	row->words = STR_NONE;
	return true;
}

static bool take(struct certificate_job *job, struct certificate_row *row,
                 const struct result *r, struct err *err)
{
	struct certificates *c = job->c;
	struct certificate_life life = certificate_row_life(row);
	enum certificate_event event = CERTIFICATE_EVENT_NONE;
	int64_t now = clock_now();

	if (r->tls) {
		event = certificate_issue(&life, r->source, r->tls->own.not_before,
		                          r->tls->own.not_after, now, chance());
		if (!take_issued(job, row, r, err))
			return false;
	} else if (r->acme) {
		if (certificate_failure_is_for_all(failures[r->acme->failure]))
			snprintf(c->pause, sizeof(c->pause), "%.*s",
			         STR_ARG(r->acme->text));
		event = certificate_refuse(&life, &c->budget,
		                           failures[r->acme->failure],
		                           r->acme->retry_at, now, chance());
		row->words = r->acme->text;
	} else {
		certificate_fault(&life, &c->budget, now, chance());
		row->words = str_c(r->fault);
	}
	certificate_row_set(row, &life);
	certificates_time(c, row->id, life.next_at);
	return certificate_row_keep(c->setup.store, &job->a, row, event, now, err);
}

struct change {
	struct certificates *c;
	int64_t tracking;
	struct str host;
};

static void on_commit(void *arg, bool committed)
{
	const struct change *change = arg;
	const struct certificates_setup *setup = &change->c->setup;

	if (committed && setup->changed)
		setup->changed(setup->arg, change->tracking, change->host);
}

static void tell_change(struct certificate_job *job)
{
	struct arena *a = turn_arena(job->c->setup.turn);
	struct change *change = ARENA_NEW(a, struct change);

	*change = (struct change){job->c, job->tracking, arena_dup(a, job->host)};
	turn_after(job->c->setup.turn, on_commit, change);
}

static void on_dropped(void *arg, const struct keys_result *result)
{
	(void)arg;
	(void)result;
}

static bool store_result(struct certificate_job *job, const struct result *r,
                         struct err *err)
{
	struct certificates *c = job->c;
	struct certificate_row *row;
	bool ok;

	/* An upload may be the first that is heard of it. */
	ok = r->source == CERTIFICATE_UPLOADED
	             ? certificate_row_open(c->setup.store, &job->a, job->tracking,
	                                    &row, err)
	             : certificate_find(c->setup.store, &job->a, 0, job->tracking, &row,
	                                err);
	if (!ok)
		return false;
	if (r->tls)
		tell_change(job);
	if (row)
		return take(job, row, r, err);
	keys_tls_drop(c->setup.keys, job->host, on_dropped, NULL);
	return undo(job, r, err);
}

/* In a turn. Where nothing could be stored the row still says that it is ordered, and a
 * minute later all is done again. */
static bool finish(struct certificate_job *job, const struct result *r)
{
	struct store *store = job->c->setup.store;
	struct err err;

	turn_touch(job->c->setup.turn);
	if (store_turn_savepoint(store, &err)) {
		if (store_result(job, r, &err))
			return store_turn_release(store, &err);
		store_turn_rollback(store);
	}
	log_error("certificate.failed", LOG_STR("host", job->host),
	          LOG_CSTR("reason", err.text));
	certificates_time(job->c, job->tracking, clock_now() + CERTIFICATE_RETRY_MS);
	return false;
}

static void end(struct certificate_job *job, const struct result *r)
{
	struct certificates_stats *stats = &job->c->stats;

	stats->issued += r->tls != NULL;
	stats->failed += r->tls == NULL;
	(void)finish(job, r);
	certificates_end_job(job);
}

static void end_by_keys(struct certificate_job *job, const struct keys_result *result)
{
	const char *words =
	        result->words.n ? arena_cstr(&job->a, result->words) : result->reason;

	log_warning("certificate.no_keys", LOG_STR("host", job->host),
	            LOG_CSTR("reason", words));
	end(job, &(struct result){.fault = words});
}

/* ---- an order ---- */

static void on_installed(void *arg, const struct keys_result *result)
{
	struct certificate_job *job = arg;

	if (result->refusal != KEYS_NONE) {
		end_by_keys(job, result);
		return;
	}
	log_info("certificate.issued", LOG_STR("host", job->host),
	         LOG_STR("issuer", result->tls.own.issuer));
	end(job, &(struct result){.tls = &result->tls, .source = CERTIFICATE_ACME});
}

static void on_issued(void *arg, const struct acme_result *result)
{
	struct certificate_job *job = arg;

	if (result->failure != ACME_NONE) {
		log_warning("certificate.refused", LOG_STR("host", job->host),
		            LOG_STR("reason", result->text));
		end(job, &(struct result){.acme = result});
		return;
	}
	keys_tls_install(job->c->setup.keys, job->host, job->generation, result->chain,
	                 on_installed, job);
}

static void on_csr(void *arg, const struct keys_result *result)
{
	struct certificate_job *job = arg;

	if (result->refusal != KEYS_NONE)
		end_by_keys(job, result);
	else
		acme_order(job->c->setup.acme, job->host, result->csr, on_issued, job);
}

/* The row says so for good: now it may be asked for. */
static void on_ordered(void *arg, bool committed)
{
	struct certificate_job *job = arg;

	if (!committed) {
		certificates_end_job(job);
		return;
	}
	job->c->stats.orders++;
	keys_tls_csr(job->c->setup.keys, job->host, job->generation, on_csr, job);
}

void certificates_order(struct certificates *c, const struct certificate_row *row)
{
	struct certificate_job *job = certificates_job(c, row->id, row->host);

	job->generation = (uint64_t)row->generation + 1;
	turn_after(c->setup.turn, on_ordered, job);
}

/* ---- an upload ---- */

static void on_uploaded(void *arg, const struct keys_result *result)
{
	struct certificate_job *job = arg;
	struct certificates_uploaded answer = {
	        .ok = result->refusal == KEYS_NONE,
	        .is_unfit = result->refusal == KEYS_UNFIT,
	        .words = result->words.n ? result->words : str_c(result->reason),
	};

	turn_touch(job->c->setup.turn);
	if (answer.ok && !finish(job, &(struct result){.tls = &result->tls,
	                                               .source = CERTIFICATE_UPLOADED}))
		answer = (struct certificates_uploaded){
		        .words = STR("the store cannot be written")};
	job->uploaded(job->arg, &answer);
	certificates_end_job(job);
}

void certificates_upload(struct certificates *c, int64_t tracking, struct str host,
                         struct str chain_pem, struct str key_pem,
                         certificates_uploaded_fn *done, void *arg)
{
	struct certificate_job *job = certificates_job(c, tracking, host);

	job->uploaded = done;
	job->arg = arg;
	keys_tls_upload(c->setup.keys, job->host, chain_pem, key_pem, on_uploaded, job);
}
