/* The server and its clients in one loop: what arrives is looked for while the loop turns,
 * with a limit that only a hang reaches. */
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
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

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

static void reply(struct http_request *r, unsigned status, struct str body)
{
	http_reply(r->exchange, &(struct http_response){.status = status,
	                                                .type = STR("text/plain"),
	                                                .body = body});
}

static void handle(struct http_request *r, void *arg)
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

static void drained(void *arg)
{
	struct world *w = arg;

	w->drained++;
}

static int listen_on_loopback(uint16_t *port)
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

static void open_world(struct world *w, struct http_server_options options)
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

static void close_world(struct world *w)
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
static void turn_counting(struct world *w, size_t *count)
{
	size_t before = allocations;

	assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
	if (count)
		*count += allocations - before;
}

static void turn(struct world *w)
{
	turn_counting(w, NULL);
}

static struct client open_client(struct world *w)
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

static void close_client(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c->text);
	*c = (struct client){.fd = -1};
}

/* One read; true where something came. */
static bool receive(struct client *c)
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

static void check_hang(int64_t start, const char *what)
{
	if (clock_monotonic_ms() - start > HANG_MS)
		fail_msg("hangs: %s", what);
}

static void send_bytes(struct world *w, struct client *c, struct str bytes)
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

static void send_text(struct world *w, struct client *c, const char *text)
{
	send_bytes(w, c, str_c(text));
}

/* Until `text` has come, and is behind everything of before: it is then taken away. */
static void expect(struct world *w, struct client *c, const char *text)
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

static void expect_end(struct world *w, struct client *c)
{
	int64_t start = clock_monotonic_ms();

	while (!c->ended) {
		check_hang(start, "the end of the connection");
		turn(w);
		receive(c);
	}
}

/* Turns the loop until the count is so. */
static void wait_for_connections(struct world *w, size_t count)
{
	int64_t start = clock_monotonic_ms();

	while (http_server_stats(w->server).connections != count) {
		check_hang(start, "the number of connections");
		turn(w);
	}
}

static void wait_for_held(struct world *w)
{
	int64_t start = clock_monotonic_ms();

	while (!w->held) {
		check_hang(start, "the request that is held");
		turn(w);
	}
}

static void answer_held(struct world *w)
{
	struct http_exchange *held = w->held;

	w->held = NULL;
	http_reply(held, &(struct http_response){.status = 200, .body = w->held_path});
}

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define HEAD(path) "HEAD " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"

static void test_keep_alive(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	clock_set(1795750205000);
	c = open_client(&w);
	for (int i = 0; i < 5; i++) {
		send_text(&w, &c, GET("/hello"));
		expect(&w, &c,
		       "HTTP/1.1 200 OK\r\nDate: Fri, 27 Nov 2026 03:30:05 GMT\r\n"
		       "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
		       "Content-Length: 6\r\n\r\nhello\n");
		assert_int_equal(c.n, 0);
	}
	clock_set(-1);
	send_text(&w, &c, GET("/client"));
	expect(&w, &c, "\r\n\r\n127.0.0.1 plain a.example");
	send_text(&w, &c, GET("/none"));
	expect(&w, &c, "HTTP/1.1 204 No Content\r\n");
	expect(&w, &c, "\r\n\r\n");
	assert_null(strstr(c.text, "Content-Length"));
	send_text(&w, &c,
	          "GET /field HTTP/1.1\r\nHost: a\r\nX-Say: \xc3\xbc\r\n"
	          "Connection: close\r\n\r\n");
	expect(&w, &c, "X-Echo: \xc3\xbc\r\nConnection: close\r\n\r\n");
	expect_end(&w, &c);
	wait_for_connections(&w, 0);
	assert_int_equal(http_server_stats(w.server).accepted, 1);
	assert_int_equal(http_server_stats(w.server).requests, 8);
	close_client(&c);
	close_world(&w);
}

