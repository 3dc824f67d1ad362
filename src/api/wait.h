/* What requests for a look have in common: how long they wait, how often they may come.
 * Private to src/api. */
#pragma once

#include "api/call.h"
#include "api/rate.h"

extern const struct schema schema_verify_query;

/* ?wait=10s or 10, in milliseconds; 0 where it is not given. False: answered. */
NODISCARD bool wait_read(struct api_call *call, int64_t *ms);
/* One look a minute for each of a kind, by the clock that a test may move. False:
 * answered; `what` begins the sentence. */
NODISCARD bool wait_pace(struct api_call *call, enum rate_kind kind, int64_t id,
                         const char *what);
