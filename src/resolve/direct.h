/*
 * Questions to servers that are known by address: the question's own server
 * (DNS_AUTHORITY, DNS_RESOLVER), or the servers of --dns one after the other until one
 * gives a usable answer. Each server of the list gets its share of the time; the one
 * that answered last is asked first the next time.
 *
 * A server of --dns may be an authority that has only one half of a CNAME. Where its
 * response stops at the target, the target is asked for, and both halves become one
 * answer: the chain of all CNAMEs, status and records of the last response.
 */
#pragma once

#include "resolve/exchange.h"

#include "base/option.h"

/* The most CNAMEs that are followed for one question. */
enum { DIRECT_HOPS_MAX = 16 };

struct direct_server {
	struct str text; /* as it was given */
	struct ip ip;
	uint16_t port;
	bool answered; /* anything, ever */
};

struct direct {
	struct arena *arena; /* of the queries; as long-lived as this */
	struct exchanges exchanges;
	struct direct_server *servers; /* of --dns */
	size_t server_count;
	size_t preferred;                  /* the server that answered last */
	const struct timeval *tick_single; /* a question's time / EXCHANGE_TICKS */
	const struct timeval *tick_shared; /* … with the time shared by all servers */
	struct direct_query *free;
};

struct direct_query;

/* `learned` is lent for the call; its records live in the arena of the question. */
typedef void direct_done_fn(void *arg, const struct dns_answer *learned);

/* At most `sockets` are open at once. Fails with ERR_USAGE where an entry of `servers`
 * is not "ADDR[:PORT]". */
NODISCARD bool direct_init(struct direct *d, struct event_base *base,
                           const struct option_list *servers, size_t sockets,
                           int64_t timeout_ms, struct err *err);

/*
 * Asks; done() comes once, from the loop. The question is lent until then; what is
 * learned goes to `a`. The query is the direct's own and may be given to direct_stop()
 * until done() was called.
 */
struct direct_query *direct_start(struct direct *d, const struct dns_question *question,
                                  struct arena *a, direct_done_fn *done, void *arg);
/* Ends it without done(); says in *learned what is known: a timeout, and why. */
void direct_stop(struct direct_query *q, struct dns_answer *learned);