static void test_byte_by_byte(void **state)
{
	static const char text[] =
	        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" GET("/hello");
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	for (size_t i = 0; text[i]; i++) {
		send_bytes(&w, &c, (struct str){text + i, 1});
		turn(&w);
	}
	expect(&w, &c, "\r\n\r\nhello");
	expect(&w, &c, "Content-Length: 5\r\n\r\nabcde");
	expect(&w, &c, "\r\n\r\nhello\n");
	assert_int_equal(c.n, 0);
	close_client(&c);
	wait_for_connections(&w, 0);
	close_world(&w);
}

static void test_pipelining(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	for (int i = 0; i < 50; i++)
		send_text(&w, &c,
		          GET("/hello")
		                  HEAD("/hello") "POST /echo HTTP/1.1\r\nHost: "
		                                 "a\r\nContent-Length: 3\r\n\r\nabc"
		                                 "POST /echo HTTP/1.1\r\nHost: "
		                                 "a\r\nTransfer-Encoding: chunked"
		                                 "\r\n\r\n2\r\nyz\r\n0\r\n\r\n");
	for (int i = 0; i < 50; i++) {
		expect(&w, &c, "\r\n\r\nhello\n");
		expect(&w, &c, "Content-Length: 6\r\n\r\nHTTP/1.1 200");
		expect(&w, &c, "\r\n\r\nabc");
		expect(&w, &c, "\r\n\r\nyz");
	}
	assert_int_equal(c.n, 0);
	assert_int_equal(http_server_stats(w.server).requests, 200);
	close_client(&c);
	close_world(&w);
}

static void test_later(void **state)
{
	struct world w;
	struct client c, other;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, GET("/later1") GET("/later2") GET("/hello"));
	wait_for_held(&w);
	/* Another connection is served meanwhile; the pipelined request waits. */
	other = open_client(&w);
	send_text(&w, &other, GET("/hello"));
	expect(&w, &other, "hello\n");
	assert_int_equal(http_server_stats(w.server).busy, 1);
	assert_int_equal(http_server_stats(w.server).requests, 2);
	answer_held(&w);
	assert_null(w.held); /* the next one is not handled within http_reply() */
	wait_for_held(&w);
	expect(&w, &c, "\r\n\r\n/later1");
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later2");
	expect(&w, &c, "hello\n");
	assert_int_equal(http_server_stats(w.server).busy, 0);
	close_client(&c);
	close_client(&other);
	close_world(&w);
}

static void test_client_leaves(void **state)
{
	struct world w;
	struct client c;
	struct linger reset = {1, 0};

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, GET("/later"));
	wait_for_held(&w);
	setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close_client(&c);
	for (int i = 0; i < 10; i++)
		turn(&w);
	assert_true(str_eq(w.held_path, STR("/later")));
	answer_held(&w);
	wait_for_connections(&w, 0);
	/* Within the head, the body, and a large answer. */
	c = open_client(&w);
	send_text(&w, &c, "GET / HT");
	close_client(&c);
	wait_for_connections(&w, 0);
	c = open_client(&w);
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
	close_client(&c);
	wait_for_connections(&w, 0);
	c = open_client(&w);
	send_text(&w, &c, GET("/huge"));
	expect(&w, &c, "\r\n\r\n");
	close_client(&c);
	wait_for_connections(&w, 0);
	/* Half closed: it still gets its answer. */
	c = open_client(&w);
	send_text(&w, &c, GET("/later"));
	shutdown(c.fd, SHUT_WR);
	wait_for_held(&w);
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later");
	expect_end(&w, &c);
	close_client(&c);
	close_world(&w);
}

static void test_head_method(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, HEAD("/hello") HEAD("/nowhere") GET("/hello"));
	expect(&w, &c, "200 OK\r\n");
	expect(&w, &c, "Content-Length: 6\r\n\r\nHTTP/1.1 404 Not Found\r\n");
	expect(&w, &c, "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n");
	expect(&w, &c, "hello\n");
	close_client(&c);
	close_world(&w);
}

