#include "net/http_connection.h"

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

void list_add(struct connection_list *list, struct http_connection *c)
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

void list_remove(struct http_connection *c)
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
	struct ip ip = {0};

	if (address->ss_family == AF_INET) {
		memcpy(ip.bytes, &v4->sin_addr, 4);
		ip.length = 4;
	} else if (address->ss_family == AF_INET6) {
		bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

		ip.length = is_mapped ? 4 : 16;
		memcpy(ip.bytes, v6->sin6_addr.s6_addr + (is_mapped ? 12 : 0),
		       ip.length);
	}
	return ip;
}

/* False where no more can be accepted for now. */
static bool accept_one(struct http_server *server, int listener)
{
	static const struct timeval retry = {0, RETRY_MS * 1000};
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	int fd, on = 1;

	if (is_full(server) && !server->idle.first) {
		pause_accepting(server);
		return false;
	}
	fd = accept4(listener, (struct sockaddr *)&address, &length,
	             SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		if (is_full(server)) {
			server->stats.evicted++;
			connection_close(server->idle.first);
		}
		if (address.ss_family != AF_UNIX)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		connection_start(server, fd, ip_of(&address));
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

	(void)what;
	for (int i = 0; i < ACCEPT_MAX; i++)
		if (!accept_one(l->server, fd))
			return;
}

static void set_deadlines(struct http_server *server)
{
	const struct http_server_options *o = &server->options;
	const int64_t ms[DEADLINES] = {
	        [DEADLINE_HEAD] = o->head_ms ? o->head_ms : 10000,
	        [DEADLINE_BODY] = o->body_ms ? o->body_ms : 30000,
	        [DEADLINE_IDLE] = o->idle_ms ? o->idle_ms : 60000,
	        [DEADLINE_LINGER] = HTTP_LINGER_MS,
	};

	for (size_t i = 0; i < DEADLINES; i++) {
		struct timeval t = {ms[i] / 1000, ms[i] % 1000 * 1000};

		server->deadlines[i] = event_base_init_common_timeout(o->base, &t);
		need(server->deadlines[i] != NULL);
	}
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

void http_server_listen(struct http_server *server, int fd)
{
	struct http_listener *l = ARENA_NEW(&server->arena, struct http_listener);

	need(!server->is_draining);
	l->server = server;
	l->fd = fd;
	l->next = server->listeners;
	server->listeners = l;
	evutil_make_socket_nonblocking(fd);
	event_assign(&l->event, server->options.base, fd, EV_READ | EV_PERSIST,
	             on_connection, l);
	event_priority_set(&l->event, 0);
	if (!server->is_paused)
		need(event_add(&l->event, NULL) == 0);
}

static void close_listeners(struct http_server *server)
{
	for (struct http_listener *l = server->listeners; l; l = l->next) {
		event_del(&l->event);
		close(l->fd);
	}
	server->listeners = NULL;
}

void http_server_drain(struct http_server *server)
{
	if (server->is_draining)
		return;
	server->is_draining = true;
	close_listeners(server);
	while (server->idle.first)
		connection_close(server->idle.first);
	check_drained(server);
}

void http_server_free(struct http_server *server)
{
	struct arena a;

	if (!server)
		return;
	server->is_draining = server->is_drained = true;
	close_listeners(server);
	while (server->idle.first)
		connection_close(server->idle.first);
	while (server->busy.first)
		connection_close(server->busy.first);
	for (struct http_space *s = server->free_spaces; s; s = s->next) {
		arena_done(&s->arena);
		buf_done(&s->in);
		buf_done(&s->out);
	}
	event_del(&server->retry);
	event_del(&server->drained);
	a = server->arena;
	arena_done(&a);
}

struct http_server_stats http_server_stats(const struct http_server *server)
{
	return server->stats;
}
