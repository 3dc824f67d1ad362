/*
 * Keys whose fate is open, by the name they have in the keys process. A row is written
 * before a key is asked for and goes in the transaction that stores the key with its domain
 * (dkim_key_add); one is written too with whatever gives a key up, and goes when the file is
 * gone. So what a crash leaves over is found here, and nowhere else.
 */
#pragma once

#include "store/store.h"

struct unsettled_key_row {
	struct str key_ref;
	int64_t since;
};

struct unsettled_key_rows {
	struct unsettled_key_row *v;
	size_t n;
};

/* Of a key that is open already the time is renewed. */
NODISCARD bool unsettled_key_add(struct store *store, struct str key_ref, int64_t now,
                                 struct err *err);
NODISCARD bool unsettled_key_remove(struct store *store, struct str key_ref,
                                    struct err *err);
/* Those since before `before` that no domain uses, oldest first. */
NODISCARD bool unsettled_key_list(struct store *store, struct arena *a, int64_t before,
                                  int64_t limit, struct unsettled_key_rows *out,
                                  struct err *err);
