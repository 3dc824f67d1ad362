#include "parent/parent.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "ipc/grant.h"
#include "parent/child.h"
#include "parent/listen.h"
#include "sandbox/sandbox.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

enum { DRAIN_MS = 30000 };

/* The roles in the order they are started. Each stage of a drain is asked to end once
 * those before have ended: who is called outlives who calls. */
static const struct role_row {
	enum role role;
	enum config_role config;
	enum config_id user;
	bool is_optional; /* only where it listens somewhere */
	int drain_stage;
} role_rows[] = {
        {ROLE_KEYS, CONFIG_KEYS, CONFIG_ID_user_keys, false, 2},
        {ROLE_CORE, CONFIG_CORE, CONFIG_ID_user_core, false, 1},
        {ROLE_EDGE, CONFIG_EDGE, CONFIG_ID_user_edge, true,  0},
        {ROLE_GATE, CONFIG_GATE, CONFIG_ID_user_gate, true,  0},
};

enum { DRAIN_STAGES = 3 };

/* Who talks to whom. */
static const enum role pairs[][2] = {
        {ROLE_CORE, ROLE_KEYS},
        {ROLE_CORE, ROLE_EDGE},
        {ROLE_CORE, ROLE_GATE},
        {ROLE_GATE, ROLE_KEYS},
};

struct parent {
	const struct parent_setup *setup;
	struct arena arena; /* of the configuration of the last reload */
	struct config config;
	struct listeners listeners;
	struct secret grant_secret;
	struct event_base *base;
	struct event *signals[4], *tick, *deadline;
	size_t signal_count;
	struct child children[ROLE_COUNT];
	bool runs[ROLE_COUNT];
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

		if (l->role != c->role)
			continue;
		ipc_put_str(&body, l->option);
		ipc_put_str(&body, l->address);
		child_send(c, IPC_LISTEN, buf_str(&body), l->fd);
	}
}

static void send_peer(struct child *c, enum role peer, int fd)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_u64(&body, peer);
	child_send(c, IPC_PEER, buf_str(&body), fd);
}

/* New sockets between this role and all it talks to that are running. */
static bool connect_peers(struct parent *p, struct child *c, struct err *err)
{
	for (size_t i = 0; i < LEN(pairs); i++) {
		bool is_first = pairs[i][0] == c->role;
		enum role other = is_first ? pairs[i][1] : pairs[i][0];
		int fds[2];

		if ((!is_first && pairs[i][1] != c->role) ||
		    !child_is_running(&p->children[other]))
			continue;
		if (!channel_pair(fds, err))
			return false;
		send_peer(c, other, fds[0]);
		send_peer(&p->children[other], c->role, fds[1]);
		close(fds[0]);
		close(fds[1]);
	}
	return true;
}

/* The user was looked up at the start, so this succeeds unless it was deleted since. */
static bool send_start(struct parent *p, struct child *c, struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	const struct config_row *row = &config_rows[row_of(c->role)->user];
	const void *field = (const char *)&p->config + row->offset;
	int64_t uid, gid;

	if (getuid() != 0)
		uid = gid = SANDBOX_KEEP_USER;
	else if (!sandbox_find_user(arena_cstr(&a, *(const struct str *)field), &uid,
	                            &gid, err))
		return err_add(err, "%s", row->name);
	ipc_put_u64(&body, (uint64_t)uid);
	ipc_put_u64(&body, (uint64_t)gid);
	child_send(c, IPC_START, buf_str(&body), -1);
	return true;
}

static bool start_role(struct parent *p, struct child *c, struct err *err)
{
	if (!child_start(c, err))
		return false;
	send_config(p, c, IPC_CONFIG);
	send_listeners(p, c);
	if (c->role == ROLE_CORE || c->role == ROLE_KEYS)
		send_text(c, IPC_SECRET, secret_str(&p->grant_secret));
	return connect_peers(p, c, err) && send_start(p, c, err);
}

/* Asks the first stage that has not ended to end. */
static void drain_next(struct parent *p)
{
	for (int stage = 0; stage < DRAIN_STAGES; stage++) {
		bool has_ended = true;

		for (size_t i = 0; i < LEN(role_rows); i++) {
			struct child *c = &p->children[role_rows[i].role];

			if (role_rows[i].drain_stage != stage || !p->runs[c->role])
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

	if (p->is_draining) {
		child_drain(c);
		drain_next(p);
		return;
	}
	if (start_role(p, c, &err))
		return;
	/* Too many processes or descriptors: it may be better in a second. */
	log_error("role.start_failed", LOG_CSTR("of", role_name(c->role)),
	          LOG_CSTR("reason", err.text));
	if (c->pid)
		child_kill(c);
	else
		event_add(c->again, &(struct timeval){1, 0});
}

static void tell_core(struct parent *p, const struct child *c)
{
	struct child *core = &p->children[ROLE_CORE];
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	if (core->state != IPC_ROLE_UP)
		return;
	ipc_put_u64(&body, c->role);
	ipc_put_u64(&body, c->state);
	ipc_put_u64(&body, (uint64_t)c->pid);
	ipc_put_u64(&body, c->starts);
	ipc_put_u64(&body, (uint64_t)c->since);
	child_send(core, IPC_ROLE_STATE, buf_str(&body), -1);
}

static bool are_all(const struct parent *p, enum ipc_role_state state)
{
	for (size_t i = 0; i < LEN(role_rows); i++)
		if (p->runs[role_rows[i].role] &&
		    p->children[role_rows[i].role].state != state)
			return false;
	return true;
}

static void on_changed(void *arg, struct child *c)
{
	struct parent *p = arg;

	if (c->role == ROLE_CORE && c->state == IPC_ROLE_UP)
		for (size_t i = 0; i < LEN(role_rows); i++)
			if (role_rows[i].role != ROLE_CORE &&
			    p->runs[role_rows[i].role])
				tell_core(p, &p->children[role_rows[i].role]);
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
		for (size_t i = 0; i < ROLE_COUNT; i++)
			if (p->runs[i]) {
				p->children[i].is_draining = true;
				child_kill(&p->children[i]);
			}
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
	err_set(&p->failure, ERR_UNAVAILABLE, "%s: %.*s", role_name(c->role),
	        STR_ARG(why));
	start_draining(p, "a role cannot be started");
}

static void reap(struct parent *p)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (p->runs[i])
			(void)child_reap(&p->children[i]);
	if (p->is_draining)
		drain_next(p);
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
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (p->runs[i])
			send_config(p, &p->children[i], IPC_RELOAD);
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
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (p->runs[i])
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
		const struct role_row *row = &role_rows[i];

		p->runs[row->role] =
		        !row->is_optional || listeners_has(&p->listeners, row->role);
		child_init(&p->children[row->role], row->role, p->base, &events);
	}
	for (size_t i = 0; i < LEN(role_rows); i++)
		if (p->runs[role_rows[i].role] &&
		    !start_role(p, &p->children[role_rows[i].role], err))
			return false;
	return true;
}

static void finish(struct parent *p)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
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
	if (p.config.edge_processes > 1)
		log_warning("server.one_edge",
		            LOG_NUM("asked", p.config.edge_processes));
	ok = start_all(&p, err);
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