/* Everything the server refuses by itself: the status, a problem document, the end. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *status;
	} cases[] = {
	        {"GET / HTTP/1.1\r\n\r\n",	                                    "400 Bad Request"               },
	        {"\x16\x03\x01",	                                              "400 Bad Request"               },
	        {"GET / HTTP/3.0\r\n\r\n",	                                    "505 HTTP Version Not Supported"},
	        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",                                "501 Not Implemented"           },
	        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\nx",
	         "413 Content Too Large"	                                                                      },
	        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
	         "Expect: 100-continue\r\n\r\n",	             "413 Content Too Large"         },
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	         "1000\r\n",	                                 "413 Content Too Large"         },
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	         "1\r\nab\r\n",	                              "400 Bad Request"               },
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	         "Content-Length: 4\r\n\r\n0\r\n\r\n" GET("/hello"),
	         "400 Bad Request"	                                                                            },
	        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n",
	         "417 Expectation Failed"	                                                                     },
	};
	struct world w;

	(void)state;
	open_world(&w, (struct http_server_options){.body_max = 1000});
	for (size_t i = 0; i < LEN(cases); i++) {
		struct client c = open_client(&w);

		send_text(&w, &c, cases[i].text);
		expect(&w, &c, "HTTP/1.1 ");
		expect(&w, &c, cases[i].status);
		expect(&w, &c, "Content-Type: application/problem+json\r\n");
		expect(&w, &c, "Connection: close\r\n\r\n{\"type\":\"about:blank\"");
		shutdown(c.fd, SHUT_WR);
		expect_end(&w, &c);
		assert_null(strstr(c.text, "hello"));
		close_client(&c);
	}
	assert_int_equal(http_server_stats(w.server).refused, LEN(cases));
	assert_int_equal(http_server_stats(w.server).requests, 0);
	close_world(&w);
}

/* A client that goes on sending still reads why it was refused. */
static void test_too_large(void **state)
{
	struct world w;
	struct client c;
	AUTO(arena) a = {0};
	struct str many = {memset(arena_bytes(&a, 100000), 'x', 100000), 100000};

	(void)state;
	open_world(&w,
	           (struct http_server_options){.head_max = 4096, .body_max = 1000});
	c = open_client(&w);
	send_text(&w, &c, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	send_bytes(&w, &c, many);
	expect(&w, &c, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c, "GET /");
	send_bytes(&w, &c, many);
	expect(&w, &c, "HTTP/1.1 414 URI Too Long\r\n");
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c,
	          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	send_bytes(&w, &c, many);
	expect(&w, &c, "HTTP/1.1 413 Content Too Large\r\n");
	close_client(&c);
	wait_for_connections(&w, 0);
	close_world(&w);
}

static void test_bodies(void **state)
{
	struct world w;
	struct client c;
	AUTO(arena) a = {0};
	struct str head;

	(void)state;
	open_world(&w, (struct http_server_options){.body_max = BIG});
	c = open_client(&w);
	for (int i = 0; i < 2; i++) {
		head = arena_printf(
		        &a,
		        "POST /echo HTTP/1.1\r\nHost: a\r\n"
		        "Content-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		        BIG);
		send_bytes(&w, &c, head);
		expect(&w, &c, "HTTP/1.1 100 Continue\r\n\r\n");
		send_bytes(&w, &c, (struct str){w.big, BIG});
		expect(&w, &c, "HTTP/1.1 200 OK\r\n");
		expect(&w, &c, "\r\n\r\n");
		while (c.n < BIG) {
			turn(&w);
			receive(&c);
			assert_false(c.ended);
		}
		assert_int_equal(c.n, BIG);
		assert_memory_equal(c.text, w.big, BIG);
		c.n = 0;
		c.text[0] = '\0';
	}
	/* The body comes with the head: no 100. */
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
	          "Expect: 100-continue\r\n\r\nab");
	expect(&w, &c, "HTTP/1.1 ");
	assert_memory_equal(c.text, "200", 3);
	expect(&w, &c, "\r\n\r\nab");
	close_client(&c);
	close_world(&w);
}

static void test_response_splitting(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, GET("/split") GET("/hello"));
	expect(&w, &c, "HTTP/1.1 500 Internal Server Error\r\n");
	expect(&w, &c, "hello\n");
	assert_null(strstr(c.text, "Set-Cookie"));
	close_client(&c);
	close_world(&w);
}

