/*
 * One question to one server (RFC 1035 §4.2): by UDP from a socket of its own,
 * connected (so that a refusal by ICMP is seen at once), with the random port that the
 * kernel picks and a random id; sent again after one and after two ticks; given up after
 * the fourth. A truncated answer is asked for again by TCP (RFC 7766); a server that
 * does not know EDNS is asked again without (RFC 6891 §7).
 *
 * Packets that are no answer to the question (wrong id, wrong question, no response)
 * are counted and passed over: the right answer may still come (RFC 5452 §9.1). A packet
 * that answers the question and is malformed ends it with DNS_SERVFAIL.
 *
 *	x->question = &question; x->arena = answers->arena; x->ip = ip; x->port = 53;
 *	x->tick = &tick; x->done = my_done;
 *	exchange_start(&all, x);
 *
 * At most `limit` exchanges have a socket; the others wait for one in the order of
 * starting. done() is called from the loop, never from within exchange_start().
 */
#pragma once

#include "dns/answer.h"
#include "dns/message.h"

#include <event2/event.h>
#include <event2/event_struct.h>

struct exchange;

/* All that are under way on one loop. */
struct exchanges {
	struct event_base *base;
	size_t limit; /* sockets open at once */
	size_t open;
	struct exchange *waiting_first, *waiting_last;
	uint64_t questions; /* packets sent for the first time */
	uint64_t responses; /* that were understood */
	char packet[DNS_MESSAGE_MAX];
};

/* `learned` is lent for the call; its records live in the exchange's arena. */
typedef void exchange_done_fn(struct exchange *x, const struct dns_answer *learned);

enum exchange_state {
	EXCHANGE_IDLE,
	EXCHANGE_WAITING, /* for a free socket */
	EXCHANGE_FAILED,  /* done() comes with the next turn of the loop */
	EXCHANGE_UDP,
	EXCHANGE_CONNECTING,
	EXCHANGE_TCP,
};

enum { EXCHANGE_QUERY_MAX = 2 + 12 + DNS_NAME_WIRE_MAX + 4 + 11, EXCHANGE_TICKS = 4 };

struct exchange {
	/* Set by the caller before the start; lent until done. */
	const struct dns_question *question;
	struct arena *arena;
	struct ip ip; /* "no address" is an answer: nobody can be reached */
	uint16_t port;
	const struct timeval *tick; /* of event_base_init_common_timeout() */
	exchange_done_fn *done;
	/* The exchange's own. */
	struct exchanges *all;
	struct exchange *waiting_previous, *waiting_next;
	struct event event;
	enum exchange_state state;
	int fd;
	int failure;      /* errno of a start that failed */
	unsigned ticks;   /* since the server was first asked */
	unsigned strange; /* packets that were passed over */
	bool truncated;   /* by UDP */
	bool plain;       /* without EDNS */
	uint16_t query_length;
	uint8_t query[EXCHANGE_QUERY_MAX]; /* length of RFC 1035 §4.2.2, message */
	size_t received; /* by TCP, with the two bytes of the length */
	uint8_t head[2];
	char *body;
};

void exchange_start(struct exchanges *all, struct exchange *x);
/* What is to be said of a server that gave no answer; empty where nothing came at all.
 */
struct str exchange_silence(const struct exchange *x);
/* Ends it without done(). */
void exchange_stop(struct exchange *x);
