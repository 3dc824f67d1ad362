#include "parent/parent.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "ipc/grant.h"
#include "parent/child.h"
#include "parent/folders.h"
#include "parent/listen.h"
#include "parent/token_file.h"
#include "sandbox/sandbox.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

enum { DRAIN_MS = 30000 };

static unsigned one(const struct config *c)
{
	(void)c;
	return 1;
}

static unsigned count_edges(const struct config *c)
{
	bool listens = c->edge_listen.n || c->edge_tls_listen.n;

	return listens ? (unsigned)c->edge_processes : 0;
}

static unsigned count_gates(const struct config *c)
{
	return c->gate_listen.n ? 1 : 0;
}

static unsigned count_acmes(const struct config *c)
{
	return c->acme_directory.n ? 1 : 0;
}

/* The roles in the order they are started. Each stage of a drain is asked to end once
 * those before have ended: who is called outlives who calls. */
static const struct role_row {
	enum role role;
	enum config_role config;
	enum config_id user;
	unsigned (*count)(const struct config *c); /* how many processes it has */
	int drain_stage;
} role_rows[] = {
        {ROLE_KEYS, CONFIG_KEYS, CONFIG_ID_user_keys, one,         2},
        {ROLE_ACME, CONFIG_ACME, CONFIG_ID_user_acme, count_acmes, 2},
        {ROLE_CORE, CONFIG_CORE, CONFIG_ID_user_core, one,         1},
        {ROLE_EDGE, CONFIG_EDGE, CONFIG_ID_user_edge, count_edges, 0},
        {ROLE_GATE, CONFIG_GATE, CONFIG_ID_user_gate, count_gates, 0},
};

enum { DRAIN_STAGES = 3 };

/* Who talks to whom: each process of the one to each of the other. */
static const enum role pairs[][2] = {
        {ROLE_CORE, ROLE_KEYS},
        {ROLE_CORE, ROLE_EDGE},
        {ROLE_CORE, ROLE_GATE},
        {ROLE_CORE, ROLE_ACME},
        {ROLE_GATE, ROLE_KEYS},
        {ROLE_EDGE, ROLE_KEYS},
};

struct parent {
	const struct parent_setup *setup;
	struct arena arena; /* of the configuration of the last reload */
	struct config config;
	struct listeners listeners;
	struct secret grant_secret, token_keys;
	struct event_base *base;
	struct event *signals[4], *tick, *deadline;
	size_t signal_count;
	struct child children[ROLE_PROCESSES_MAX]; /* in the order of their start */
	size_t child_count;
	bool is_draining, was_ready, has_failed;
	struct err failure; /* why the server cannot be started */
};

static const struct role_row *row_of(enum role role)
{
	for (size_t i = 0; i < LEN(role_rows); i++)
		if (role_rows[i].role == role)
			return &role_rows[i];
	need_failed("a role that is started", __FILE__, __LINE__);
}

static void send_text(struct child *c, enum ipc_type type, struct str text)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_str(&body, text);
	need(!body.overflowed);
	child_send(c, type, buf_str(&body), -1);
}

static void send_config(struct parent *p, struct child *c, enum ipc_type type)
{
	AUTO(arena) a = {0};

	send_text(c, type, config_slice(&a, &p->config, row_of(c->role)->config));
}

static void send_listeners(struct parent *p, struct child *c)
{
	for (size_t i = 0; i < p->listeners.n; i++) {
		const struct listener *l = &p->listeners.v[i];
		AUTO(buf) body = {.max = IPC_BODY_MAX};

		if (l->role != c->role || l->instance != c->instance)
			continue;
		ipc_put_str(&body, l->option);
		ipc_put_str(&body, l->address);
		child_send(c, IPC_LISTEN, buf_str(&body), l->fd);
	}
}

static void send_peer(struct child *c, const struct child *peer, int fd)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_u64(&body, peer->role);
	ipc_put_u64(&body, peer->instance);
	child_send(c, IPC_PEER, buf_str(&body), fd);
}

