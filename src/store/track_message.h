/*
 * What is known of a message by the events of its links, under its own number: so that a
 * message is counted once for each type and verdict, on the day of the first, also when
 * labels change.
 */
#pragma once

#include "store/store.h"

/* How many events, and the day on which the message was counted for them. */
struct track_tally {
	int64_t events, day;
};

enum { TRACK_TALLY_TYPES = 2, TRACK_TALLY_VERDICTS = 3 };

struct track_message_row {
	int64_t id;
	int64_t last_at; /* the latest time of its events */
	/* Of opens and clicks, each by verdict: 0 person, 1 machine, 2 undetermined. */
	struct track_tally tally[TRACK_TALLY_TYPES][TRACK_TALLY_VERDICTS];
};

NODISCARD bool track_message_find(struct store *store, struct arena *a, int64_t id,
                                  struct track_message_row **out, struct err *err);
/* Adds or replaces. */
NODISCARD bool track_message_save(struct store *store,
                                  const struct track_message_row *row, struct err *err);
/* Removes those with an id below `below` whose last event was before `before`, of the
 * lowest `limit`. */
NODISCARD bool track_message_purge(struct store *store, int64_t before, int64_t below,
                                   int64_t limit, int64_t *removed, struct err *err);
