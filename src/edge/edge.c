#include "edge/edge.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "data/data.h"
#include "edge/parts.h"
#include "sandbox/sandbox.h"
#include "track/token_keys.h"

#include <string.h>

enum {
	CONNECTIONS_MAX = 60000, /* of the 65536 descriptors that the sandbox leaves */
	PIXEL_MAX = 64 * 1024,
	TICK_MS = 50, /* core hears so soon of what is on disk */
	STATS_TICKS = 20,
};

static void on_request(struct http_request *request, void *arg)
{
	struct edge *e = arg;

	site_handle(request, &e->site);
}

static void on_drained(void *arg)
{
	struct edge *e = arg;

	event_base_loopbreak(e->base);
}

static void on_drain(void *arg)
{
	struct edge *e = arg;

	http_server_drain(e->server);
}

static void on_peer(void *arg, enum role peer, unsigned instance, int fd)
{
	struct edge *e = arg;

	(void)instance;
	if (peer == ROLE_CORE)
		edge_connect_core(e, fd);
	else if (peer == ROLE_KEYS)
		keys_link_connect(e->keys, fd);
	else
		file_close(&fd);
}

static bool use_token_keys(struct edge *e, struct str text, struct err *err)
{
	AUTO(token_keys) keys = {0};
	struct tokens *old = e->tokens;

	if (!token_keys_parse(text, &keys, err))
		return false;
	e->tokens = tokens_new(&keys);
	site_set_tokens(&e->site, e->tokens);
	tokens_free(old);
	return true;
}

static void on_token_keys(void *arg, struct str text)
{
	struct edge *e = arg;
	struct err err = {0};

	if (use_token_keys(e, text, &err))
		log_info("edge.token_keys_reloaded");
	else
		log_error("edge.token_keys_failed", LOG_CSTR("reason", err.text));
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;
	bool with_stats = e->ticks++ % STATS_TICKS == 0;
	bool is_failing = journal_tick(e->journal);

	(void)fd, (void)what;
	if (is_failing) /* a disk that hangs tells nobody */
		held_release(&e->site.held);
	edge_tell_core(e, with_stats || is_failing != e->was_failing);
	if (is_failing != e->was_failing) {
		struct journal_stats s;

		journal_stats_get(e->journal, &s);
		if (is_failing)
			log_error("journal.failing", LOG_CSTR("call", s.failed_call),
			          LOG_CSTR("reason", strerror(s.error)));
		else
			log_warning("journal.works_again", LOG_NUM("lost", s.lost),
			            LOG_NUM("at_risk", s.at_risk),
			            LOG_NUM("refused", s.refused));
	}
	e->was_failing = is_failing;
}

