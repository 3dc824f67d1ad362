/* Certificates that are to be revoked, until their authority has done it. */
#pragma once

#include "store/store.h"

struct revocation_row {
	int64_t id;
	struct str host, directory;
	struct str leaf; /* the certificate, DER in base64 */
	int64_t created_at, attempts, next_at;
	struct str words; /* why it did not go; may be empty */
};

struct revocation_rows {
	struct revocation_row *v;
	size_t n;
};

NODISCARD bool revocation_add(struct store *store, const struct revocation_row *row,
                              int64_t *id, struct err *err);
/* The first that are due at `now`. */
NODISCARD bool revocation_list_due(struct store *store, struct arena *a, int64_t now,
                                   int64_t limit, struct revocation_rows *out,
                                   struct err *err);
NODISCARD bool revocation_set_next(struct store *store, int64_t id, int64_t attempts,
                                   int64_t next_at, struct str words, struct err *err);
NODISCARD bool revocation_remove(struct store *store, int64_t id, struct err *err);
