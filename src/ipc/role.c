#include "ipc/role.h"

#include "base/file.h"
#include "base/log.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <event2/event.h>

enum { EXIT_FAILED = 1 };

/* A view of the arena of the role, with a NUL behind it. */
static struct str keep(struct role_run *r, struct ipc_reader *reader)
{
	return arena_dup(&r->a, ipc_get_str(reader));
}

static int take_fd(struct channel_message *m)
{
	int fd = m->fd;

	m->fd = -1;
	return fd;
}

/* The value of an option in the slice, or empty. */
static struct str find_option(struct str config, const char *name)
{
	struct str line, key;

	while (str_cut(&config, '\n', &line))
		if (str_cut(&line, '=', &key) && str_eq(key, str_c(name)))
			return line;
	return STR_NONE;
}

static void open_log(const struct role_run *r)
{
	enum log_format format = LOG_AS_TEXT;
	enum log_level level = LOG_INFO;

	(void)!log_format_parse(find_option(r->config, "log.format"), &format);
	(void)!log_level_parse(find_option(r->config, "log.level"), &level);
	log_open(r->name, format, level);
}

static void add_listener(struct role_run *r, struct ipc_reader *reader,
                         struct channel_message *m)
{
	struct role_listener *l = &r->listeners[r->listener_count++];

	need(r->listener_count <= ROLE_LISTENERS_MAX);
	l->name = keep(r, reader);
	l->address = keep(r, reader);
	l->fd = take_fd(m);
}

static void add_peer(struct role_run *r, struct ipc_reader *reader,
                     struct channel_message *m)
{
	struct role_peer *p = &r->peers[r->peer_count++];

	need(r->peer_count <= ROLE_PEERS_MAX);
	p->role = (enum role)ipc_get_u64(reader);
	p->instance = (unsigned)ipc_get_u64(reader);
	p->fd = take_fd(m);
}

/* One message of the start. */
static void read_start(struct role_run *r, struct channel_message *m)
{
	struct ipc_reader reader = {m->body, false};

	if (m->type == IPC_CONFIG) {
		r->config = keep(r, &reader);
		open_log(r);
	} else if (m->type == IPC_LISTEN)
		add_listener(r, &reader, m);
	else if (m->type == IPC_PEER)
		add_peer(r, &reader, m);
	else if (m->type == IPC_SECRET) {
		struct str secret = ipc_get_str(&reader);

		secret_set(&r->grant_secret, secret.p, secret.n);
	} else if (m->type == IPC_TOKEN_KEYS) {
		struct str text = ipc_get_str(&reader);

		secret_set(&r->token_keys, text.p, text.n);
	} else if (m->type == IPC_START) {
		r->uid = (int64_t)ipc_get_u64(&reader);
		r->gid = (int64_t)ipc_get_u64(&reader);
		r->instance = (unsigned)ipc_get_u64(&reader);
		r->instances = (unsigned)ipc_get_u64(&reader);
		role_process_name(r->self, r->instance, r->instances, r->name);
	}
	file_close(&m->fd);
}

