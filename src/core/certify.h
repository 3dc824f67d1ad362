/* What connects certificates.h with the rest of the core, and what the API asks of it.
 * Private to src/core. */
#pragma once

#include "api/api.h"

struct core;

/* Keys and resolver are there. */
void core_certify(struct core *core);

/* For struct api_host: `arg` is the struct core. */
bool core_certificate_request(void *arg, int64_t tracking, int64_t *again_at,
                              struct err *err);
bool core_certificate_withdraw(void *arg, int64_t tracking, struct err *err);
void core_certificate_upload(void *arg, int64_t tracking, struct str host,
                             const struct api_upload *upload,
                             void (*done)(void *done_arg,
                                          const struct api_uploaded *uploaded),
                             void *done_arg);
