/*
 * The end of a turn of the loop: all that the turn has written is committed at once, and
 * only then do the answers leave that tell of it. Under load one fsync serves all requests
 * that were ready at the same time.
 *
 *	turn_touch(turn);			(before anything may write)
 *	… store_turn_savepoint(), writes, store_turn_release() …
 *	turn_reply(turn, exchange, &response);	(held; 503 where the commit fails)
 *	turn_after(turn, tell_watch, arg);	(called behind the commit)
 *
 * The end is an event that turn_touch() makes active: libevent puts it behind all that was
 * ready in this turn and runs it before it waits again, so nothing is held longer than
 * the turn takes. Where somebody waits for an answer it does not wait for DNS either.
 */
#pragma once

#include "net/http_server.h"
#include "store/store.h"

struct event_base;
struct turn;

/* Both are lent. */
struct turn *turn_new(struct event_base *base, struct store *store);
/* What is held is dropped. NULL is allowed. */
void turn_free(struct turn *turn);

/* This turn will have an end. */
void turn_touch(struct turn *turn);
/* Answers behind the commit. The response is copied. */
void turn_reply(struct turn *turn, struct http_exchange *exchange,
                const struct http_response *response);
/* Calls behind the commit, before the answers leave; `committed` is false where nothing
 * of the turn was kept. What it writes belongs to the next turn. */
void turn_after(struct turn *turn, void (*fn)(void *arg, bool committed), void *arg);
/* Memory until the end of this turn: for what turn_after() is given. */
struct arena *turn_arena(struct turn *turn);
/* Ends the turn now: at the end of the process. */
void turn_end(struct turn *turn);

struct turn_stats {
	uint64_t commits, failed; /* turns that wrote; of them those that were lost */
	uint64_t held;            /* answers that waited for the end of their turn */
};

struct turn_stats turn_stats(const struct turn *turn);
