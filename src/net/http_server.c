#include "net/http_connection.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPT_MAX = 64, /* connections of one listener in one turn of the loop */
	RETRY_MS = 100,
	ANSWER_MAX = 64 * 1024 * 1024,
};

static void list_add(struct connection_list *list, struct http_connection *c)
{
	c->list = list;
	c->next = NULL;
	c->previous = list->last;
	if (list->last)
		list->last->next = c;
	else
		list->first = c;
	list->last = c;
}

static void list_remove(struct http_connection *c)
{
	if (c->previous)
		c->previous->next = c->next;
	else
		c->list->first = c->next;
	if (c->next)
		c->next->previous = c->previous;
	else
		c->list->last = c->previous;
	c->next = c->previous = NULL;
}

static void set_tick(struct http_server *server, int64_t at, int64_t now)
{
	int64_t ms = at > now ? at - now : 1;
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	need(event_add(&server->tick, &t) == 0);
	server->tick_at = at;
}

void server_await(struct http_connection *c, enum http_deadline what)
{
	struct http_server *server = c->server;
	int64_t now;

	if (c->list)
		list_remove(c);
	list_add(&server->lists[what], c);
	if (what == DEADLINE_NONE)
		return;
	now = clock_coarse_ms();
	c->deadline_at = now + server->deadline_ms[what];
	if (c->deadline_at < server->tick_at)
		set_tick(server, c->deadline_at, now);
}

/* Ends what is late and waits for the next that may be. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	int64_t now = clock_coarse_ms(), next = INT64_MAX;

	(void)fd, (void)what;
	for (size_t i = 0; i < DEADLINES; i++) {
		const struct connection_list *list = &server->lists[i];

		while (list->first && list->first->deadline_at <= now)
			connection_late(list->first);
	}
	for (size_t i = 0; i < DEADLINES; i++) {
		const struct http_connection *first = server->lists[i].first;

		if (first && first->deadline_at < next)
			next = first->deadline_at;
	}
	server->tick_at = INT64_MAX;
	if (next < INT64_MAX)
		set_tick(server, next, now);
}

struct http_space *server_take_space(struct http_server *server)
{
	struct http_space *s = server->free_spaces;

	if (!s) {
		s = ARENA_NEW(&server->arena, struct http_space);
		s->in.max = server->limits.head_max + (size_t)server->limits.body_max +
		            2 * HTTP_KEEP_BYTES;
		s->out.max = ANSWER_MAX;
		return s;
	}
	server->free_spaces = s->next;
	server->free_space_count--;
	return s;
}

static void empty(struct buf *b, bool keep)
{
	if (keep && b->cap <= HTTP_KEEP_BYTES)
		buf_reset(b);
	else
		buf_done(b);
}

void server_give_space(struct http_server *server, struct http_space *s)
{
	bool keep = server->free_space_count < HTTP_KEEP_SPACES;

	empty(&s->in, keep);
	empty(&s->out, keep);
	if (keep)
		arena_reset(&s->arena);
	else
		arena_done(&s->arena);
	http_head_reset(&s->head);
	s->in_at = s->out_at = 0;
	s->next = server->free_spaces;
	server->free_spaces = s;
	server->free_space_count++;
}

static void pause_accepting(struct http_server *server)
{
	server->is_paused = true;
	for (struct http_listener *l = server->listeners; l; l = l->next)
		event_del(&l->event);
}

void server_resume(struct http_server *server)
{
	if (!server->is_paused || server->is_draining)
		return;
	server->is_paused = false;
	event_del(&server->retry);
	for (struct http_listener *l = server->listeners; l; l = l->next)
		need(event_add(&l->event, NULL) == 0);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	server_resume(arg);
}

static void on_drained(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd, (void)what;
	if (server->options.drained)
		server->options.drained(server->options.arg);
}

static void check_drained(struct http_server *server)
{
	if (!server->is_draining || server->is_drained || server->stats.connections)
		return;
	server->is_drained = true;
	event_active(&server->drained, EV_TIMEOUT, 0);
}

void server_connection_ended(struct http_server *server, struct http_connection *c)
{
	list_remove(c);
	c->list = NULL;
	c->next = server->free_connections;
	server->free_connections = c;
	server->stats.connections--;
	server_resume(server);
	check_drained(server);
}

static bool is_full(const struct http_server *server)
{
	return server->stats.connections >= server->options.connections_max;
}

static struct ip ip_of(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET)
		return ip_of_bytes(&v4->sin_addr, 4);
	if (address->ss_family == AF_INET6)
		return ip_of_bytes(&v6->sin6_addr, 16);
	return (struct ip){.length = 0};
}

/* False where no more can be accepted for now. */
static bool accept_one(struct http_server *server, const struct http_listen *how)
{
	const struct connection_list *idle = &server->lists[DEADLINE_IDLE];
	static const struct timeval retry = {0, RETRY_MS * 1000};
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	int fd;

	if (is_full(server) && !idle->first) {
		pause_accepting(server);
		return false;
	}
	fd = accept4(how->fd, (struct sockaddr *)&address, &length,
	             SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		if (is_full(server)) {
			server->stats.evicted++;
			connection_close(idle->first);
		}
		connection_start(server, fd, ip_of(&address), how);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		pause_accepting(server);
		need(event_add(&server->retry, &retry) == 0);
	}
	return errno == ECONNABORTED || errno == EINTR;
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct http_listener *l = arg;

	(void)fd, (void)what;
	l->server->wakeups++;
	for (int i = 0; i < ACCEPT_MAX; i++)
		if (!accept_one(l->server, &l->how))
			return;
}

