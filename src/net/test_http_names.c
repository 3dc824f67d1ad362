/* Certificates by name, PROXY headers in front of connections, and answers that are held:
 * a server and its clients in one loop, with a limit that only a hang reaches. */
#include "base/clock.h"
#include "net/http_server.h"
#include "net/tls.h"

#include <errno.h>
#include <netinet/in.h>
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
#include <openssl/x509.h>

enum { HANG_MS = 30000, HELD_MAX = 8, PROXIED = 1, WITH_TLS = 2 };

/* What find() knows of a name. */
enum knowledge { ABSENT, PRESENT, LOOKED_FOR };

struct world {
	struct event_base *base;
	struct http_server *server;
	struct tls_context tls;
	uint16_t port;
	struct http_exchange *held[HELD_MAX];
	size_t held_count;
	enum knowledge known;
	struct tls_pair *pair;
	struct tls_waiter *waiters;
	int asked;
	char name[256];
};

struct client {
	int fd;
	SSL *ssl;
	char text[8192];
	size_t n;
	bool ended;
};

static void handle(struct http_request *r, void *arg)
{
	struct world *w = arg;
	char ip[IP_TEXT_MAX] = "none";
	struct http_response response = {.status = 200, .type = STR("text/plain")};

	if (r->client.length)
		ip_write(r->client, ip);
	response.body = arena_printf(r->a, "[%s %x %.*s]", ip, r->tls_version,
	                             STR_ARG(r->path));
	if (!str_starts(r->path, STR("/held"))) {
		http_reply(r->exchange, &response);
		return;
	}
	assert_true(w->held_count < HELD_MAX);
	w->held[w->held_count++] = r->exchange;
	http_hold(r->exchange, &response);
}

static enum tls_found find(void *arg, struct str name, struct tls_waiter *waiter,
                           struct tls_pair **pair)
{
	struct world *w = arg;

	snprintf(w->name, sizeof(w->name), "%.*s", STR_ARG(name));
	w->asked++;
	if (w->known == LOOKED_FOR) {
		tls_waiter_add(&w->waiters, waiter);
		return TLS_LATER;
	}
	*pair = w->pair;
	return w->known == PRESENT ? TLS_FOUND : TLS_UNKNOWN;
}

static struct str take_der(struct arena *a, unsigned char *p, int n)
{
	struct str der;

	assert_true(n > 0);
	der = arena_dup(a, (struct str){(const char *)p, (size_t)n});
	OPENSSL_free(p);
	return der;
}

static void make_identity(struct arena *a, struct str *certificate, struct str *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	unsigned char *p = NULL, *q = NULL;
	int n;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, pair);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	                           (const unsigned char *)"t.example", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, pair, EVP_sha256()) > 0);
	n = i2d_X509(x, &p);
	*certificate = take_der(a, p, n);
	n = i2d_PrivateKey(pair, &q);
	*key = take_der(a, q, n);
	X509_free(x);
	EVP_PKEY_free(pair);
}

static void open_world(struct world *w, int how)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	AUTO(arena) a = {0};
	struct str certificate, key;
	struct err err;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*w = (struct world){.base = event_base_new(), .known = PRESENT};
	make_identity(&a, &certificate, &key);
	if (!tls_pair_new(certificate, key, &w->pair, &err))
		fail_msg("%s", err.text);
	tls_context_init_by_name(&w->tls, find, w);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	w->port = ntohs(address.sin_port);
	w->server = http_server_new(&(struct http_server_options){
	        .base = w->base, .handler = handle, .arg = w});
	http_server_listen_as(w->server,
	                      &(struct http_listen){fd, how & WITH_TLS ? &w->tls : NULL,
	                                            how & PROXIED});
}

static void close_world(struct world *w)
{
	http_server_free(w->server);
	assert_null(w->waiters);
	tls_context_done(&w->tls);
	tls_pair_free(w->pair);
	event_base_free(w->base);
}

static void turn(struct world *w)
{
	assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
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
	return c;
}

static void close_client(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
}

static void send_text(struct client *c, struct str text)
{
	ssize_t n = c->ssl ? SSL_write(c->ssl, text.p, (int)text.n)
	                   : send(c->fd, text.p, text.n, MSG_NOSIGNAL);

	assert_int_equal(n, text.n);
}

