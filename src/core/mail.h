/*
 * Mails of the platform itself: handed to the relay by a thread of the pool. Where nobody
 * waits for the outcome, one that cannot be handed over is tried again after a while, for
 * some hours; a restart forgets it.
 */
#pragma once

#include "api/api.h"
#include "config/config.h"
#include "core/pool.h"

struct event_base;
struct mailer;

typedef void mail_done_fn(void *arg, bool ok, struct str why);

struct mailer *mailer_new(struct event_base *base, struct pool *pool,
                          const struct config *config);
void mailer_reconfigure(struct mailer *m, const struct config *config);
/* False where mail.relay or mail.from is not set. `done` may be NULL; it is called once,
 * from the loop, never from here. */
NODISCARD bool mailer_send(struct mailer *m, const struct api_mail *mail,
                           mail_done_fn *done, void *arg);
/* How many have not been handed over yet. */
size_t mailer_count(const struct mailer *m);
/* The pool must be gone. What waits is dropped. */
void mailer_free(struct mailer *m);