static void test_slow_clients(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){
	                       .head_ms = 20, .body_ms = 20, .idle_ms = 20});
	c = open_client(&w);
	expect_end(&w, &c); /* says nothing */
	assert_int_equal(c.n, 0);
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c, "GET / HTTP/1.1\r\nHost:");
	expect(&w, &c, "HTTP/1.1 408 Request Timeout\r\n");
	expect_end(&w, &c);
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
	expect(&w, &c, "HTTP/1.1 408 Request Timeout\r\n");
	expect_end(&w, &c);
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c, GET("/huge"));
	wait_for_connections(&w, 0); /* does not read */
	close_client(&c);
	assert_int_equal(http_server_stats(w.server).timed_out, 3);
	/* What is at the handler has no deadline. */
	c = open_client(&w);
	send_text(&w, &c, GET("/later"));
	wait_for_held(&w);
	for (int64_t start = clock_monotonic_ms(); clock_monotonic_ms() - start < 100;)
		turn(&w);
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later");
	close_client(&c);
	close_world(&w);
}

static void test_connection_limit(void **state)
{
	struct world w;
	struct client c[3];

	(void)state;
	open_world(&w, (struct http_server_options){.connections_max = 2});
	c[0] = open_client(&w);
	send_text(&w, &c[0], GET("/later"));
	wait_for_held(&w);
	c[1] = open_client(&w);
	send_text(&w, &c[1], GET("/hello"));
	expect(&w, &c[1], "hello\n");
	/* The idle one makes room, the busy one does not. */
	c[2] = open_client(&w);
	send_text(&w, &c[2], GET("/hello"));
	expect(&w, &c[2], "hello\n");
	expect_end(&w, &c[1]);
	assert_int_equal(http_server_stats(w.server).evicted, 1);
	close_client(&c[1]);
	/* Nothing makes room: it waits until one becomes idle. */
	send_text(&w, &c[2], "GET /he");
	for (int i = 0; i < 10; i++)
		turn(&w);
	c[1] = open_client(&w);
	send_text(&w, &c[1], GET("/hello"));
	for (int i = 0; i < 10; i++)
		turn(&w);
	assert_int_equal(http_server_stats(w.server).accepted, 3);
	answer_held(&w);
	expect(&w, &c[1], "hello\n");
	for (size_t i = 0; i < LEN(c); i++)
		close_client(&c[i]);
	close_world(&w);
}

static void test_drain(void **state)
{
	struct world w;
	struct client idle, busy, slow;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	idle = open_client(&w);
	send_text(&w, &idle, GET("/hello"));
	expect(&w, &idle, "hello\n");
	busy = open_client(&w);
	send_text(&w, &busy, GET("/later"));
	wait_for_held(&w);
	slow = open_client(&w);
	send_text(&w, &slow, "GET /hello HTTP/1.1\r\n");
	wait_for_connections(&w, 3);
	for (int i = 0; i < 10; i++)
		turn(&w);
	http_server_drain(w.server);
	expect_end(&w, &idle);
	assert_int_equal(w.drained, 0);
	send_text(&w, &slow, "Host: a\r\n\r\n");
	expect(&w, &slow, "Connection: close\r\n\r\nhello\n");
	expect_end(&w, &slow);
	answer_held(&w);
	expect(&w, &busy, "Connection: close\r\n\r\n/later");
	assert_int_equal(w.drained, 0);
	close_client(&slow);
	close_client(&busy);
	wait_for_connections(&w, 0);
	turn(&w);
	assert_int_equal(w.drained, 1);
	turn(&w);
	assert_int_equal(w.drained, 1);
	close_client(&idle);
	close_world(&w);
	/* With nothing open, and with everything open. */
	open_world(&w, (struct http_server_options){0});
	http_server_drain(w.server);
	turn(&w);
	assert_int_equal(w.drained, 1);
	close_world(&w);
	open_world(&w, (struct http_server_options){0});
	busy = open_client(&w);
	send_text(&w, &busy, GET("/later"));
	wait_for_held(&w);
	close_world(&w);
	close_client(&busy);
}

