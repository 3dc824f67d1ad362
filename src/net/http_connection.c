#include "net/http_connection.h"

#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum step {
	STEP_ON,   /* the next state may go on at once */
	STEP_WAIT, /* for an event, or for http_reply() */
	STEP_GONE, /* the connection is closed, *c must not be touched */
};

/* Requests of one connection in one turn of the loop, so that others get theirs. */
enum { TURN_MAX = 16 };

static void connection_run(struct http_connection *c);

static void stop_reading(struct http_connection *c)
{
	if (c->is_reading)
		event_del(&c->read_event);
	c->is_reading = false;
}

static enum step wait_to_read(struct http_connection *c)
{
	if (!c->is_reading)
		need(event_add(&c->read_event, NULL) == 0);
	c->is_reading = true;
	return STEP_WAIT;
}

static enum step wait_to_write(struct http_connection *c)
{
	stop_reading(c);
	need(event_add(&c->write_event, NULL) == 0);
	return STEP_WAIT;
}

static enum step close_now(struct http_connection *c)
{
	connection_close(c);
	return STEP_GONE;
}

void connection_close(struct http_connection *c)
{
	struct http_server *server = c->server;

	event_del(&c->read_event);
	event_del(&c->write_event);
	transport_close(&c->transport);
	if (c->space)
		server_give_space(server, c->space);
	c->space = NULL;
	server_connection_ended(server, c);
}

/* Waits for the first byte of a request. */
static void become_idle(struct http_connection *c)
{
	c->state = CONNECTION_IDLE;
	server_await(c, DEADLINE_IDLE);
	server_resume(c->server); /* it can make room now */
}

static void take_space(struct http_connection *c)
{
	if (c->space)
		return;
	c->space = server_take_space(c->server);
	c->space->exchange.connection = c;
}

static void give_space(struct http_connection *c)
{
	if (c->space)
		server_give_space(c->server, c->space);
	c->space = NULL;
}

/* See proxy.h. No byte behind the header is read: TLS begins there. */
static enum step step_proxy(struct http_connection *c)
{
	struct proxy_header header;
	struct buf *in;
	enum http_read r;
	size_t n;
	char *p;

	take_space(c);
	in = &c->space->in;
	while ((r = proxy_header_read(buf_str(in), &header)) == HTTP_MORE) {
		enum transport_result got;

		p = buf_room(in, header.length - in->n);
		need(p != NULL);
		got = transport_read(&c->transport, p, header.length - in->n, &n);
		if (got == TRANSPORT_WANTS_READ)
			return wait_to_read(c);
		if (got != TRANSPORT_DONE)
			return close_now(c);
		in->n += n;
	}
	c->server->stats.proxied_badly += r == HTTP_BAD;
	if (r == HTTP_BAD || (c->tls && !transport_start_tls(&c->transport, c->tls)))
		return close_now(c);
	if (!header.is_local)
		c->client = header.client;
	buf_reset(in);
	give_space(c);
	c->state = CONNECTION_HANDSHAKE;
	return STEP_ON;
}

/* The end of a handshake gets its ACK now. Nothing else goes back before the answer, and a
 * client that heeds Nagle (RFC 9293 §3.7.4) holds its request until it is there. */
