/*
 * Answers that wait until their event is on disk, in the order of their records. The
 * answer itself is written already (http_hold()); what is kept here is sixteen bytes.
 *
 *	http_hold(exchange, &response);
 *	held_add(&held, exchange, journal_add(journal, record));
 *	…	(the journal's thread has synced, or failed)
 *	held_release(&held);
 *
 * There is room for as many as there may be connections, since a connection has one
 * request at a time; it is taken at the start.
 */
#pragma once

#include "journal/writer.h"
#include "net/http_server.h"

struct held_one {
	struct http_exchange *exchange;
	uint64_t sequence; /* 0: not taken by the journal */
};

struct held {
	struct journal_writer *journal;      /* lent */
	const struct http_response *refused; /* what REFUSE gets: 503 */
	struct held_one *ring;
	size_t size; /* a power of two */
	size_t first, n;
};

/* Room for `max` in memory of `a`. */
void held_init(struct held *h, struct arena *a, size_t max,
               struct journal_writer *journal, const struct http_response *refused);
/* Behind http_hold(): lets it go now, where the journal says so and no other is before
 * it, or keeps it. */
void held_add(struct held *h, struct http_exchange *exchange, uint64_t sequence);
/* Lets go, oldest first, what need not wait any more. */
void held_release(struct held *h);
