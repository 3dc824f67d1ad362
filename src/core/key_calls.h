/* Keys for the API (api.h, struct api_host): `arg` is the struct core. Private to
 * src/core. */
#pragma once

#include "api/api.h"

/* Within a turn; asks once it is committed. */
void core_take_key(void *arg, struct str key_ref, enum api_algorithm algorithm,
                   struct str domain,
                   void (*done)(void *done_arg, const struct api_taken_key *key),
                   void *done_arg);
/* Within a turn; the file goes once it is committed. */
void core_drop_key(void *arg, struct str key_ref);
