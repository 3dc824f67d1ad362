#include "keys/keys.h"

#include "base/log.h"
#include "config/config.h"
#include "ipc/role.h"
#include "keys/service.h"
#include "sandbox/sandbox.h"

#include <event2/event.h>

struct keys {
	struct role_run run;
	struct config config;
	struct event_base *base;
	struct key_files files;
	struct keys_service *service;
};

static struct keys_limits limits_of(const struct config *c)
{
	return (struct keys_limits){
	        .pool = (size_t)c->keys_pool,
	        .rsa_bits = (unsigned)c->keys_rsa_bits,
	        .sign_per_minute = (uint32_t)c->keys_sign_per_minute,
	};
}

static bool lock_in(struct keys *k, struct err *err)
{
	struct arena *a = &k->run.a;
	const char *data_dir = arena_cstr(a, k->config.data_dir);
	const struct sandbox_path paths[] = {
	        {SANDBOX_TREE, arena_printf(a, "%s/keys/pool", data_dir).p},
	        {SANDBOX_TREE, arena_printf(a, "%s/keys/dkim", data_dir).p},
	        {SANDBOX_TREE, arena_printf(a, "%s/keys/tls",  data_dir).p},
	};
	struct sandbox_state s;

	if (!sandbox_enter(ROLE_KEYS, paths, LEN(paths), k->run.uid, k->run.gid, &s,
	                   err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", s.landlock),
	         LOG_NUM("uid", s.uid));
	return true;
}

static bool start(struct keys *k, struct err *err)
{
	struct arena *a = &k->run.a;
	struct keys_setup setup;

	if (!config_parse_slice(a, k->run.config, &k->config, err) ||
	    !key_files_open(&k->files, arena_cstr(a, k->config.data_dir),
	                    arena_cstr(a, config_master_key_path(a, &k->config)),
	                    k->run.uid, k->run.gid, err))
		return false;
	k->base = event_base_new();
	need(k->base != NULL);
	if (!lock_in(k, err))
		return false;
	setup = (struct keys_setup){.base = k->base,
	                            .files = &k->files,
	                            .grant_secret = secret_str(&k->run.grant_secret),
	                            .limits = limits_of(&k->config)};
	return keys_service_new(&setup, &k->service, err);
}

static void on_peer(void *arg, enum role peer, unsigned instance, int fd)
{
	struct keys *k = arg;

	keys_service_connect(k->service, peer, instance, fd);
}

static void on_reload(void *arg, struct str text)
{
	struct keys *k = arg;
	struct keys_limits limits;
	struct config fresh;
	struct err err;

	if (!config_parse_slice(&k->run.a, text, &fresh, &err)) {
		log_error("role.reload_failed", LOG_CSTR("reason", err.text));
		return;
	}
	k->config = fresh;
	limits = limits_of(&fresh);
	keys_service_configure(k->service, &limits);
	log_info("role.reloaded");
}

/* Nothing is under way between two turns but takes that wait for a key, and those are
 * asked for again. */
static void on_drain(void *arg)
{
	struct keys *k = arg;

	keys_service_flush(k->service);
	event_base_loopbreak(k->base);
}

int keys_main(int control_fd)
{
	static struct keys k;
	const struct role_handlers handlers = {
	        .peer = on_peer, .reload = on_reload, .drain = on_drain, .arg = &k};
	struct err err = {0};

	if (!role_start(control_fd, ROLE_KEYS, &k.run, &err) || !start(&k, &err))
		return role_fail(&k.run, &err);
	for (size_t i = 0; i < k.run.peer_count; i++) {
		struct role_peer *p = &k.run.peers[i];

		keys_service_connect(k.service, p->role, p->instance, p->fd);
		p->fd = -1;
	}
	role_attach(&k.run, k.base, &handlers);
	event_base_dispatch(k.base);
	/* The threads may be busy with a key for long, or forever where the machine is
	 * never idle: they end with the process. */
	return role_end(&k.run);
}