bool role_start(int control_fd, enum role self, struct role_run *r, struct err *err)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct channel_message m;

	*r = (struct role_run){.self = self};
	role_process_name(self, 0, 1, r->name);
	log_open(r->name, LOG_AS_TEXT, LOG_INFO);
	for (size_t i = 0; i < LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	/* For a role that is too busy to see the end of its control socket. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	r->control = channel_new(control_fd, self, ROLE_PARENT);
	do {
		if (!channel_recv(r->control, &m, err))
			return false;
		read_start(r, &m);
	} while (m.type != IPC_START);
	return true;
}

static void tell_state(struct role_run *r, struct ipc_reader *reader)
{
	struct role_state s;

	s.role = (enum role)ipc_get_u64(reader);
	s.instance = (unsigned)ipc_get_u64(reader);
	s.state = (enum ipc_role_state)ipc_get_u64(reader);
	s.pid = (int64_t)ipc_get_u64(reader);
	s.starts = ipc_get_u64(reader);
	s.since = (int64_t)ipc_get_u64(reader);
	if (r->handlers.state && s.role < ROLE_COUNT &&
	    s.instance < ROLE_INSTANCES_MAX && s.state < IPC_ROLE_STATE_COUNT)
		r->handlers.state(r->handlers.arg, &s);
}

static void drain(struct role_run *r)
{
	if (r->is_draining)
		return;
	r->is_draining = true;
	log_info("role.draining");
	if (r->handlers.drain)
		r->handlers.drain(r->handlers.arg);
	else
		event_base_loopbreak(r->base);
}

static void on_message(void *arg, struct channel_message *m)
{
	struct role_run *r = arg;
	struct ipc_reader reader = {m->body, false};

	if (m->type == IPC_PING) {
		/* A full queue means that the parent does not read: no answer, then. */
		(void)!channel_send(r->control, IPC_PONG, m->id, STR_NONE, -1);
	} else if (m->type == IPC_PEER && m->fd >= 0 && r->handlers.peer) {
		enum role peer = (enum role)ipc_get_u64(&reader);
		unsigned instance = (unsigned)ipc_get_u64(&reader);

		r->handlers.peer(r->handlers.arg, peer, instance, take_fd(m));
	} else if (m->type == IPC_TOKEN_KEYS) {
		struct str text = ipc_get_str(&reader);

		secret_set(&r->token_keys, text.p, text.n);
		if (r->handlers.token_keys)
			r->handlers.token_keys(r->handlers.arg,
			                       secret_str(&r->token_keys));
	} else if (m->type == IPC_RELOAD) {
		r->config = keep(r, &reader);
		open_log(r);
		if (r->handlers.reload)
			r->handlers.reload(r->handlers.arg, r->config);
	} else if (m->type == IPC_ROLE_STATE)
		tell_state(r, &reader);
	else if (m->type == IPC_DRAIN)
		drain(r);
}

static void on_closed(void *arg, const char *why)
{
	struct role_run *r = arg;

	log_error("role.parent_gone", LOG_CSTR("reason", why));
	event_base_loopbreak(r->base);
}

void role_attach(struct role_run *r, struct event_base *base,
                 const struct role_handlers *handlers)
{
	r->base = base;
	r->handlers = *handlers;
	channel_attach(r->control, base,
	               &(struct channel_handlers){on_message, on_closed, r});
	(void)!channel_send(r->control, IPC_READY, 0, STR_NONE, -1);
	log_info("role.ready", LOG_NUM("pid", getpid()));
}

static void release(struct role_run *r)
{
	channel_free(r->control);
	r->control = NULL;
	for (size_t i = 0; i < r->listener_count; i++)
		file_close(&r->listeners[i].fd);
	for (size_t i = 0; i < r->peer_count; i++)
		file_close(&r->peers[i].fd);
	secret_done(&r->grant_secret);
	secret_done(&r->token_keys);
	arena_done(&r->a);
}

int role_fail(struct role_run *r, const struct err *err)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	log_error("role.failed", LOG_CSTR("reason", err->text));
	ipc_put_str(&body, str_c(err->text));
	if (r->control)
		(void)!channel_send(r->control, IPC_FAILED, 0, buf_str(&body), -1);
	release(r);
	return EXIT_FAILED;
}

int role_end(struct role_run *r)
{
	bool was_asked = r->is_draining;

	if (was_asked)
		log_info("role.ended");
	release(r);
	return was_asked ? 0 : EXIT_FAILED;
}

int role_take_peer(struct role_run *r, enum role peer, unsigned instance)
{
	for (size_t i = 0; i < r->peer_count; i++)
		if (r->peers[i].role == peer && r->peers[i].instance == instance &&
		    r->peers[i].fd >= 0) {
			int fd = r->peers[i].fd;

			r->peers[i].fd = -1;
			return fd;
		}
	return -1;
}