static void set_deadlines(struct http_server *server)
{
	const struct http_server_options *o = &server->options;
	int64_t *ms = server->deadline_ms;

	ms[DEADLINE_HEAD] = o->head_ms ? o->head_ms : 10000;
	ms[DEADLINE_BODY] = o->body_ms ? o->body_ms : 30000;
	ms[DEADLINE_IDLE] = o->idle_ms ? o->idle_ms : 60000;
	ms[DEADLINE_LINGER] = HTTP_LINGER_MS;
	event_assign(&server->tick, o->base, -1, 0, on_tick, server);
	server->tick_at = INT64_MAX;
}

struct http_server *http_server_new(const struct http_server_options *options)
{
	struct arena a = {0};
	struct http_server *server = ARENA_NEW(&a, struct http_server);

	need(options->base && options->handler);
	signal(SIGPIPE, SIG_IGN);
	server->arena = a;
	server->options = *options;
	if (!server->options.connections_max)
		server->options.connections_max = 10000;
	server->limits = (struct http_limits){
	        .head_max = options->head_max ? options->head_max : 16 * 1024,
	        .target_max = options->target_max ? options->target_max : 8 * 1024,
	        .body_max = options->body_max ? options->body_max : 1024 * 1024,
	};
	set_deadlines(server);
	event_assign(&server->retry, options->base, -1, 0, on_retry, server);
	event_assign(&server->drained, options->base, -1, 0, on_drained, server);
	return server;
}

/* What accepted sockets inherit. A socket that is not of TCP refuses, and needs none. */
static void set_for_all(const struct http_listen *how)
{
	static const char plainest[] = "reno";
	int on = 1;

	setsockopt(how->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* What estimates bandwidth or paces costs some time with each answer. */
	if (how->is_brief)
		setsockopt(how->fd, IPPROTO_TCP, TCP_CONGESTION, plainest,
		           sizeof(plainest) - 1);
}

void http_server_listen(struct http_server *server, int fd)
{
	http_server_listen_as(
	        server, &(struct http_listen){.fd = fd, .tls = server->options.tls});
}

void http_server_listen_as(struct http_server *server, const struct http_listen *how)
{
	struct http_listener *l = ARENA_NEW(&server->arena, struct http_listener);

	need(!server->is_draining);
	l->server = server;
	l->how = *how;
	l->next = server->listeners;
	server->listeners = l;
	evutil_make_socket_nonblocking(how->fd);
	set_for_all(how);
	event_assign(&l->event, server->options.base, how->fd, EV_READ | EV_PERSIST,
	             on_connection, l);
	event_priority_set(&l->event, 0);
	if (!server->is_paused)
		need(event_add(&l->event, NULL) == 0);
}

static void close_listeners(struct http_server *server)
{
	for (struct http_listener *l = server->listeners; l; l = l->next) {
		event_del(&l->event);
		close(l->how.fd);
	}
	server->listeners = NULL;
}

void http_server_drain(struct http_server *server)
{
	if (server->is_draining)
		return;
	server->is_draining = true;
	close_listeners(server);
	while (server->lists[DEADLINE_IDLE].first)
		connection_close(server->lists[DEADLINE_IDLE].first);
	check_drained(server);
}

void http_server_free(struct http_server *server)
{
	struct arena a;

	if (!server)
		return;
	server->is_draining = server->is_drained = true;
	close_listeners(server);
	for (size_t i = 0; i < DEADLINE_LISTS; i++)
		while (server->lists[i].first)
			connection_close(server->lists[i].first);
	for (struct http_space *s = server->free_spaces; s; s = s->next) {
		arena_done(&s->arena);
		buf_done(&s->in);
		buf_done(&s->out);
	}
	event_del(&server->retry);
	event_del(&server->drained);
	event_del(&server->tick);
	a = server->arena;
	arena_done(&a);
}

uint64_t http_server_wakeups(const struct http_server *server)
{
	return server->wakeups;
}

struct http_server_stats http_server_stats(const struct http_server *server)
{
	return server->stats;
}
