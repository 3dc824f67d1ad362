#include "core/core.h"

#include <signal.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "core/key_calls.h"
#include "core/certify.h"
#include "core/edge_side.h"
#include "core/parts.h"
#include "sandbox/sandbox.h"

enum { TICK_MS = 1000, DRAIN_TICK_MS = 20, STOCK_TICKS = 5 };

static void tick_in(struct core *core, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(core->tick, &tv);
}

static void on_stock(void *arg, const struct keys_result *result)
{
	struct core *core = arg;

	core->is_taking_stock = false;
	if (result->refusal == KEYS_NONE)
		core->stock = result->stats;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct core *core = arg;

	(void)fd;
	(void)what;
	if (core->run.is_draining && core->is_drained && pool_count(core->pool) == 0) {
		turn_end(core->turn);
		event_base_loopbreak(core->base);
		return;
	}
	if (core->ticks++ % STOCK_TICKS == 0 && !core->is_taking_stock &&
	    keys_client_is_connected(core->keys)) {
		core->is_taking_stock = true;
		keys_stats(core->keys, on_stock, core);
	}
	tick_in(core, core->run.is_draining ? DRAIN_TICK_MS : TICK_MS);
}

static void on_drained(void *arg)
{
	struct core *core = arg;

	core->is_drained = true;
	tick_in(core, 0);
}

static void on_request(struct http_request *request, void *arg)
{
	struct core *core = arg;

	turn_touch(core->turn);
	api_handle(request, core->api);
}

static void on_woken(void *arg)
{
	struct core *core = arg;

	turn_touch(core->turn);
}

static void on_peer(void *arg, enum role peer, unsigned instance, int fd)
{
	struct core *core = arg;

	if (peer == ROLE_KEYS)
		keys_client_connect(core->keys, fd);
	else if (peer == ROLE_ACME)
		acme_client_connect(core->acme, fd);
	else if (peer == ROLE_EDGE)
		edges_connect(core->edges, instance, fd);
	else
		file_close(&fd); /* the others have nothing to say to it yet */
}

static void on_reload(void *arg, struct str text)
{
	struct core *core = arg;
	struct config fresh;
	struct err err;

	if (!config_parse_slice(&core->config_arena, text, &fresh, &err) ||
	    (core->has_tls && !tls_context_reload(&core->tls, &err))) {
		log_error("role.reload_failed", LOG_CSTR("reason", err.text));
		return;
	}
	core->config = fresh;
	api_reconfigure(core->api, &core->config);
	watch_reconfigure(core->watch, &core->config);
	tracking_watch_reconfigure(core->tracking, &core->config);
	upkeep_reconfigure(core->upkeep, &core->config);
	mailer_reconfigure(core->mailer, &core->config);
	certificates_reconfigure(core->certificates, &core->config);
	edges_reconfigure(core->edges, &core->config);
	log_info("role.reloaded");
}

static void on_drain(void *arg)
{
	struct core *core = arg;

	watch_drain(core->watch);
	certificates_drain(core->certificates);
	tracking_watch_drain(core->tracking);
	mailer_drain(core->mailer);
	ingest_drain(core->ingest);
	http_server_drain(core->server);
	tick_in(core, 0);
}

static void on_state(void *arg, const struct role_state *state)
{
	struct core *core = arg;

	for (size_t i = 0; i < core->role_count; i++)
		if (core->roles[i].role == state->role &&
		    core->roles[i].instance == state->instance) {
			core->roles[i] = *state;
			return;
		}
	if (core->role_count < LEN(core->roles))
		core->roles[core->role_count++] = *state;
}

/* The authorities' certificates are read once, before the core is locked in. */
static bool open_probes(struct core *core, struct err *err)
{
	const struct config *c = &core->config;
	const struct fetch_pool_options options = {
	        .base = core->base,
	        .ca_file = c->acme_ca_file.n ? arena_cstr(&core->a, c->acme_ca_file)
	                                     : NULL,
	        .allow_private = c->probe_private,
	        .timeout_ms = c->probe_timeout,
	        .user_agent = "Signet/" SIGNET_VERSION " (probe of a tracking host)",
	};

	return fetch_pool_new(&options, &core->fetch, err);
}

static bool open_world(struct core *core, struct err *err)
{
	const struct config *c = &core->config;
	struct resolver_options options = {
	        .root_hints = c->dns_root_hints,
	        .trust_anchor = c->dns_trust_anchor,
	        .timeout_ms = c->dns_timeout,
	};

	for (size_t i = 0; i < c->dns_servers.n; i++)
		*ARRAY_ADD(&options.servers, &core->a) = c->dns_servers.v[i];
	if (!store_open(&core->store,
	                arena_cstr(&core->a, config_store_path(&core->a, c)), err) ||
	    !resolver_new(&options, &core->resolver, err))
		return false;
	core->base = resolver_base(core->resolver);
	core->has_tls = c->api_tls_certificate.n > 0;
	if (!open_probes(core, err))
		return false;
	return !core->has_tls ||
	       tls_context_init(&core->tls,
	                        arena_cstr(&core->a, c->api_tls_certificate),
	                        arena_cstr(&core->a, c->api_tls_key), err);
}

