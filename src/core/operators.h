/* Events of the installation itself: each operator's account gets its own. */
#pragma once

#include "base/json.h"
#include "store/store.h"

/* Appends it for each operator account, in the turn's transaction; `data` is taken over. */
NODISCARD bool operators_tell(struct store *store, const char *type, int64_t now,
                              json_t *data, struct err *err);