static void receive(struct client *c)
{
	size_t room = sizeof(c->text) - 1 - c->n;
	ssize_t n;

	if (c->ssl) {
		n = SSL_read(c->ssl, c->text + c->n, (int)room);
		if (n <= 0 && SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ)
			return;
	} else {
		n = recv(c->fd, c->text + c->n, room, 0);
		if (n < 0 && errno == EAGAIN)
			return;
	}
	if (n > 0)
		c->n += (size_t)n;
	else
		c->ended = true;
	c->text[c->n] = '\0';
}

static void expect(struct world *w, struct client *c, const char *text)
{
	int64_t start = clock_monotonic_ms();
	char *at;

	while (!(at = strstr(c->text, text))) {
		if (c->ended || clock_monotonic_ms() - start > HANG_MS)
			fail_msg("no %s: %s", text, c->text);
		turn(w);
		receive(c);
	}
	at += strlen(text);
	c->n -= (size_t)(at - c->text);
	memmove(c->text, at, c->n + 1);
}

static void expect_end(struct world *w, struct client *c)
{
	for (int64_t start = clock_monotonic_ms(); !c->ended; receive(c)) {
		if (clock_monotonic_ms() - start > HANG_MS)
			fail_msg("does not end");
		turn(w);
	}
}

static void wait_for_asked(struct world *w, int asked)
{
	for (int64_t start = clock_monotonic_ms(); w->asked < asked; turn(w))
		if (clock_monotonic_ms() - start > HANG_MS)
			fail_msg("nobody asks for the name");
}

static void wait_for_held(struct world *w, size_t count)
{
	for (int64_t start = clock_monotonic_ms(); w->held_count < count; turn(w))
		if (clock_monotonic_ms() - start > HANG_MS)
			fail_msg("%zu held", w->held_count);
}

static SSL_CTX *client_context(int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	return context;
}

/* Turns until the handshake ends, or somebody has asked for the name `asked` times and it
 * does not. 1, or the alert that came, negative; 0 where it waits. */
static int shake(struct world *w, struct client *c, int asked)
{
	for (int64_t start = clock_monotonic_ms();;) {
		int r = SSL_connect(c->ssl), error = SSL_get_error(c->ssl, r);

		if (r == 1)
			return 1;
		if (error != SSL_ERROR_WANT_READ) {
			unsigned long code = ERR_get_error();

			ERR_clear_error();
			return SSL_AD_REASON_OFFSET - ERR_GET_REASON(code);
		}
		if (clock_monotonic_ms() - start > HANG_MS)
			fail_msg("the handshake hangs");
		if (asked && w->asked >= asked)
			return 0;
		turn(w);
	}
}

static void start_tls(struct client *c, SSL_CTX *context, const char *name)
{
	c->ssl = SSL_new(context);
	SSL_set_fd(c->ssl, c->fd);
	if (name)
		SSL_set_tlsext_host_name(c->ssl, (char *)(uintptr_t)name);
}

#define GET(path) STR("GET " path " HTTP/1.1\r\nHost: t.example\r\n\r\n")

static void check_found(int version, const char *seen)
{
	SSL_CTX *context = client_context(version);
	struct world w;
	struct client c;

	open_world(&w, WITH_TLS);
	c = open_client(&w);
	start_tls(&c, context, "T.example");
	assert_int_equal(shake(&w, &c, 0), 1);
	assert_string_equal(w.name, "t.example");
	send_text(&c, GET("/x"));
	expect(&w, &c, seen);
	close_client(&c);
	close_world(&w);
	SSL_CTX_free(context);
}

static void test_found(void **state)
{
	(void)state;
	check_found(TLS1_3_VERSION, "[127.0.0.1 304 /x]");
	check_found(TLS1_2_VERSION, "[127.0.0.1 303 /x]");
}

static void check_later(int version)
{
	SSL_CTX *context = client_context(version);
	struct world w;
	struct client c, gone;

	open_world(&w, WITH_TLS);
	w.known = LOOKED_FOR;
	c = open_client(&w);
	gone = open_client(&w);
	start_tls(&c, context, "t.example");
	start_tls(&gone, context, "t.example");
	assert_int_equal(shake(&w, &c, 1), 0);
	assert_int_equal(shake(&w, &gone, 2), 0);
	wait_for_asked(&w, 2);
	/* One leaves meanwhile, the other says more: neither makes it ask again. */
	close_client(&gone);
	assert_int_equal(send(c.fd, "\x16\x03\x01", 3, 0), 3);
	for (int i = 0; i < 20; i++)
		turn(&w);
	assert_int_equal(w.asked, 2);
	close_client(&c);
	c = open_client(&w);
	start_tls(&c, context, "t.example");
	assert_int_equal(shake(&w, &c, 3), 0);
	wait_for_asked(&w, 3);
	w.known = PRESENT;
	tls_waiters_wake(&w.waiters);
	assert_null(w.waiters);
	assert_int_equal(shake(&w, &c, 0), 1);
	send_text(&c, GET("/x"));
	expect(&w, &c, "/x]");
	close_client(&c);
	close_world(&w);
	SSL_CTX_free(context);
}