static void consider(void *arg, int64_t id, const struct certificate_facts *facts)
{
	struct core *core = arg;

	certificates_consider(core->certificates, id, facts);
}

static void make_parts(struct core *core)
{
	const struct config *c = &core->config;

	core->turn = turn_new(core->base, &core->store);
	core->pool = pool_new(core->base, on_woken, core);
	core->keys = keys_client_new(core->base, ROLE_CORE);
	core->mailer = mailer_new(core->base, &core->store, core->turn, core->pool, c);
	core->upkeep = upkeep_new(&(struct upkeep_setup){.base = core->base,
	                                                 .store = &core->store,
	                                                 .turn = core->turn,
	                                                 .config = c,
	                                                 .drop_key = core_drop_key,
	                                                 .arg = core});
	core->api = api_new(&(struct api_setup){.store = &core->store,
	                                        .config = c,
	                                        .host = core_host(core),
	                                        .version = STR(SIGNET_VERSION)});
	core->watch = watch_new(&(struct watch_setup){.resolver = core->resolver,
	                                              .store = &core->store,
	                                              .turn = core->turn,
	                                              .api = core->api,
	                                              .config = c});
	core_edge_side(core);
	core_certify(core);
	core->tracking = tracking_watch_new(
	        &(struct tracking_watch_setup){.resolver = core->resolver,
	                                       .store = &core->store,
	                                       .turn = core->turn,
	                                       .fetch = core->fetch,
	                                       .config = c,
	                                       .consider = consider,
	                                       .arg = core});
	core->server = http_server_new(&(struct http_server_options){
	        .base = core->base,
	        .body_max = (size_t)c->api_body_max,
	        .tls = core->has_tls ? &core->tls : NULL,
	        .handler = on_request,
	        .drained = on_drained,
	        .arg = core,
	});
	core->tick = evtimer_new(core->base, on_tick, core);
	need(core->tick != NULL);
	tick_in(core, 0);
}

static void listen_to_all(struct core *core)
{
	int fd = role_take_peer(&core->run, ROLE_KEYS, 0);

	if (fd >= 0)
		keys_client_connect(core->keys, fd);
	fd = role_take_peer(&core->run, ROLE_ACME, 0);
	if (fd >= 0)
		acme_client_connect(core->acme, fd);
	for (size_t i = 0; i < core->run.listener_count; i++) {
		struct role_listener *l = &core->run.listeners[i];

		http_server_listen(core->server, l->fd);
		l->fd = -1;
	}
}

static bool start(struct core *core, struct err *err)
{
	core->roles[core->role_count++] = (struct role_state){
	        .role = ROLE_CORE, .starts = 1, .since = clock_now()};
	if (!config_parse_slice(&core->config_arena, core->run.config, &core->config,
	                        err) ||
	    !open_world(core, err) || !core_first_start(core, err) ||
	    !core_lock_in(core, err))
		return false;
	make_parts(core);
	if (!watch_load(core->watch, err) ||
	    !certificates_load(core->certificates, err) ||
	    !tracking_watch_load(core->tracking, err))
		return false;
	listen_to_all(core);
	return core_edge_side_load(core, err);
}

/* In an order in which nothing refers to what is gone. */
static void stop(struct core *core)
{
	http_server_free(core->server);
	pool_free(core->pool);
	mailer_free(core->mailer);
	certificates_stop(core->certificates);
	revocations_free(core->revocations);
	acme_client_free(core->acme);
	keys_client_free(core->keys);
	ingest_free(core->ingest);
	edges_free(core->edges);
	upkeep_free(core->upkeep);
	event_free(core->tick);
	watch_stop(core->watch);
	tracking_watch_stop(core->tracking);
	fetch_pool_free(core->fetch);
	api_free(core->api);
	turn_free(core->turn);
	resolver_free(core->resolver);
	watch_free(core->watch);
	certificates_free(core->certificates);
	tracking_watch_free(core->tracking);
	store_close(&core->store);
	if (core->has_tls)
		tls_context_done(&core->tls);
	arena_done(&core->config_arena);
	arena_done(&core->a);
}

int core_main(int control_fd)
{
	static struct core core;
	const struct role_handlers handlers = {.peer = on_peer,
	                                       .reload = on_reload,
	                                       .drain = on_drain,
	                                       .state = on_state,
	                                       .arg = &core};
	struct err err = {0};
	int status;

	if (!role_start(control_fd, ROLE_CORE, &core.run, &err) || !start(&core, &err))
		return role_fail(&core.run, &err);
	role_attach(&core.run, core.base, &handlers);
	event_base_dispatch(core.base);
	status = role_end(&core.run);
	stop(&core);
	return status;
}
