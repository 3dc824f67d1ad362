/* What the tests of the server share: a server and its clients in one loop; what arrives is
 * looked for while the loop turns, with a limit that only a hang reaches. The program that
 * includes this counts the server's allocations (-Wl,--wrap=malloc …). */
#pragma once

#include "base/clock.h"
#include "net/http_server.h"
#include "net/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { HANG_MS = 30000, BIG = 3 * 1024 * 1024, HUGE_BYTES = 12 * 1024 * 1024 };

struct world {
	struct event_base *base;
	struct http_server *server;
	uint16_t port;
	struct http_exchange *held; /* of "/later" */
	bool held_is_valid;
	struct str held_path;
	int drained;
	char *big;
};

struct client {
	int fd;
	SSL *ssl;
	char *text; /* what came, NUL behind it */
	size_t n;
	bool ended;
};

static inline void reply(struct http_request *r, unsigned status, struct str body)
{
	http_reply(r->exchange, &(struct http_response){.status = status,
	                                                .type = STR("text/plain"),
	                                                .body = body});
}

static inline void handle(struct http_request *r, void *arg)
{
	struct world *w = arg;
	struct http_field field = {STR("X-Echo"), http_header(r, "x-say")};

	if (str_eq(r->path, STR("/hello")))
		reply(r, 200, STR("hello\n"));
	else if (str_eq(r->path, STR("/echo")))
		reply(r, 200, r->body);
	else if (str_eq(r->path, STR("/big")))
		reply(r, 200, (struct str){w->big, BIG});
	else if (str_eq(r->path, STR("/huge")))
		reply(r, 200, (struct str){w->big, HUGE_BYTES});
	else if (str_eq(r->path, STR("/none")))
		http_reply(r->exchange, &(struct http_response){.status = 204});
	else if (str_eq(r->path, STR("/split"))) {
		field.value = STR("a\r\nSet-Cookie: b");
		http_reply(r->exchange, &(struct http_response){.status = 200,
		                                                .fields = &field,
		                                                .field_count = 1});
	} else if (str_eq(r->path, STR("/field")))
		http_reply(r->exchange, &(struct http_response){.status = 200,
		                                                .fields = &field,
		                                                .field_count = 1});
	else if (str_eq(r->path, STR("/client")))
		reply(r, 200,
		      arena_printf(r->a, "%s %s %.*s", ip_format(r->a, r->client).p,
		                   r->tls ? "tls" : "plain", STR_ARG(r->host)));
	else if (str_starts(r->path, STR("/later"))) {
		assert_null(w->held);
		w->held = r->exchange;
		w->held_path = r->path;
	} else
		reply(r, 404, STR("none\n"));
}

static inline void drained(void *arg)
{
	struct world *w = arg;

	w->drained++;
}

static inline int listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static inline void open_world(struct world *w, struct http_server_options options)
{
	*w = (struct world){.base = event_base_new()};
	w->big = malloc(HUGE_BYTES);
	for (size_t i = 0; i < HUGE_BYTES; i++)
		w->big[i] = (char)('a' + i % 23);
	options.base = w->base;
	options.handler = handle;
	options.drained = drained;
	options.arg = w;
	w->server = http_server_new(&options);
	http_server_listen(w->server, listen_on_loopback(&w->port));
}

static inline void close_world(struct world *w)
{
	http_server_free(w->server);
	event_base_free(w->base);
	free(w->big);
}

/* Counted: what the server takes from the heap. The linker puts these in between. */
static size_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

/* *count, where it is given, grows by the allocations of that turn. */
static inline void turn_counting(struct world *w, size_t *count)
{
	size_t before = allocations;

	assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
	if (count)
		*count += allocations - before;
}

static inline void turn(struct world *w)
{
	turn_counting(w, NULL);
}

static inline struct client open_client(struct world *w)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons(w->port),
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct client c = {.fd = socket(AF_INET, SOCK_STREAM, 0)};

	assert_int_equal(connect(c.fd, (struct sockaddr *)&address, sizeof(address)),
	                 0);
	evutil_make_socket_nonblocking(c.fd);
	c.text = calloc(1, 1);
	return c;
}

static inline void close_client(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c->text);
	*c = (struct client){.fd = -1};
}

/* One read; true where something came. */
static inline bool receive(struct client *c)
{
	char bytes[65536];
	ssize_t n;

	if (c->ssl) {
		int r = SSL_read(c->ssl, bytes, sizeof(bytes));
		int error = SSL_get_error(c->ssl, r);

		n = r > 0 ? r : error == SSL_ERROR_WANT_READ ? -1 : 0;
		if (r <= 0 && error == SSL_ERROR_WANT_READ)
			errno = EAGAIN;
	} else {
		n = recv(c->fd, bytes, sizeof(bytes), 0);
	}
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		c->ended = true;
		return false;
	}
	c->text = realloc(c->text, c->n + (size_t)n + 1);
	memcpy(c->text + c->n, bytes, (size_t)n);
	c->n += (size_t)n;
	c->text[c->n] = '\0';
	return true;
}

static inline void check_hang(int64_t start, const char *what)
{
	if (clock_monotonic_ms() - start > HANG_MS)
		fail_msg("hangs: %s", what);
}

static inline void send_bytes(struct world *w, struct client *c, struct str bytes)
{
	int64_t start = clock_monotonic_ms();

	while (bytes.n) {
		ssize_t n = c->ssl ? SSL_write(c->ssl, bytes.p, (int)bytes.n)
		                   : send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		check_hang(start, "sending");
		if (n > 0)
			bytes = str_from(bytes, (size_t)n);
		else if (!c->ssl && errno != EAGAIN)
			return; /* closed: the test looks at what came */
		turn(w);
	}
}

static inline void send_text(struct world *w, struct client *c, const char *text)
{
	send_bytes(w, c, str_c(text));
}

/* Until `text` has come, and is behind everything of before: it is then taken away. */
static inline void expect(struct world *w, struct client *c, const char *text)
{
	int64_t start = clock_monotonic_ms();
	char *at;

	while (!(at = strstr(c->text, text))) {
		if (c->ended)
			fail_msg("closed without %s: %s", text, c->text);
		check_hang(start, text);
		turn(w);
		receive(c);
	}
	at += strlen(text);
	c->n -= (size_t)(at - c->text);
	memmove(c->text, at, c->n + 1);
}

static inline void expect_end(struct world *w, struct client *c)
{
	int64_t start = clock_monotonic_ms();

	while (!c->ended) {
		check_hang(start, "the end of the connection");
		turn(w);
		receive(c);
	}
}

/* Turns the loop until the count is so. */
static inline void wait_for_connections(struct world *w, size_t count)
{
	int64_t start = clock_monotonic_ms();

	while (http_server_stats(w->server).connections != count) {
		check_hang(start, "the number of connections");
		turn(w);
	}
}

static inline void wait_for_held(struct world *w)
{
	int64_t start = clock_monotonic_ms();

	while (!w->held) {
		check_hang(start, "the request that is held");
		turn(w);
	}
}

static inline void answer_held(struct world *w)
{
	struct http_exchange *held = w->held;

	w->held = NULL;
	http_reply(held, &(struct http_response){.status = 200, .body = w->held_path});
}

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define HEAD(path) "HEAD " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