static void acknowledge(const struct http_connection *c)
{
	int on = 1;

	if (c->transport.ssl)
		setsockopt(c->transport.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static enum step step_handshake(struct http_connection *c)
{
	switch (transport_handshake(&c->transport)) {
	case TRANSPORT_DONE:
		c->server->stats.handshakes += c->tls != NULL;
		if (c->server->is_draining)
			return close_now(c);
		acknowledge(c);
		become_idle(c);
		return STEP_ON;
	case TRANSPORT_WANTS_READ:
		return wait_to_read(c);
	case TRANSPORT_WANTS_WRITE:
		return wait_to_write(c);
	case TRANSPORT_WANTS_CERTIFICATE:
		c->is_blind = true;
		return STEP_WAIT;
	case TRANSPORT_END:
	case TRANSPORT_FAILED:
		break;
	}
	c->server->stats.handshake_failed++;
	return close_now(c);
}

/* What of `in` belongs to the request and to those behind it. */
static struct str received(const struct http_space *s)
{
	return str_from(buf_str(&s->in), s->in_at);
}

/* Moves what was received to the front of the buffer. */
static void make_front(struct http_space *s)
{
	if (s->in_at == 0)
		return;
	memmove(s->in.p, s->in.p + s->in_at, s->in.n - s->in_at);
	s->in.n -= s->in_at;
	s->in_at = 0;
}

/* Bytes to make room for: a long body is not read in small pieces. */
static size_t read_size(const struct http_connection *c)
{
	const struct http_space *s = c->space;
	uint64_t whole = s->head.length + s->head.content_length;
	size_t n = s->in.n - s->in_at;

	if (c->state != CONNECTION_BODY || whole < n + HTTP_READ_BYTES)
		return HTTP_READ_BYTES;
	return whole - n > HTTP_KEEP_BYTES ? HTTP_KEEP_BYTES : (size_t)(whole - n);
}

/* STEP_ON where bytes came. */
static enum step read_more(struct http_connection *c)
{
	struct http_space *s;
	enum transport_result r;
	size_t n, room;
	char *p;

	if (!c->may_read)
		return wait_to_read(c);
	take_space(c);
	s = c->space;
	make_front(s);
	p = buf_room(&s->in, read_size(c));
	need(p != NULL); /* the maximum is above the limits of head and body */
	room = s->in.cap < s->in.max ? s->in.cap - s->in.n : s->in.max - s->in.n;
	r = transport_read(&c->transport, p, room, &n);
	if (r == TRANSPORT_DONE) {
		s->in.n += n;
		c->may_read = n == room || transport_has_pending(&c->transport);
		return STEP_ON;
	}
	if (r == TRANSPORT_WANTS_READ) {
		c->may_read = false;
		return wait_to_read(c);
	}
	return r == TRANSPORT_WANTS_WRITE ? wait_to_write(c) : close_now(c);
}

static enum step refuse(struct http_connection *c, unsigned status, const char *why)
{
	connection_refuse(c, status, why);
	return STEP_ON;
}

static enum step step_idle(struct http_connection *c)
{
	enum step r;

	if (c->space && received(c->space).n) {
		c->state = CONNECTION_HEAD;
		return STEP_ON;
	}
	r = read_more(c);
	if (r == STEP_WAIT)
		give_space(c);
	return r;
}

static void start_body(struct http_connection *c)
{
	struct http_space *s = c->space;

	s->head_at = s->in.p + s->in_at;
	s->is_body_awaited = false;
	s->chunks = (struct http_chunks){.body_max = c->server->limits.body_max};
	c->state = CONNECTION_BODY;
}

/* RFC 9110 §10.1.1. Where even that does not fit, the client is given up. */
static bool send_continue(struct http_connection *c)
{
	struct str line = STR("HTTP/1.1 100 Continue\r\n\r\n");
	size_t n;

	return transport_write(&c->transport, line, false, &n) == TRANSPORT_DONE &&
	       n == line.n;
}

/* Whether the bytes of the body are there; *body is then set. */
static enum http_read find_body(struct http_space *s, struct str *body)
{
	size_t n = s->in.n - s->in_at - s->head.length;
	char *p = s->in.p + s->in_at + s->head.length;
	enum http_read r;

	if (!s->head.is_chunked) {
		*body = (struct str){p, (size_t)s->head.content_length};
		return n < s->head.content_length ? HTTP_MORE : HTTP_OK;
	}
	r = http_chunks_read(&s->chunks, p, &n);
	s->in.n = s->in_at + s->head.length + n;
	*body = (struct str){p, s->chunks.length};
	return r;
}

/* The views of the head point to where it was when it was read. */
static void refresh_head(struct http_connection *c)
{
	struct http_space *s = c->space;

	if (s->head_at == s->in.p + s->in_at)
		return;
	http_head_reset(&s->head);
	need(http_head_read(received(s), &c->server->limits, &s->head) == HTTP_OK);
}

static enum step handle(struct http_connection *c, struct str body)
{
	struct http_space *s = c->space;
	struct http_server *server = c->server;

	refresh_head(c);
	s->request = (struct http_request){
	        .a = &s->arena,
	        .method = s->head.method,
	        .path = s->head.path,
	        .query = s->head.query,
	        .host = s->head.host,
	        .head = &s->head,
	        .body = body,
	        .client = c->client,
	        .tls = c->transport.ssl != NULL,
	        .tls_version = transport_tls_version(&c->transport),
	        .exchange = &s->exchange,
	};
	c->state = CONNECTION_HANDLING;
	server->stats.requests++;
	server->stats.busy++;
	server_await(c, DEADLINE_NONE);
	c->in_handler = true;
	server->options.handler(&s->request, server->options.arg);
	c->in_handler = false;
	if (c->state == CONNECTION_SENDING)
		return STEP_ON;
	/* It goes on reading, and stops when something comes: mostly nothing does. */
	return STEP_WAIT;
}

static enum step step_body(struct http_connection *c)
{
	struct http_space *s = c->space;
	struct str body;

	switch (find_body(s, &body)) {
	case HTTP_OK:
		return handle(c, body);
	case HTTP_BAD:
		return refuse(c, s->chunks.status, s->chunks.why);
	case HTTP_MORE:
		break;
	}
	if (!s->is_body_awaited) {
		s->is_body_awaited = true;
		server_await(c, DEADLINE_BODY);
		if (s->head.expects_continue && received(s).n == s->head.length &&
		    !send_continue(c))
			return close_now(c);
	}
	return read_more(c);
}

static enum step step_head(struct http_connection *c)
{
	struct http_space *s = c->space;
	bool is_first = s->head.scanned == 0;

	switch (http_head_read(received(s), &c->server->limits, &s->head)) {
	case HTTP_BAD:
		return refuse(c, s->head.status, s->head.why);
	case HTTP_OK:
		start_body(c);
		return STEP_ON;
	case HTTP_MORE:
		break;
	}
	if (is_first)
		server_await(c, DEADLINE_HEAD);
	return read_more(c);
}

/* The last byte of the answer has been given to the socket. */
static enum step answer_sent(struct http_connection *c)
{
	struct http_space *s = c->space;

	if (!c->is_last) {
		if (s->in.n == s->in_at && s->in_at) {
			s->in_at = 0;
			buf_reset(&s->in);
		}
		buf_reset(&s->out);
		s->out_at = 0;
		become_idle(c);
		return STEP_ON;
	}
	transport_end(&c->transport, c->lingers);
	c->state = CONNECTION_LINGER;
	c->discarded = 0;
	server_await(c, DEADLINE_LINGER);
	return STEP_ON;
}

static enum step flush(struct http_connection *c)
{
	switch (transport_flush(&c->transport)) {
	case TRANSPORT_DONE:
		return answer_sent(c);
	case TRANSPORT_WANTS_WRITE:
		server_await(c, DEADLINE_BODY);
		return wait_to_write(c);
	case TRANSPORT_WANTS_READ:
	case TRANSPORT_WANTS_CERTIFICATE:
	case TRANSPORT_END:
	case TRANSPORT_FAILED:
		break;
	}
	return close_now(c);
}

static enum step step_sending(struct http_connection *c)
{
	struct http_space *s = c->space;

	while (s->out_at < s->out.n) {
		struct str rest = str_from(buf_str(&s->out), s->out_at);
		size_t n;

		switch (transport_write(&c->transport, rest, c->is_last, &n)) {
		case TRANSPORT_DONE:
			s->out_at += n;
			break;
		case TRANSPORT_WANTS_WRITE:
			server_await(c, DEADLINE_BODY);
			return wait_to_write(c);
		case TRANSPORT_WANTS_READ:
			server_await(c, DEADLINE_BODY);
			return wait_to_read(c);
		case TRANSPORT_WANTS_CERTIFICATE:
		case TRANSPORT_END:
		case TRANSPORT_FAILED:
			return close_now(c);
		}
	}
	return flush(c);
}

/* RFC 9112 §9.6: closing a socket with unread bytes resets the connection, and that may
 * take the answer away from a client that is still sending. */
static enum step step_linger(struct http_connection *c)
{
	size_t n;

	if (!c->lingers)
		return close_now(c);
	for (;;) {
		if (!transport_discard(&c->transport, &n))
			return close_now(c);
		c->discarded += n;
		if (c->discarded > HTTP_LINGER_BYTES)
			return close_now(c);
		if (n == 0)
			return wait_to_read(c);
	}
}

static enum step step(struct http_connection *c)
{
	switch (c->state) {
	case CONNECTION_PROXY:
		return step_proxy(c);
	case CONNECTION_HANDSHAKE:
		return step_handshake(c);
	case CONNECTION_IDLE:
		return step_idle(c);
	case CONNECTION_HEAD:
		return step_head(c);
	case CONNECTION_BODY:
		return step_body(c);
	case CONNECTION_HANDLING:
	case CONNECTION_HELD:
		return STEP_WAIT;
	case CONNECTION_SENDING:
		return step_sending(c);
	case CONNECTION_LINGER:
		return step_linger(c);
	}
	need_failed("connection state", __FILE__, __LINE__);
}

/* Goes on with the next turn of the loop. */
static void run_later(struct http_connection *c)
{
	event_active(&c->read_event, EV_READ, 0);
}

static void connection_run(struct http_connection *c)
{
	int answered = 0;
	enum step r;

	do {
		bool was_sending = c->state == CONNECTION_SENDING;

		r = step(c);
		if (r == STEP_ON && was_sending && c->state == CONNECTION_IDLE &&
		    ++answered == TURN_MAX) {
			run_later(c);
			return;
		}
	} while (r == STEP_ON);
}

void connection_answered(struct http_connection *c)
{
	enum step r;

	c->state = CONNECTION_SENDING;
	if (c->in_handler)
		return;
	/* The next request has to wait for its turn: the handler is not to be called from
	 * within http_reply(). */
	do
		r = step(c);
	while (r == STEP_ON && c->state != CONNECTION_IDLE);
	if (r != STEP_ON)
		return;
	if (c->may_read || received(c->space).n)
		run_later(c);
	else
		step_idle(c); /* mostly: nothing has come, and it waits */
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd, (void)what;
	c->server->wakeups++;
	c->may_read = true;
	if (c->is_blind || c->state == CONNECTION_HANDLING ||
	    c->state == CONNECTION_HELD)
		stop_reading(c);
	else
		connection_run(c);
}

/* The certificate that the handshake waits for has been looked for. */
static void on_certificate(struct tls_waiter *waiter)
{
	struct http_connection *c = waiter->arg;

	c->is_blind = false;
	run_later(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd, (void)what;
	c->may_read = true;
	connection_run(c);
}

void connection_late(struct http_connection *c)
{
	if (c->state != CONNECTION_IDLE && c->state != CONNECTION_LINGER)
		c->server->stats.timed_out++;
	if (c->state != CONNECTION_HEAD && c->state != CONNECTION_BODY) {
		connection_close(c);
		return;
	}
	connection_refuse(c, 408, "the request did not come in time");
	connection_run(c);
}

void connection_refuse(struct http_connection *c, unsigned status, const char *why)
{
	struct http_space *s = c->space;
	struct http_response response = {.status = status,
	                                 .type = STR("application/problem+json")};
	char body[512];
	int n;

	n = snprintf(body, sizeof(body),
	             "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
	             "\"code\":\"http_%u\",\"detail\":\"%s\"}\n",
	             http_status_text(status), status, status, why);
	need(n > 0 && (size_t)n < sizeof(body));
	response.body = (struct str){body, (size_t)n};
	c->server->stats.refused++;
	c->is_last = c->lingers = true;
	need(response_write(c->server, &s->out, &response, false, true));
	c->state = CONNECTION_SENDING;
}

void connection_start(struct http_server *server, int fd, struct ip client,
                      const struct http_listen *how)
{
	struct http_connection *c = server->free_connections;

	if (c)
		server->free_connections = c->next;
	else
		c = ARENA_NEW(&server->arena, struct http_connection);
	*c = (struct http_connection){.server = server, .client = client};
	c->tls = how->tls;
	server->stats.accepted++;
	server->stats.connections++;
	event_assign(&c->read_event, server->options.base, fd, EV_READ | EV_PERSIST,
	             on_readable, c);
	event_assign(&c->write_event, server->options.base, fd, EV_WRITE, on_writable,
	             c);
	event_priority_set(&c->read_event, 0);
	event_priority_set(&c->write_event, 0);
	transport_open(&c->transport, fd);
	c->transport.waiter = (struct tls_waiter){.ready = on_certificate, .arg = c};
	c->may_read = true;
	c->state = how->is_proxied ? CONNECTION_PROXY : CONNECTION_HANDSHAKE;
	server_await(c, DEADLINE_HEAD);
	if (how->tls && !how->is_proxied &&
	    !transport_start_tls(&c->transport, how->tls))
		connection_close(c);
	else
		connection_run(c);
}
