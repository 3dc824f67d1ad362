/* How far each journal has been read. Saved in the transaction of what was read, so each
 * record is in the store once. */
#pragma once

#include "store/store.h"

struct track_cursor_row {
	int64_t id;
	struct str journal; /* "edge-0" */
	int64_t folder, sequence, segment, position;
	int64_t missing; /* records that could not be read, so far */
};

/* NULL where nothing was read yet. */
NODISCARD bool track_cursor_find(struct store *store, struct arena *a,
                                 struct str journal, struct track_cursor_row **out,
                                 struct err *err);
/* Adds or replaces that of the journal. */
NODISCARD bool track_cursor_save(struct store *store,
                                 const struct track_cursor_row *row, struct err *err);