static bool do_talk(enum role x, enum role y)
{
	for (size_t i = 0; i < LEN(pairs); i++)
		if ((pairs[i][0] == x && pairs[i][1] == y) ||
		    (pairs[i][0] == y && pairs[i][1] == x))
			return true;
	return false;
}

/* New sockets between this process and all it talks to that are running. */
static bool connect_peers(struct parent *p, struct child *c, struct err *err)
{
	for (size_t i = 0; i < p->child_count; i++) {
		struct child *other = &p->children[i];
		int fds[2];

		if (!do_talk(c->role, other->role) || !child_is_running(other))
			continue;
		if (!channel_pair(fds, err))
			return false;
		send_peer(c, other, fds[0]);
		send_peer(other, c, fds[1]);
		close(fds[0]);
		close(fds[1]);
	}
	return true;
}

static const char *user_of(struct arena *a, const struct config *c, enum role role)
{
	const struct config_row *row = &config_rows[row_of(role)->user];
	const void *field = (const char *)c + row->offset;

	return arena_cstr(a, *(const struct str *)field);
}

static bool find_user(const struct config *c, enum role role, int64_t *uid,
                      int64_t *gid, struct err *err)
{
	AUTO(arena) a = {0};

	*uid = *gid = SANDBOX_KEEP_USER;
	return getuid() != 0 ||
	       sandbox_find_user(user_of(&a, c, role), uid, gid, err) ||
	       err_add(err, "%s", config_rows[row_of(role)->user].name);
}

/* The user was looked up at the start, so this succeeds unless it was deleted since. */
static bool send_start(struct parent *p, struct child *c, struct err *err)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	int64_t uid, gid;

	if (!find_user(&p->config, c->role, &uid, &gid, err))
		return false;
	ipc_put_u64(&body, (uint64_t)uid);
	ipc_put_u64(&body, (uint64_t)gid);
	ipc_put_u64(&body, c->instance);
	ipc_put_u64(&body, c->instances);
	child_send(c, IPC_START, buf_str(&body), -1);
	return true;
}

static void send_token_keys(struct parent *p, struct child *c)
{
	if (c->role == ROLE_EDGE || c->role == ROLE_GATE)
		send_text(c, IPC_TOKEN_KEYS, secret_str(&p->token_keys));
}

static bool start_role(struct parent *p, struct child *c, struct err *err)
{
	if (!child_start(c, err))
		return false;
	send_config(p, c, IPC_CONFIG);
	send_listeners(p, c);
	if (c->role == ROLE_CORE || c->role == ROLE_KEYS)
		send_text(c, IPC_SECRET, secret_str(&p->grant_secret));
	send_token_keys(p, c);
	return connect_peers(p, c, err) && send_start(p, c, err);
}

/* Asks the first stage that has not ended to end. */
static void drain_next(struct parent *p)
{
	for (int stage = 0; stage < DRAIN_STAGES; stage++) {
		bool has_ended = true;

		for (size_t i = 0; i < p->child_count; i++) {
			struct child *c = &p->children[i];

			if (row_of(c->role)->drain_stage != stage)
				continue;
			child_drain(c);
			has_ended = has_ended && c->state == IPC_ROLE_ENDED;
		}
		if (!has_ended)
			return;
	}
	event_base_loopbreak(p->base);
}

static void on_start(void *arg, struct child *c)
{
	struct parent *p = arg;
	struct err err;

	/* In a drain too: it has not been asked to end, so others still need it. */
	if (start_role(p, c, &err))
		return;
	/* Too many processes or descriptors: it may be better in a second. */
	log_error("role.start_failed", LOG_CSTR("of", c->name),
	          LOG_CSTR("reason", err.text));
	if (c->pid)
		child_kill(c);
	else
		event_add(c->again, &(struct timeval){1, 0});
}

static struct child *find_core(struct parent *p)
{
	for (size_t i = 0; i < p->child_count; i++)
		if (p->children[i].role == ROLE_CORE)
			return &p->children[i];
	need_failed("a core", __FILE__, __LINE__);
}

