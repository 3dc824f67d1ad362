/*
 * Mails of the platform itself. A mail is written into the queue (store/mail_queue.h) in the
 * turn that causes it, and handed to the relay by a thread of the pool once that is
 * committed, one at a time. One that the relay does not take now is tried again after a
 * while, for some hours, across restarts too. Where the machine falls between the relay's
 * word and our commit the relay gets the letter twice, under one Message-ID.
 */
#pragma once

#include "api/api.h"
#include "config/config.h"
#include "core/pool.h"
#include "core/turn.h"

struct event_base;
struct mailer;

/* So many letters may wait; more are refused. */
enum { MAIL_WAITING_MAX = 10000 };

/* The store, the turn and the pool are lent. */
struct mailer *mailer_new(struct event_base *base, struct store *store,
                          struct turn *turn, struct pool *pool,
                          const struct config *config);
void mailer_reconfigure(struct mailer *m, const struct config *config);
/* Within a turn. False where mail.relay or mail.from is not set, or too many wait. */
NODISCARD bool mailer_send(struct mailer *m, const struct api_mail *mail);
/* Looks into the queue: at the start, and when the clock has jumped. */
void mailer_poke(struct mailer *m);
/* Begins no other letter. */
void mailer_drain(struct mailer *m);
/* The pool must be gone. */
void mailer_free(struct mailer *m);
