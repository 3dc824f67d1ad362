/*
 * Reads the journals of the edges into the store. Each journal has a cursor, which is
 * written in the transaction of what was read: whatever ends when, no event is in the
 * store twice and none is missing.
 *
 *	struct ingest *i = ingest_new(&setup);
 *	if (!ingest_load(i, &err)) …
 *	ingest_synced(i, 1, 4711);	(edge 1 has that much on disk)
 *
 * It works in steps: a bounded number of events within a turn's transaction, beside the
 * requests of that turn; then the loop has its way. Once a step is committed the edge is
 * told, which may then remove what was read. A journal without an edge, of one that
 * `edge.processes` does not name any more, is read all the same.
 *
 * What cannot be read, because a file is damaged, is counted, said in the log and told the
 * operators by an event; reading goes on behind it.
 */
#pragma once

#include "store/store.h"

struct edges;
struct event_base;
struct ingest;
struct turn;

/* All lent. */
struct ingest_setup {
	struct event_base *base;
	struct store *store;
	struct turn *turn;
	struct edges *edges; /* told what is in the store; may be NULL */
	const char *dir;     /* of the journals: edge-0, edge-1 … */
	struct str agents;   /* data/agents.json */
};

struct ingest *ingest_new(const struct ingest_setup *setup);
/* Looks which journals there are, and begins. */
NODISCARD bool ingest_load(struct ingest *ingest, struct err *err);
/* There is more to read in the journal of this edge. */
void ingest_synced(struct ingest *ingest, unsigned instance, uint64_t sequence);
/* Takes up nothing more. */
void ingest_drain(struct ingest *ingest);
/* NULL is allowed. */
void ingest_free(struct ingest *ingest);

struct ingest_stats {
	uint64_t events;   /* stored since the start */
	uint64_t unknown;  /* records that are of no known form */
	uint64_t missing;  /* records that cannot be read, of all time */
	uint64_t waiting;  /* records that edges have on disk and the store has not */
	uint64_t failures; /* steps that were taken back */
	int64_t lag_ms;    /* how old the oldest of those that wait is, about */
};

struct ingest_stats ingest_stats(const struct ingest *ingest);