static void tell_core(struct parent *p, const struct child *c)
{
	struct child *core = find_core(p);
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	if (core->state != IPC_ROLE_UP)
		return;
	ipc_put_u64(&body, c->role);
	ipc_put_u64(&body, c->instance);
	ipc_put_u64(&body, c->state);
	ipc_put_u64(&body, (uint64_t)c->pid);
	ipc_put_u64(&body, c->starts);
	ipc_put_u64(&body, (uint64_t)c->since);
	child_send(core, IPC_ROLE_STATE, buf_str(&body), -1);
}

static bool are_all(const struct parent *p, enum ipc_role_state state)
{
	for (size_t i = 0; i < p->child_count; i++)
		if (p->children[i].state != state)
			return false;
	return true;
}

static void on_changed(void *arg, struct child *c)
{
	struct parent *p = arg;

	if (c->role == ROLE_CORE && c->state == IPC_ROLE_UP)
		for (size_t i = 0; i < p->child_count; i++)
			if (p->children[i].role != ROLE_CORE)
				tell_core(p, &p->children[i]);
	tell_core(p, c);
	if (!p->was_ready && are_all(p, IPC_ROLE_UP)) {
		p->was_ready = true;
		log_info("server.ready", LOG_NUM("pid", getpid()));
	}
}

static void start_draining(struct parent *p, const char *why)
{
	if (p->is_draining) {
		log_warning("server.killing", LOG_CSTR("reason", why));
		for (size_t i = 0; i < p->child_count; i++)
			child_end(&p->children[i]);
		drain_next(p);
		return;
	}
	p->is_draining = true;
	log_info("server.draining", LOG_CSTR("reason", why));
	event_add(p->deadline, &(struct timeval){DRAIN_MS / 1000, 0});
	drain_next(p);
}

static void on_failed(void *arg, struct child *c, struct str why)
{
	struct parent *p = arg;

	if (c->was_up || p->has_failed)
		return;
	/* The first start of this role: nobody waits for a miracle. */
	p->has_failed = true;
	err_set(&p->failure, ERR_UNAVAILABLE, "%s: %.*s", c->name, STR_ARG(why));
	start_draining(p, "a role cannot be started");
}

static void reap(struct parent *p)
{
	for (size_t i = 0; i < p->child_count; i++)
		(void)child_reap(&p->children[i]);
	if (p->is_draining)
		drain_next(p);
}

/* A file that cannot be used leaves the keys as they were. */
static void reload_token_keys(struct parent *p)
{
	AUTO(arena) a = {0};
	AUTO(secret) fresh = {0};
	struct err err;

	if (!token_file_read(arena_cstr(&a, config_token_keys_path(&a, &p->config)),
	                     &fresh, &err)) {
		log_error("server.token_keys_failed", LOG_CSTR("reason", err.text));
		return;
	}
	if (str_eq(secret_str(&fresh), secret_str(&p->token_keys)))
		return;
	secret_set(&p->token_keys, fresh.p, fresh.n);
	for (size_t i = 0; i < p->child_count; i++)
		send_token_keys(p, &p->children[i]);
	log_info("server.token_keys_reloaded");
}

static void reload(struct parent *p)
{
	struct arena a = {0};
	struct config fresh;
	struct err err;

	if (!p->setup->configure(p->setup->arg, &a, &fresh, &err)) {
		log_error("server.reload_failed", LOG_CSTR("reason", err.text));
		arena_done(&a);
		return;
	}
	/* The listeners keep their views into the first configuration, whose arena is
	 * that of the process. */
	p->config = fresh;
	arena_done(&p->arena);
	p->arena = a;
	for (size_t i = 0; i < p->child_count; i++)
		send_config(p, &p->children[i], IPC_RELOAD);
	reload_token_keys(p);
	log_info("server.reloaded");
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct parent *p = arg;

	(void)what;
	if (number == SIGCHLD)
		reap(p);
	else if (number == SIGHUP)
		reload(p);
	else
		start_draining(p, number == SIGINT ? "SIGINT" : "SIGTERM");
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < p->child_count; i++)
		child_ping(&p->children[i]);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_draining(arg, "the drain takes too long");
}