/* One arena for all pieces of a turn, or one allocation each, as sanitizers want it. */
static bool arenas_use_blocks(void)
{
	AUTO(arena) a = {0};
	size_t before;

	arena_bytes(&a, 1);
	before = allocations;
	arena_bytes(&a, 1);
	return allocations == before;
}

static void test_no_allocations(void **state)
{
	static const char text[] =
	        GET("/client") GET("/hello") "POST /echo HTTP/1.1\r\nHost: "
	                                     "a\r\nContent-Length: 3\r\n\r\nabc";
	struct world w;
	struct client c;
	size_t count = 0;

	(void)state;
	/* Not skip(): what cmocka prints for that reads as a failure. */
	if (!arenas_use_blocks())
		return;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	for (int i = 0; i < 200; i++) {
		int64_t start = clock_monotonic_ms();

		if (i == 100) {
			close_client(&c);
			wait_for_connections(&w, 0);
			c = open_client(&w);
			count = 0;
		}
		assert_int_equal(send(c.fd, text, sizeof(text) - 1, 0),
		                 sizeof(text) - 1);
		while (!strstr(c.text, "\r\n\r\nabc")) {
			check_hang(start, "the answers");
			turn_counting(&w, &count);
			receive(&c);
		}
		c.n = 0;
		c.text[0] = '\0';
		if (i == 0)
			assert_true(count > 0);
	}
	assert_int_equal(http_server_stats(w.server).requests, 600);
	assert_int_equal(count, 0);
	close_client(&c);
	close_world(&w);
}

struct identity {
	struct str certificate, key;
};

static struct str take_text(struct arena *a, BIO *bio)
{
	BUF_MEM *m;
	struct str text;

	BIO_get_mem_ptr(bio, &m);
	text = arena_dup(a, (struct str){m->data, m->length});

	BIO_free(bio);
	return text;
}

/* A key and a certificate for a.example, signed by itself. */
static struct identity make_identity(struct arena *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *certificate = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_mem());
	static const unsigned char name[] = "a.example";
	struct identity made;

	assert_non_null(key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, name,
	                           -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(certificate, x), 1);
	assert_int_equal(
	        PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL), 1);
	made.certificate = take_text(a, certificate);
	made.key = take_text(a, private);
	X509_free(x);
	EVP_PKEY_free(key);
	return made;
}

/* Connects with TLS; false where the handshake fails. */
static bool start_tls(struct world *w, struct client *c, SSL_CTX *context)
{
	int64_t start = clock_monotonic_ms();
	int r;

	c->ssl = SSL_new(context);
	SSL_set_fd(c->ssl, c->fd);
	while ((r = SSL_connect(c->ssl)) != 1) {
		int error = SSL_get_error(c->ssl, r);

		check_hang(start, "handshake");
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			ERR_clear_error();
			return false;
		}
		turn(w);
	}
	return true;
}