static void test_later(void **state)
{
	(void)state;
	check_later(TLS1_3_VERSION);
	check_later(TLS1_2_VERSION);
}

/* The server is freed while a handshake waits. */
static void test_freed_while_waiting(void **state)
{
	SSL_CTX *context = client_context(TLS1_3_VERSION);
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, WITH_TLS);
	w.known = LOOKED_FOR;
	c = open_client(&w);
	start_tls(&c, context, "t.example");
	assert_int_equal(shake(&w, &c, 1), 0);
	wait_for_asked(&w, 1);
	assert_non_null(w.waiters);
	close_world(&w);
	close_client(&c);
	SSL_CTX_free(context);
}

/* Issue of the edge, "TLS": unknown name → alert, no certificate. */
static void test_unknown(void **state)
{
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	static const char *const names[] = {"unknown.example", NULL, "192.0.2.1:1"};

	(void)state;
	for (size_t i = 0; i < LEN(versions) * LEN(names); i++) {
		SSL_CTX *context = client_context(versions[i % 2]);
		struct world w;
		struct client c;

		open_world(&w, WITH_TLS);
		w.known = ABSENT;
		c = open_client(&w);
		start_tls(&c, context, names[i / 2]);
		assert_int_equal(shake(&w, &c, 0), -SSL_AD_UNRECOGNIZED_NAME);
		assert_null(SSL_get0_peer_certificate(c.ssl));
		assert_int_equal(w.asked, i / 2 == 0);
		close_client(&c);
		close_world(&w);
		SSL_CTX_free(context);
	}
}

static void test_old_versions(void **state)
{
	SSL_CTX *context = client_context(TLS1_1_VERSION);
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, WITH_TLS);
	c = open_client(&w);
	start_tls(&c, context, "t.example");
	assert_int_equal(shake(&w, &c, 0), -SSL_AD_PROTOCOL_VERSION);
	close_client(&c);
	close_world(&w);
	SSL_CTX_free(context);
}

static SSL_SESSION *session_kept;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(session_kept);
	session_kept = session;
	return 1;
}

/* Whether a handshake with the kept session resumes it; keeps the next one. */
static bool is_resumed(struct world *w, SSL_CTX *context)
{
	struct client c = open_client(w);
	bool resumed;

	start_tls(&c, context, "t.example");
	if (session_kept)
		SSL_set_session(c.ssl, session_kept);
	assert_int_equal(shake(w, &c, 0), 1);
	resumed = SSL_session_reused(c.ssl);
	send_text(&c, GET("/x"));
	expect(w, &c, "/x]");
	SSL_shutdown(c.ssl);
	close_client(&c);
	return resumed;
}

static void test_tickets(void **state)
{
	SSL_CTX *context = client_context(TLS1_3_VERSION);
	struct world w;

	(void)state;
	open_world(&w, WITH_TLS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(context, keep_session);
	assert_false(is_resumed(&w, context));
	assert_non_null(session_kept);
	assert_true(is_resumed(&w, context));
	w.tls.tickets_at -= TLS_TICKETS_MS;
	assert_false(is_resumed(&w, context)); /* under the next keys */
	assert_true(is_resumed(&w, context));
	SSL_SESSION_free(session_kept);
	session_kept = NULL;
	close_world(&w);
	SSL_CTX_free(context);
}

static void test_pair(void **state)
{
	AUTO(arena) a = {0};
	struct str one, key, other, other_key, chain = STR_NONE, two;
	struct tls_pair *pair;
	struct err err;

	(void)state;
	make_identity(&a, &one, &key);
	make_identity(&a, &other, &other_key);
	chain = one;
	for (size_t i = 1; i < TLS_CHAIN_MAX; i++)
		chain = arena_join(&a, chain, other);
	assert_true(tls_pair_new(chain, key, &pair, &err));
	assert_true(llabs(tls_pair_not_after(pair) - clock_now() - 3600000) < 60000);
	tls_pair_free(pair);
	assert_false(tls_pair_new(arena_join(&a, chain, other), key, &pair, &err));
	assert_false(tls_pair_new(STR_NONE, key, &pair, &err));
	assert_false(tls_pair_new(one, other_key, &pair, &err));
	assert_false(tls_pair_new(one, str_slice(key, 0, 20), &pair, &err));
	assert_false(tls_pair_new(one, STR_NONE, &pair, &err));
	two = arena_join(&a, one, other);
	assert_false(tls_pair_new(str_slice(two, 0, two.n - 1), key, &pair, &err));
	assert_null(pair);
}

#define HEADER                                                                         \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01\x30\x39\0\x50"

static void test_proxied(void **state)
{
	struct str header = STR(HEADER);
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, PROXIED);
	c = open_client(&w);
	for (size_t i = 0; i < header.n; i++) {
		send_text(&c, str_slice(header, i, 1));
		turn(&w);
	}
	send_text(&c, GET("/x"));
	expect(&w, &c, "[192.0.2.7 0 /x]");
	close_client(&c);
	/* All at once. */
	c = open_client(&w);
	send_text(&c, STR(HEADER "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"));
	expect(&w, &c, "[192.0.2.7 0 /y]");
	close_client(&c);
	/* Without. */
	c = open_client(&w);
	send_text(&c, GET("/x"));
	expect_end(&w, &c);
	assert_int_equal(c.n, 0);
	assert_int_equal(http_server_stats(w.server).proxied_badly, 1);
	close_client(&c);
	close_world(&w);
}

