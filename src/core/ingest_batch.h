/*
 * Events into the store, many at a time: judged, stored, counted. What the events of a
 * batch have in common is looked up and written once: the messages they belong to, the
 * hosts they came by, the counts of the day.
 *
 *	struct ingest_batch *b = ingest_batch_new(store, agents, &err);
 *	… store_turn_savepoint() …
 *	ingest_batch_add(b, &event, &err);	(each)
 *	ingest_batch_end(b, &err);		(writes the rest, empties it)
 *	… the cursor, store_turn_release() …
 *
 * Where anything fails the savepoint is taken back and ingest_batch_drop() forgets what
 * was read; the same events may then be added again.
 */
#pragma once

#include "store/store.h"
#include "track/classify.h"

struct ingest_batch;

/* Both are lent. Reads which id comes next. */
NODISCARD bool ingest_batch_new(struct store *store, const struct agents *agents,
                                struct ingest_batch **out, struct err *err);
/* NULL is allowed. */
void ingest_batch_free(struct ingest_batch *b);

NODISCARD bool ingest_batch_add(struct ingest_batch *b, const struct track_event *event,
                                struct err *err);
NODISCARD bool ingest_batch_end(struct ingest_batch *b, struct err *err);
/* Forgets what was added; reads again which id comes next. */
NODISCARD bool ingest_batch_drop(struct ingest_batch *b, struct err *err);