static void serve_tls(struct tls_context *tls, int version)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	const unsigned char *chosen;
	unsigned chosen_n;
	struct world w;
	struct client c;

	SSL_CTX_set_max_proto_version(context, version);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1);
	open_world(&w, (struct http_server_options){.tls = tls, .body_max = BIG});
	c = open_client(&w);
	assert_true(start_tls(&w, &c, context));
	SSL_get0_alpn_selected(c.ssl, &chosen, &chosen_n);
	assert_int_equal(chosen_n, 8);
	send_text(&w, &c, GET("/client") GET("/hello") HEAD("/hello") GET("/later"));
	expect(&w, &c, "\r\n\r\n127.0.0.1 tls a.example");
	expect(&w, &c, "\r\n\r\nhello\n");
	wait_for_held(&w);
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later");
	send_text(&w, &c, GET("/big"));
	expect(&w, &c, "\r\n\r\n");
	while (c.n < BIG && !c.ended) {
		turn(&w);
		receive(&c);
	}
	assert_memory_equal(c.text, w.big, BIG);
	c.n = 0;
	c.text[0] = '\0';
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n"
	          "Expect: 100-continue\r\n\r\n");
	expect(&w, &c, "100 Continue\r\n\r\n");
	send_bytes(&w, &c, (struct str){w.big, 40000});
	expect(&w, &c, "Content-Length: 40000\r\n\r\n");
	send_text(&w, &c, "nonsense\n");
	expect(&w, &c, "HTTP/1.1 400 Bad Request\r\n");
	expect_end(&w, &c);
	close_client(&c);
	wait_for_connections(&w, 0);
	/* Plain HTTP to it. */
	c = open_client(&w);
	send_text(&w, &c, GET("/hello"));
	expect_end(&w, &c);
	assert_int_equal(http_server_stats(w.server).handshake_failed, 1);
	close_client(&c);
	close_world(&w);
	SSL_CTX_free(context);
}

static void test_tls(void **state)
{
	AUTO(arena) a = {0};
	struct identity id = make_identity(&a);
	struct tls_context tls;
	struct err err;

	(void)state;
	if (!tls_context_init_pem(&tls, id.certificate, id.key, &err))
		fail_msg("%s", err.text);
	serve_tls(&tls, TLS1_3_VERSION);
	serve_tls(&tls, TLS1_2_VERSION);
	tls_context_done(&tls);
}

static void write_text(const char *path, struct str text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

static void test_tls_files(void **state)
{
	AUTO(arena) a = {0};
	struct identity id = make_identity(&a), other = make_identity(&a);
	char folder[] = "/tmp/signet-tls-XXXXXX", certificate[64], key[64];
	struct ssl_ctx_st *before;
	struct tls_context tls;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(certificate, sizeof(certificate), "%s/certificate", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	assert_false(tls_context_init(&tls, certificate, key, &err));
	write_text(certificate, arena_join(&a, id.certificate, other.certificate));
	write_text(key, id.key);
	assert_true(tls_context_init(&tls, certificate, key, &err));
	before = tls.ssl;
	write_text(key, other.key);
	assert_false(tls_context_reload(&tls, &err));
	assert_non_null(strstr(err.text, certificate));
	assert_ptr_equal(tls.ssl, before);
	write_text(certificate, STR("nothing"));
	assert_false(tls_context_reload(&tls, &err));
	write_text(certificate, other.certificate);
	assert_true(tls_context_reload(&tls, &err));
	assert_ptr_not_equal(tls.ssl, before);
	assert_int_equal(ERR_peek_error(), 0);
	tls_context_done(&tls);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_keep_alive),
	        cmocka_unit_test(test_byte_by_byte),
	        cmocka_unit_test(test_pipelining),
	        cmocka_unit_test(test_later),
	        cmocka_unit_test(test_client_leaves),
	        cmocka_unit_test(test_head_method),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_too_large),
	        cmocka_unit_test(test_bodies),
	        cmocka_unit_test(test_response_splitting),
	        cmocka_unit_test(test_slow_clients),
	        cmocka_unit_test(test_connection_limit),
	        cmocka_unit_test(test_drain),
	        cmocka_unit_test(test_no_allocations),
	        cmocka_unit_test(test_tls),
	        cmocka_unit_test(test_tls_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
