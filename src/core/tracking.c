#include "core/tracking.h"

#include <dirent.h>
#include <unistd.h>

#include "api/tracking_state.h"
#include "auth/suffixes.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "core/tracking_look.h"
#include "store/account.h"
#include "store/turn.h"

enum { SLOTS = 64, STARTS_AT_ONCE = 10 };

struct tracking_watch {
	struct arena a, options;
	struct tracking_watch_setup setup;
	struct look_world world;
	struct providers providers;
	struct services services;
	struct networks networks;
	struct suffixes *suffixes;
	struct jobs *jobs;
	struct tracking_look_job looks[SLOTS]; /* one a slot */
};

static void on_start(void *arg, size_t slot, int64_t id, const char *cause)
{
	struct tracking_watch *w = arg;

	tracking_look_start(&w->looks[slot], id, cause);
}

static void on_ended(void *arg, struct tracking_look_job *look)
{
	struct tracking_watch *w = arg;
	const struct job_end end = {look->outcome, look->next_at, look->cause};

	tracking_look_reset(look);
	jobs_ended(w->jobs, (size_t)(look - w->looks), &end);
}

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
	for (size_t i = 0; i < LEN(w->looks); i++)
		tracking_look_init(&w->looks[i], &w->world, base, on_ended, w);
	w->jobs = jobs_new(&(struct jobs_setup){.resolver = setup->resolver,
	                                        .turn = setup->turn,
	                                        .slots = LEN(w->looks),
	                                        .batch = STARTS_AT_ONCE,
	                                        .start = on_start,
	                                        .arg = w});
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
	       (jobs_set(w->jobs, id, row.next_at), true);
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
	jobs_poke(w->jobs);
}

static bool load_row(int64_t id, int64_t next_at, void *arg)
{
	struct tracking_watch *w = arg;

	jobs_set(w->jobs, id, next_at);
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
	log_info("tracking.loaded", LOG_NUM("hosts", jobs_stats(w->jobs).scheduled));
	jobs_poke(w->jobs);
	return true;
}

void tracking_watch_drain(struct tracking_watch *w)
{
	jobs_drain(w->jobs);
}

void tracking_watch_stop(struct tracking_watch *w)
{
	jobs_stop(w->jobs);
	for (size_t i = 0; i < LEN(w->looks); i++)
		tracking_look_stop(&w->looks[i]);
}

void tracking_watch_free(struct tracking_watch *w)
{
	struct arena a;

	if (!w)
		return;
	for (size_t i = 0; i < LEN(w->looks); i++)
		tracking_look_done(&w->looks[i]);
	jobs_free(w->jobs);
	suffixes_free(w->suffixes);
	arena_done(&w->options);
	a = w->a;
	arena_done(&a);
}

void tracking_watch_schedule(struct tracking_watch *w, int64_t id, int64_t next_at)
{
	jobs_schedule(w->jobs, id, next_at);
}

void tracking_watch_now(struct tracking_watch *w, int64_t id, const char *cause,
                        int64_t wait_ms, jobs_done_fn *done, void *arg)
{
	jobs_now(w->jobs, id, cause, wait_ms, done, arg);
}

void tracking_watch_poke(struct tracking_watch *w)
{
	jobs_poke(w->jobs);
}

struct jobs_stats tracking_watch_stats(const struct tracking_watch *w)
{
	return jobs_stats(w->jobs);
}