static void test_proxied_tls(void **state)
{
	SSL_CTX *context = client_context(TLS1_3_VERSION);
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, PROXIED | WITH_TLS);
	c = open_client(&w);
	send_text(&c, STR(HEADER));
	start_tls(&c, context, "t.example");
	assert_int_equal(shake(&w, &c, 0), 1);
	send_text(&c, GET("/x"));
	expect(&w, &c, "[192.0.2.7 304 /x]");
	close_client(&c);
	close_world(&w);
	SSL_CTX_free(context);
}

static void test_held(void **state)
{
	struct world w;
	struct client c, other;

	(void)state;
	open_world(&w, 0);
	c = open_client(&w);
	other = open_client(&w);
	send_text(&c, GET("/held1"));
	wait_for_held(&w, 1);
	/* More comes while it is held, and another client is served. */
	send_text(&c, GET("/next"));
	send_text(&other, GET("/x"));
	expect(&w, &other, "/x]");
	receive(&c);
	assert_int_equal(c.n, 0);
	http_release(w.held[0]);
	expect(&w, &c, "/held1]");
	expect(&w, &c, "/next]");
	/* Pipelined: one at a time. */
	send_text(&c, STR("GET /held2 HTTP/1.1\r\nHost: a\r\n\r\n"
	                  "HEAD /held3 HTTP/1.1\r\nHost: a\r\n\r\n"));
	wait_for_held(&w, 2);
	for (int i = 0; i < 20; i++)
		turn(&w);
	assert_int_equal(w.held_count, 2);
	http_release(w.held[1]);
	expect(&w, &c, "/held2]");
	wait_for_held(&w, 3);
	http_replace(w.held[2],
	             &(struct http_response){.status = 503, .body = STR("full\n")});
	expect(&w, &c, "HTTP/1.1 503 ");
	expect(&w, &c, "Content-Length: 5\r\n\r\n");
	assert_int_equal(c.n, 0);
	/* The client leaves while one is held. */
	send_text(&c, GET("/held4"));
	wait_for_held(&w, 4);
	close_client(&c);
	for (int i = 0; i < 20; i++)
		turn(&w);
	http_release(w.held[3]);
	send_text(&other, GET("/x"));
	expect(&w, &other, "/x]");
	close_client(&other);
	close_world(&w);
}

static void test_held_in_drain(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, 0);
	c = open_client(&w);
	send_text(&c, GET("/held"));
	wait_for_held(&w, 1);
	http_server_drain(w.server);
	http_release(w.held[0]);
	expect(&w, &c, "/held]");
	expect_end(&w, &c);
	close_client(&c);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_found),
	        cmocka_unit_test(test_later),
	        cmocka_unit_test(test_freed_while_waiting),
	        cmocka_unit_test(test_unknown),
	        cmocka_unit_test(test_old_versions),
	        cmocka_unit_test(test_tickets),
	        cmocka_unit_test(test_pair),
	        cmocka_unit_test(test_proxied),
	        cmocka_unit_test(test_proxied_tls),
	        cmocka_unit_test(test_held),
	        cmocka_unit_test(test_held_in_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
