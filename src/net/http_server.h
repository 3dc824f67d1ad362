/*
 * An HTTP/1.1 server on one libevent loop, with or without TLS. Strict (http_head.h), one
 * request of a connection at a time (pipelined ones wait), deadlines for everything a
 * client may be slow with, bounded memory, and no allocation per request once warm.
 *
 *	static void handle(struct http_request *r, void *arg)
 *	{
 *		http_reply(r->exchange, &(struct http_response){
 *			.status = 200, .type = STR("text/plain"), .body = STR("hello\n")});
 *	}
 *	struct http_server *s = http_server_new(&(struct http_server_options){
 *		.base = base, .handler = handle});
 *	http_server_listen(s, fd);
 *
 * The handler must end, now or later, in exactly one http_reply(). Until then the request,
 * what its views point to and its arena stay as they are, even where the client has left
 * (http_reply() then sends nothing). The handler is called from the loop alone, never
 * from within http_reply(). All calls come from the thread of the loop.
 *
 * An answer that has to wait for something (a record to be on its disk) is written at
 * once by http_hold() and leaves by http_release(): then nothing has to be kept for it.
 * While a request is at the handler its socket is not touched, and in the steady state
 * of a kept connection neither epoll nor a timer is told anything: reading stops only
 * where something comes meanwhile, and connections stand in lists by what they wait for,
 * each in the order of its deadlines, with one timer for all.
 *
 * An answer gets Date, Content-Length, X-Content-Type-Options: nosniff beside a type and,
 * where it is the last, Connection: close; no Server. To HEAD the handler answers as to GET; the body stays behind. What the server
 * refuses by itself (400, 408, 413, 431 …) is answered with application/problem+json
 * (RFC 9457) and a closed connection.
 *
 * SIGPIPE is ignored from http_server_new() on: OpenSSL writes to sockets without asking.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"
#include "net/http_head.h"

struct event_base;
struct http_exchange;
struct http_server;
struct tls_context;

struct http_request {
	struct arena *a; /* lives until http_reply() */
	enum http_method method;
	struct str path, query; /* raw; see http_url.h */
	struct str host;        /* without port */
	const struct http_head *head;
	struct str body;
	struct ip client; /* no address where it came by a unix socket */
	bool tls;
	uint16_t tls_version; /* 0x0303, 0x0304; 0 without TLS */
	struct http_exchange *exchange;
};

struct http_response {
	unsigned status;                 /* 200–599 */
	struct str type;                 /* Content-Type; empty is none */
	const struct http_field *fields; /* more header fields */
	size_t field_count;
	struct str
	        lines; /* still more, as they are sent, each with its CR LF: literals */
	struct str body;
	bool close; /* the connection ends with it */
};

typedef void http_handler_fn(struct http_request *request, void *arg);

/* What is 0 is the default. */
struct http_server_options {
	struct event_base *base;
	size_t head_max;   /* bytes of a head: 16384 */
	size_t target_max; /* bytes of its target: 8192 */
	size_t body_max;   /* bytes of a body: 1 MiB */
	int64_t head_ms; /* from the first byte (or TLS handshake) to the last: 10 s */
	int64_t body_ms; /* for a whole body, and without progress of the answer: 30 s */
	int64_t idle_ms;        /* before the first byte and between requests: 60 s */
	size_t connections_max; /* 10000; then the longest idle one makes room */
	struct tls_context *tls;
	http_handler_fn *handler;
	void (*drained)(void *arg); /* after http_server_drain(), once, from the loop */
	void *arg;                  /* of both */
};

/* The options are copied, base and tls lent. */
struct http_server *http_server_new(const struct http_server_options *options);
/* Accepts connections from this listening socket, which is the server's from now on. May
 * be called several times. */
void http_server_listen(struct http_server *server, int fd);

struct http_listen {
	int fd;
	struct tls_context *tls; /* lent; NULL: plain, whatever the options say */
	bool is_proxied;         /* each connection begins with a header of proxy.h */
	bool is_brief; /* answers fit into a first flight: there is nothing to pace */
};

/* The same with what belongs to this socket alone. */
void http_server_listen_as(struct http_server *server, const struct http_listen *how);
/* Closes the listening sockets and idle connections, ends each other one with the answer
 * under way, and then calls drained(). */
void http_server_drain(struct http_server *server);
/* Closes everything at once; not from within the handler. No http_reply() may follow, also
 * of what was under way. */
void http_server_free(struct http_server *server);

/* The value of a field, or empty with p NULL. The name is any case: "authorization". */
struct str http_header(const struct http_request *request, const char *name);

/* Sends the answer, or keeps what does not fit into the socket: everything in *response is
 * copied. The request, its arena and the exchange are gone when it returns. A field with
 * a line break or another control in it makes the answer a 500. */
void http_reply(struct http_exchange *exchange, const struct http_response *response);

/* http_reply() in two steps: the answer is written, and the request with its arena gone …
 */
void http_hold(struct http_exchange *exchange, const struct http_response *response);
/* … and now it leaves. */
void http_release(struct http_exchange *exchange);
/* … or another answer in its place. */
void http_replace(struct http_exchange *exchange, const struct http_response *response);

/* "Not Found"; "Unknown" for a status that is in no table. */
const char *http_status_text(unsigned status);

struct http_server_stats {
	size_t connections; /* open now */
	size_t busy;        /* of them with a request at the handler */
	uint64_t accepted;  /* connections */
	uint64_t requests;  /* given to the handler */
	uint64_t refused;   /* answered by the server itself with an error */
	uint64_t timed_out; /* connections ended by a deadline that was no idling */
	uint64_t evicted;   /* idle connections that had to make room */
	uint64_t handshakes, handshake_failed;
	uint64_t proxied_badly; /* connections without a proper header of proxy.h */
};

/* How often something has come of which it had to take note: for whoever wants to know
 * whether a turn of the loop has been idle. */
uint64_t http_server_wakeups(const struct http_server *server);

struct http_server_stats http_server_stats(const struct http_server *server);
