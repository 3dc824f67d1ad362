/*
 * For the files of this folder alone: a connection of the HTTP server, and how it goes
 * through its states.
 *
 *	PROXY → HANDSHAKE → IDLE → HEAD → BODY → HANDLING → SENDING → IDLE …  → LINGER → closed
 *
 * connection_run() goes from state to state until something has to be waited for. What a
 * request needs (its buffers, its arena) is a struct http_space, which the connection has
 * from the first byte of a request to the last of its answer and then gives back, so that
 * an idle connection is small.
 */
#pragma once

#include "base/buf.h"
#include "net/http_chunks.h"
#include "net/http_server.h"
#include "net/http_transport.h"
#include "net/proxy.h"

#include <event2/event.h>
#include <event2/event_struct.h>

enum http_state {
	CONNECTION_PROXY, /* the header of proxy.h */
	CONNECTION_HANDSHAKE,
	CONNECTION_IDLE,
	CONNECTION_HEAD,
	CONNECTION_BODY,
	CONNECTION_HANDLING,
	CONNECTION_HELD, /* the answer is written and may not leave yet */
	CONNECTION_SENDING,
	CONNECTION_LINGER, /* the last answer is out; what comes is dropped */
};

/* What a connection waits for. All that wait for the same are a list, in the order of
 * their deadlines, since each kind has one length. */
enum http_deadline {
	DEADLINE_HEAD,
	DEADLINE_BODY,
	DEADLINE_IDLE,
	DEADLINE_LINGER,
	DEADLINES,
	DEADLINE_NONE = DEADLINES, /* at the handler, for as long as it takes */
	DEADLINE_LISTS,
};

enum {
	HTTP_READ_BYTES = 4096,
	HTTP_LINGER_MS = 2000,
	HTTP_LINGER_BYTES = 16 * 1024 * 1024,
	HTTP_KEEP_BYTES =
	        64 * 1024, /* larger buffers are not kept for the next request */
	HTTP_KEEP_SPACES = 256,
};

struct http_connection;

struct http_exchange {
	struct http_connection *connection;
};

struct http_space {
	struct http_space *next; /* while nobody has it */
	struct arena arena;
	struct buf in; /* what was received; the request begins at in_at */
	size_t in_at;
	const char *head_at; /* where the head was when it was read */
	struct http_head head;
	struct http_chunks chunks;
	bool is_body_awaited;
	struct http_request request;
	struct http_exchange exchange;
	bool is_head_method;
	struct buf out; /* the answer, sent up to out_at */
	size_t out_at;
};

struct connection_list {
	struct http_connection *first, *last;
};

struct http_connection {
	struct http_server *server;
	struct http_connection *next, *previous; /* in `list`, or among the free ones */
	struct connection_list *list;
	struct transport transport;
	struct ip client;
	enum http_state state;
	bool may_read;       /* the socket may have more than was read */
	bool is_reading;     /* read_event is waiting */
	bool is_blind;       /* what comes waits: the handshake for a certificate */
	bool in_handler;     /* the handler is being called */
	bool is_last;        /* the answer under way ends the connection */
	bool lingers;        /* … and the client may still be sending */
	size_t discarded;    /* bytes, in CONNECTION_LINGER */
	int64_t deadline_at; /* by clock_coarse_ms() */
	struct tls_context *tls;
	struct event read_event, write_event;
	struct http_space *space;
};

struct http_listener {
	struct http_listener *next;
	struct http_server *server;
	struct event event;
	struct http_listen how;
};

struct http_server {
	struct arena arena; /* of itself, listeners, connections and spaces */
	struct http_server_options options;
	struct http_limits limits;
	int64_t deadline_ms[DEADLINES];
	struct http_listener *listeners;
	bool is_paused; /* nothing is accepted until a connection ends or for a moment */
	bool is_draining, is_drained;
	struct event retry, drained;
	struct connection_list lists[DEADLINE_LISTS];
	struct event tick; /* at tick_at, which is no later than the first deadline */
	int64_t tick_at;   /* INT64_MAX: it does not wait */
	struct http_connection *free_connections;
	struct http_space *free_spaces;
	size_t free_space_count;
	int64_t date_second;
	char date[32];
	struct http_server_stats stats;
	uint64_t wakeups;
};

/* Takes an accepted socket, which does not block. */
void connection_start(struct http_server *server, int fd, struct ip client,
                      const struct http_listen *how);
/* Its deadline has passed. */
void connection_late(struct http_connection *c);
void connection_close(struct http_connection *c);
/* Answers by the server itself, and for the last time; `why` goes into JSON as it is. */
void connection_refuse(struct http_connection *c, unsigned status, const char *why);
/* The answer is in space->out. */
void connection_answered(struct http_connection *c);

/* Puts it into the list of those that wait for this, from now on. */
void server_await(struct http_connection *c, enum http_deadline what);
struct http_space *server_take_space(struct http_server *server);
void server_give_space(struct http_server *server, struct http_space *space);
/* Accepts connections again where there was no room for them. */
void server_resume(struct http_server *server);
/* A connection has ended. */
void server_connection_ended(struct http_server *server, struct http_connection *c);

/* Writes the whole answer to `out`. False where a field has a control character in it. */
NODISCARD bool response_write(struct http_server *server, struct buf *out,
                              const struct http_response *response, bool is_head,
                              bool is_last);
