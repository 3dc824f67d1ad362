/*
 * Letters of the platform on their way to the relay: written with the request that causes
 * them, removed when the relay has taken them or will not, tried again at their time
 * meanwhile. A restart changes nothing about that.
 */
#pragma once

#include "store/store.h"

struct mail_row {
	int64_t id;
	struct str sender, recipient; /* of the envelope */
	struct str letter;            /* complete, with CRLF */
	int64_t tries, next_at, created_at;
};

struct mail_rows {
	struct mail_row *v;
	size_t n;
};

NODISCARD bool mail_queue_add(struct store *store, const struct mail_row *row,
                              int64_t *id, struct err *err);
/* The one whose turn is first, if it is due before `before`; else NULL. */
NODISCARD bool mail_queue_find_due(struct store *store, struct arena *a, int64_t before,
                                   struct mail_row **out, struct err *err);
/* When the first is due, or 0 where there is none. */
NODISCARD bool mail_queue_next(struct store *store, int64_t *at, struct err *err);
/* Whether there are so many, or more. */
NODISCARD bool mail_queue_has(struct store *store, int64_t n, bool *out,
                              struct err *err);
/* One more try has failed; the next is at `next_at`. */
NODISCARD bool mail_queue_put_off(struct store *store, int64_t id, int64_t next_at,
                                  struct err *err);
NODISCARD bool mail_queue_remove(struct store *store, int64_t id, struct err *err);
