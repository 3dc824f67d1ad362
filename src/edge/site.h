/*
 * What the hosts of tracked links answer: clicks, opens and unsubscriptions by the token
 * in their path, and the few other things that such a host is asked for. It is the handler
 * of an HTTP server; nothing is allocated per request.
 *
 *	site_init(&site, &(struct site_options){.base = base, .tokens = tokens, …});
 *	http_server_new(&(struct http_server_options){.handler = site_handle, .arg = &site,
 *		.head_max = SITE_HEAD_MAX, …});
 *
 *	GET  /click/TOKEN		302 (or 307) to where the token says
 *	POST /click/TOKEN		303, from the page that a `once` link shows to machines
 *	GET  /open/TOKEN.png		the pixel
 *	GET  /unsubscribe/TOKEN		a page that asks; never more
 *	POST /unsubscribe/TOKEN		unsubscribes: the page's button, or RFC 8058
 *	GET  /.well-known/…		challenge.h; files of apps (profile.h)
 *	GET  / /robots.txt /healthz
 *
 * HEAD is answered as GET without a body, and its event says HEAD. An answer leaves when its
 * event is on disk (held.h). A token that is not genuine, for another host or of another
 * kind gets 404, a plain page and no redirect. Words of the paths are options.
 */
#pragma once

#include "edge/held.h"
#include "edge/profile.h"
#include "ipc/edge_stats.h"
#include "track/agent.h"
#include "track/event.h"
#include "track/token.h"

#include <event2/event.h>
#include <event2/event_struct.h>

enum { SITE_HEAD_MAX = 8192, SITE_TARGET_MAX = 8192, SITE_BODY_MAX = 1024 };

/* All lent. */
struct site_options {
	struct event_base *base;
	struct tokens *tokens;
	struct journal_writer *journal; /* NULL: nothing is kept */
	struct profile *profile;        /* NULL: no accounts, no hosts */
	struct agents *agents;          /* may be NULL */
	const char *challenges;         /* folder, or NULL */
	const struct ip_net *trusted;   /* proxies (forwarded.h) */
	size_t trusted_count;
	struct str click, open, unsubscribe; /* words of the paths; empty: as above */
	unsigned redirect;                   /* 302, 307 */
	struct str pixel;                    /* the image; empty: the built-in one */
	bool is_standalone; /* unsubscribing is not possible: a page says so */
	struct str contact; /* … and where to turn */
	size_t connections_max;
};

struct site {
	struct site_options options;
	struct arena arena; /* of what stands here */
	struct held held;
	struct http_server *server;
	struct event turn; /* looks whether the loop has an idle turn, to hand over */
	struct event journal_ready;
	bool is_turn_open;
	int64_t turn_at;          /* since when, monotonic */
	uint64_t seen_wakeups;    /* of the server, at the last look */
	uint64_t seen_handshakes; /* … when the last batch was handed over */
	uint64_t last_sequence;   /* of the last record that was taken */
	uint64_t handed;          /* … when the last batch was handed over */
	size_t awaited;           /* requests that may soon be in the batch */
	struct str pixel_type;
	struct http_response unavailable;
	struct edge_stats
	        stats; /* requests, clicks, opens, unsubscribes, pages, refused,
	                            ip_unknown */
	char host[TOKEN_HOST_MAX + 1];
	char scratch[TOKEN_SCRATCH];
	char location[3 * TOKEN_TEXT_MAX];
	char record[TRACK_RECORD_MAX];
};

/* False where the pixel is no GIF, PNG, JPEG or WebP. */
NODISCARD bool site_init(struct site *site, const struct site_options *options,
                         struct err *err);
/* The server whose handler it is, before the first request. */
void site_attach(struct site *site, struct http_server *server);
void site_done(struct site *site);
/* Other keys, from now on. */
void site_set_tokens(struct site *site, struct tokens *tokens);
/* http_handler_fn: `arg` is the struct site. */
void site_handle(struct http_request *r, void *arg);
