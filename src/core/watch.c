#include "core/watch.h"

#include "auth/suffixes.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "core/check.h"
#include "store/schedule.h"

struct watch {
	struct arena a;
	struct arena options; /* of the configuration now in force */
	struct check_world world;
	struct providers providers;
	struct services services;
	struct networks networks;
	struct suffixes *suffixes;
	struct jobs *jobs;
	struct check *checks; /* one a slot */
	size_t check_count;
	uint64_t undetermined;
};

static void on_start(void *arg, size_t slot, int64_t domain, const char *cause)
{
	struct watch *w = arg;

	check_start(&w->checks[slot], domain, cause);
}

static void on_ended(void *arg, struct check *check)
{
	struct watch *w = arg;
	const struct job_end end = {check->outcome, check->next_at, check->cause};

	if (check->outcome == JOB_STORED)
		w->undetermined += check->seen.kind == LIFE_SEEN_FAULTS;
	check_reset(check);
	jobs_ended(w->jobs, (size_t)(check - w->checks), &end);
}

static const struct str *copy_names(struct watch *w, const struct str_list *list)
{
	struct str *v = ARENA_ARRAY(&w->options, struct str, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		v[i] = arena_dup(&w->options, list->v[i]);
	return v;
}

static void read_options(struct watch *w, const struct config *config)
{
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
	jobs_set_batch(w->jobs, config->watch_batch);
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
	read_knowledge(w);
	w->world.resolver = setup->resolver;
	w->world.store = setup->store;
	w->world.turn = setup->turn;
	w->world.api = setup->api;
	w->world.layouts = layouts_new(setup->store);
	read_options(w, setup->config);
	w->check_count = (size_t)setup->config->dns_concurrency;
	w->checks = ARENA_ARRAY(&w->a, struct check, w->check_count);
	for (size_t i = 0; i < w->check_count; i++)
		check_init(&w->checks[i], &w->world, base, on_ended, w);
	w->jobs = jobs_new(&(struct jobs_setup){.resolver = setup->resolver,
	                                        .turn = setup->turn,
	                                        .slots = w->check_count,
	                                        .batch = setup->config->watch_batch,
	                                        .start = on_start,
	                                        .arg = w});
	return w;
}

void watch_stop(struct watch *w)
{
	jobs_stop(w->jobs);
	for (size_t i = 0; i < w->check_count; i++)
		check_stop(&w->checks[i]);
}

void watch_free(struct watch *w)
{
	struct arena a;

	if (!w)
		return;
	for (size_t i = 0; i < w->check_count; i++)
		check_done(&w->checks[i]);
	jobs_free(w->jobs);
	layouts_free(w->world.layouts);
	suffixes_free(w->suffixes);
	arena_done(&w->options);
	a = w->a;
	arena_done(&a);
}

static bool load_row(const struct schedule_row *row, void *arg)
{
	struct watch *w = arg;

	jobs_set(w->jobs, row->domain_id, row->next_at);
	return true;
}

bool watch_load(struct watch *w, struct err *err)
{
	int64_t before = clock_monotonic_ms();

	if (!schedule_load(w->world.store, load_row, w, err))
		return false;
	log_info("watch.loaded", LOG_NUM("domains", jobs_stats(w->jobs).scheduled),
	         LOG_NUM("ms", clock_monotonic_ms() - before));
	jobs_poke(w->jobs);
	return true;
}

void watch_drain(struct watch *w)
{
	jobs_drain(w->jobs);
}

void watch_schedule(struct watch *w, int64_t domain, int64_t next_at)
{
	jobs_schedule(w->jobs, domain, next_at);
}

void watch_now(struct watch *w, int64_t domain, const char *cause, int64_t wait_ms,
               jobs_done_fn *done, void *arg)
{
	jobs_now(w->jobs, domain, cause, wait_ms, done, arg);
}

void watch_poke(struct watch *w)
{
	jobs_poke(w->jobs);
}

struct jobs_stats watch_stats(const struct watch *w)
{
	return jobs_stats(w->jobs);
}

uint64_t watch_undetermined(const struct watch *w)
{
	return w->undetermined;
}
