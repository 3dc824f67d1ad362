/* Profiles as they were given out: records of a customer come from this text, whatever
 * becomes of the profile later. Equal texts are one row, found by their digest. */
#pragma once

#include "store/store.h"

struct layout_row {
	int64_t id;
	struct str digest; /* SHA-256 of the text in hex */
	struct str profile, text;
};

/* The id of the row with this digest, which is added where it is missing. */
NODISCARD bool layout_put(struct store *store, const struct layout_row *row,
                          int64_t *id, struct err *err);
NODISCARD bool layout_find(struct store *store, struct arena *a, int64_t id,
                           struct layout_row **out, struct err *err);
