/*
 * New TLS 1.3 connections, one request each, as many as a server takes:
 *
 *	bench_edge_load PORT HOST PATH SECONDS CONNECTIONS
 *
 * prints requests, failures and the median and 99th percentile of a whole click in
 * microseconds. It must not be what limits: no session is resumed, but the server's
 * signature is believed unseen, which halves its own cost.
 */
#include "base/clock.h"
#include "base/need.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { CONNECTIONS_MAX = 1024, TIMES_MAX = 4 * 1000 * 1000 };

struct client {
	int fd;
	SSL *ssl;
	bool is_sent;
	size_t got;
	int64_t began_us;
};

static struct sockaddr_in address = {.sin_family = AF_INET};
static SSL_CTX *context;
static const char *host;
static char request[16384];
static int request_n;
static int epoll;
static struct client clients[CONNECTIONS_MAX];
static uint32_t *times;
static size_t done, failed;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int believe(int type, const unsigned char *digest, int digest_n,
                   const unsigned char *signature, int signature_n, EC_KEY *key)
{
	(void)type, (void)digest, (void)digest_n;
	(void)signature, (void)signature_n, (void)key;
	return 1;
}

static int believe_parts(const unsigned char *digest, int digest_n,
                         const ECDSA_SIG *signature, EC_KEY *key)
{
	(void)digest, (void)digest_n, (void)signature, (void)key;
	return 1;
}

static void begin(struct client *c)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
	int on = 1;

	*c = (struct client){.began_us = now_us()};
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	need(c->fd >= 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		need(errno == EINPROGRESS);
	c->ssl = SSL_new(context);
	need(c->ssl && SSL_set_fd(c->ssl, c->fd) == 1);
	SSL_set_tlsext_host_name(c->ssl, (char *)(uintptr_t)host);
	SSL_set_connect_state(c->ssl);
	need(epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) == 0);
}

static void end(struct client *c, bool ok)
{
	if (ok && done < TIMES_MAX)
		times[done++] = (uint32_t)(now_us() - c->began_us);
	failed += !ok;
	SSL_free(c->ssl);
	close(c->fd);
	begin(c);
}

static bool wants_more(SSL *ssl, int r)
{
	int error = SSL_get_error(ssl, r);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void go_on(struct client *c)
{
	char bytes[8192];
	int r;

	if (!c->is_sent) {
		r = SSL_write(c->ssl, request, request_n);
		if (r <= 0) {
			if (!wants_more(c->ssl, r))
				end(c, false);
			return;
		}
		c->is_sent = true;
	}
	while ((r = SSL_read(c->ssl, bytes, sizeof(bytes))) > 0) {
		if (c->got == 0 && strncmp(bytes, "HTTP/1.1 302", 12) != 0)
			failed++;
		c->got += (size_t)r;
	}
	if (!wants_more(c->ssl, r))
		end(c, c->got > 0);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void set_up(char **argv)
{
	EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());

	EC_KEY_METHOD_set_verify(method, believe, believe_parts);
	EC_KEY_set_default_method(method);
	address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	host = argv[2];
	request_n = snprintf(request, sizeof(request),
	                     "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
	                     argv[3], host);
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	epoll = epoll_create1(0);
	times = malloc(TIMES_MAX * sizeof(*times));
	need(times != NULL);
}

int main(int argc, char **argv)
{
	struct epoll_event events[256];
	int64_t until;
	size_t n;

	need(argc == 6);
	set_up(argv);
	n = strtoul(argv[5], NULL, 10);
	need(n > 0 && n <= CONNECTIONS_MAX);
	until = now_us() + (int64_t)strtoul(argv[4], NULL, 10) * 1000000;
	for (size_t i = 0; i < n; i++)
		begin(&clients[i]);
	while (now_us() < until) {
		int count = epoll_wait(epoll, events, 256, 100);

		for (int i = 0; i < count; i++) {
			ERR_clear_error();
			go_on(events[i].data.ptr);
		}
	}
	qsort(times, done, sizeof(*times), by_value);
	printf("{\"requests\":%zu,\"failed\":%zu,\"median_us\":%u,\"p99_us\":%u}\n",
	       done, failed, done ? times[done / 2] : 0,
	       done ? times[done * 99 / 100] : 0);
	return 0;
}
