/*
 * A thread that makes RSA keys for the pool, since that takes a tenth of a second each.
 * It shares nothing with the loop but two pipes: one says how many bits the next key
 * shall have, the other which key is there now. A lock would let a thread that only runs
 * when the machine is idle hold up the loop for as long as the machine is busy.
 */
#pragma once

#include "keys/key_files.h"

struct event_base;
struct maker;

enum maker_urgency {
	MAKER_IDLE, /* SCHED_IDLE: only when nobody else wants the processor */
	MAKER_SOON, /* somebody waits: as others, though behind them */
};

/* `id` is in the pool now; or why it is not, and id is empty. */
typedef void maker_made_fn(void *arg, enum maker_urgency urgency, struct str id,
                           const char *why);

enum { MAKER_ASKED_MAX = 256 };

/* The files must live until maker_free(). */
NODISCARD bool maker_new(struct event_base *base, const struct key_files *files,
                         enum maker_urgency urgency, maker_made_fn *made, void *arg,
                         struct maker **out, struct err *err);
/* One more, please; each is answered by made() once. At most MAKER_ASKED_MAX at a time. */
void maker_ask(struct maker *m, unsigned bits);
size_t maker_asked(const struct maker *m);
/* Waits for the key that is being made. NULL is allowed. */
void maker_free(struct maker *m);