static void add_events(struct parent *p)
{
	static const int numbers[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM};

	for (size_t i = 0; i < LEN(numbers); i++) {
		struct event *e = evsignal_new(p->base, numbers[i], on_signal, p);

		need(e && event_add(e, NULL) == 0);
		p->signals[p->signal_count++] = e;
	}
	p->tick = event_new(p->base, -1, EV_PERSIST, on_tick, p);
	p->deadline = event_new(p->base, -1, 0, on_deadline, p);
	need(p->tick && p->deadline &&
	     event_add(p->tick, &(struct timeval){1, 0}) == 0);
}

static void open_log(const struct config *c)
{
	enum log_format format = LOG_AS_TEXT;
	enum log_level level = LOG_INFO;

	(void)!log_format_parse(c->log_format, &format);
	(void)!log_level_parse(c->log_level, &level);
	log_open("parent", format, level);
}

static bool start_all(struct parent *p, struct err *err)
{
	const struct child_events events = {on_changed, on_start, on_failed, p};
	uint8_t secret[GRANT_SECRET_BYTES];

	random_bytes(secret, sizeof(secret));
	secret_set(&p->grant_secret, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	for (size_t i = 0; i < LEN(role_rows); i++) {
		unsigned n = role_rows[i].count(&p->config);

		for (unsigned k = 0; k < n; k++)
			child_init(&p->children[p->child_count++], role_rows[i].role, k,
			           n, p->base, &events);
	}
	for (size_t i = 0; i < p->child_count; i++)
		if (!start_role(p, &p->children[i], err))
			return false;
	return true;
}

/* What must be there before the roles are: they may not make it. */
static bool prepare(struct parent *p, struct err *err)
{
	AUTO(arena) a = {0};
	struct folders_owners owners;

	return find_user(&p->config, ROLE_CORE, &owners.core_uid, &owners.core_gid,
	                 err) &&
	       find_user(&p->config, ROLE_EDGE, &owners.edge_uid, &owners.edge_gid,
	                 err) &&
	       find_user(&p->config, ROLE_ACME, &owners.acme_uid, &owners.acme_gid,
	                 err) &&
	       folders_make(arena_cstr(&a, p->config.data_dir), count_edges(&p->config),
	                    &owners, err) &&
	       token_file_open(arena_cstr(&a, config_token_keys_path(&a, &p->config)),
	                       &p->token_keys, err);
}

static void finish(struct parent *p)
{
	for (size_t i = 0; i < p->child_count; i++) {
		child_kill(&p->children[i]);
		child_done(&p->children[i]);
	}
	for (size_t i = 0; i < p->signal_count; i++)
		event_free(p->signals[i]);
	if (p->tick)
		event_free(p->tick);
	if (p->deadline)
		event_free(p->deadline);
	if (p->base)
		event_base_free(p->base);
	listeners_close(&p->listeners);
	secret_done(&p->grant_secret);
	secret_done(&p->token_keys);
}

bool parent_run(const struct parent_setup *setup, struct err *err)
{
	static struct arena first; /* its configuration is looked at until the end */
	static struct parent p;
	bool ok;

	p = (struct parent){.setup = setup};
	if (!setup->configure(setup->arg, &first, &p.config, err))
		return false;
	open_log(&p.config);
	if (!listeners_open(&p.listeners, &p.config, err))
		return false;
	p.base = event_base_new();
	need(p.base != NULL);
	add_events(&p);
	log_info("server.starting", LOG_NUM("pid", getpid()),
	         LOG_STR("data_dir", p.config.data_dir));
	ok = prepare(&p, err) && start_all(&p, err);
	if (ok)
		event_base_dispatch(p.base);
	if (ok && p.has_failed) {
		*err = p.failure;
		ok = false;
	}
	finish(&p);
	log_info("server.ended");
	return ok;
}