static bool read_trusted(struct edge *e, struct site_options *o, struct err *err)
{
	const struct str_list *list = &e->config.edge_trusted_proxies;
	struct ip_net *nets = ARENA_ARRAY(&e->arena, struct ip_net, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		if (!ip_net_parse(list->v[i], &nets[i]))
			return err_set(err, ERR_INPUT, "edge.trusted_proxies: %.*s",
			               STR_ARG(list->v[i]));
	o->trusted = nets;
	o->trusted_count = list->n;
	return true;
}

static bool open_journal(struct edge *e, struct err *err)
{
	const struct config *c = &e->config;
	struct journal_options o = {
	        .dir = arena_printf(&e->arena, "%.*s/journal/edge-%u",
	                            STR_ARG(c->data_dir), e->run.instance)
	                       .p,
	        .sync = str_eq(c->journal_sync, STR("interval")) ? JOURNAL_SYNC_INTERVAL
	                                                         : JOURNAL_SYNC_EACH,
	        .policy = str_eq(c->journal_full, STR("refuse"))
	                          ? JOURNAL_POLICY_REFUSE
	                          : JOURNAL_POLICY_ANSWER,
	        .interval_ms = c->journal_interval,
	        .segment_size = (uint64_t)c->journal_segment,
	        .keep_ms = c->journal_retention,
	};

	return journal_open(&o, &e->journal, err);
}

/* The files it needs later, and no others. The thread of the journal is made behind it. */
static bool lock_in(struct edge *e, const char *challenges, struct err *err)
{
	const struct sandbox_path paths[] = {
	        {SANDBOX_TREE,
	         arena_printf(&e->arena,                                  "%.*s/journal/edge-%u",
                 STR_ARG(e->config.data_dir), e->run.instance)
	                 .p},
	        {SANDBOX_READ, challenges},
	};
	struct sandbox_state state;

	if (!sandbox_enter(ROLE_EDGE, paths, LEN(paths), e->run.uid, e->run.gid, &state,
	                   err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", state.landlock),
	         LOG_NUM("uid", state.uid));
	return true;
}

static bool ask_keys(void *arg, struct str host)
{
	struct edge *e = arg;

	return keys_link_ask(e->keys, host);
}

/* What it knows and asks of others. */
static void make_tables(struct edge *e)
{
	struct err err = {0};

	e->profile = profile_new();
	e->certificates = tls_cache_new(&(struct tls_cache_options){
	        .max = (size_t)e->config.edge_certificates, .ask = ask_keys, .arg = e});
	e->keys = keys_link_new(e->base, e->certificates);
	tls_context_init_by_name(&e->tls, tls_cache_find, e->certificates);
	if (!agents_load(data_file(STR("agents.json")), &e->agents, &err))
		log_error("edge.agents_failed", LOG_CSTR("reason", err.text));
}

static bool make_site(struct edge *e, const char *challenges, struct str pixel,
                      struct err *err)
{
	const struct config *c = &e->config;
	struct site_options o = {
	        .base = e->base,
	        .tokens = e->tokens,
	        .journal = e->journal,
	        .profile = e->profile,
	        .agents = e->agents,
	        .challenges = challenges,
	        .click = c->edge_click_path,
	        .open = c->edge_open_path,
	        .unsubscribe = c->edge_unsubscribe_path,
	        .redirect = str_eq(c->edge_redirect_status, STR("307")) ? 307 : 302,
	        .pixel = pixel,
	        .connections_max = CONNECTIONS_MAX,
	};

	return read_trusted(e, &o, err) && site_init(&e->site, &o, err);
}

static void listen_on_all(struct edge *e)
{
	e->server = http_server_new(&(struct http_server_options){
	        .base = e->base,
	        .head_max = SITE_HEAD_MAX,
	        .target_max = SITE_TARGET_MAX,
	        .body_max = SITE_BODY_MAX,
	        .head_ms = 10000,
	        .body_ms = 10000,
	        .idle_ms = e->config.edge_idle,
	        .connections_max = CONNECTIONS_MAX,
	        .handler = on_request,
	        .drained = on_drained,
	        .arg = e,
	});
	site_attach(&e->site, e->server);
	for (size_t i = 0; i < e->run.listener_count; i++) {
		struct role_listener *l = &e->run.listeners[i];
		bool is_tls = str_eq(l->name, STR("edge.tls_listen"));

		http_server_listen_as(
		        e->server, &(struct http_listen){
		                           .fd = l->fd,
		                           .tls = is_tls ? &e->tls : NULL,
		                           .is_proxied = e->config.edge_proxy_protocol,
		                           .is_brief = true});
		l->fd = -1;
	}
}

static void connect_peers(struct edge *e)
{
	int keys = role_take_peer(&e->run, ROLE_KEYS, 0);
	int core = role_take_peer(&e->run, ROLE_CORE, 0);

	if (keys >= 0)
		keys_link_connect(e->keys, keys);
	if (core >= 0)
		edge_connect_core(e, core);
}

static bool start(struct edge *e, struct err *err)
{
	static const struct timeval tick = {0, TICK_MS * 1000};
	const char *challenges;
	struct str pixel = STR_NONE;

	if (!config_parse_slice(&e->arena, e->run.config, &e->config, err))
		return false;
	if (e->config.edge_pixel.n &&
	    !file_read(&e->arena, arena_cstr(&e->arena, e->config.edge_pixel),
	               PIXEL_MAX, &pixel, err))
		return false;
	challenges = arena_printf(&e->arena, "%.*s/acme/challenges",
	                          STR_ARG(e->config.data_dir))
	                     .p;
	e->base = event_base_new();
	need(e->base != NULL);
	make_tables(e);
	if (!lock_in(e, challenges, err) || !open_journal(e, err) ||
	    !use_token_keys(e, secret_str(&e->run.token_keys), err) ||
	    !make_site(e, challenges, pixel, err))
		return false;
	secret_done(&e->run.token_keys);
	listen_on_all(e);
	connect_peers(e);
	event_assign(&e->tick, e->base, -1, EV_PERSIST, on_tick, e);
	need(event_add(&e->tick, &tick) == 0);
	return true;
}

/* In the order in which one needs the other. */
static void stop(struct edge *e)
{
	uint64_t unwritten;

	event_del(&e->tick);
	http_server_free(e->server);
	site_done(&e->site);
	unwritten = journal_close(e->journal);
	if (unwritten)
		log_error("journal.unwritten", LOG_NUM("records", unwritten));
	channel_free(e->core);
	keys_link_free(e->keys);
	tls_cache_free(e->certificates);
	tls_context_done(&e->tls);
	profile_free(e->profile);
	agents_free(e->agents);
	tokens_free(e->tokens);
	arena_done(&e->arena);
}

int edge_main(int control_fd)
{
	static struct edge e;
	const struct role_handlers handlers = {.drain = on_drain,
	                                       .peer = on_peer,
	                                       .token_keys = on_token_keys,
	                                       .arg = &e};
	struct err err = {0};

	if (!role_start(control_fd, ROLE_EDGE, &e.run, &err) || !start(&e, &err))
		return role_fail(&e.run, &err);
	role_attach(&e.run, e.base, &handlers);
	event_base_dispatch(e.base);
	edge_tell_core(&e, true);
	stop(&e);
	return role_end(&e.run);
}
