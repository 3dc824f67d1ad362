/*
 * Group commit: all that one turn of the event loop writes is one transaction, so that
 * one fsync serves every request of the turn, and a request is a savepoint in it, so
 * that one that fails takes back its own writes alone.
 *
 *	on a request:	store_turn_savepoint(), the writes, then
 *			store_turn_release() or store_turn_rollback(); hold the reply
 *	at the end of the turn:	store_turn_commit(); true: send the replies,
 *			false: nothing of the turn was written, all of them are 503
 *
 * The transaction begins with the first savepoint (or store_turn_begin()); a turn that
 * only read costs nothing. Reads see what the turn has written so far.
 */
#pragma once

#include "store/store.h"

/* Begins the turn's transaction where it has not begun; false where the turn is lost. */
NODISCARD bool store_turn_begin(struct store *store, struct err *err);
/* Begins the part of one request; parts do not nest. */
NODISCARD bool store_turn_savepoint(struct store *store, struct err *err);
/* Keeps what the part wrote. */
NODISCARD bool store_turn_release(struct store *store, struct err *err);
/* Takes back what the part wrote; where even that fails the turn is lost. */
void store_turn_rollback(struct store *store);
/* Commits; without a transaction there is nothing to do and it succeeds. False: nothing
 * that was written since store_turn_begin() is kept. The next turn may begin either way.
 */
NODISCARD bool store_turn_commit(struct store *store, struct err *err);
bool store_turn_is_open(const struct store *store);
