/* The DKIM keys of domains, as far as the database knows them: the private key is in the
 * keys process, by `key_ref`. A key goes pending → active → retiring → retired. */
#pragma once

#include "store/store.h"

struct dkim_key_row {
	int64_t id, domain_id;
	struct str key_ref, selector, algorithm; /* rsa, ed25519 */
	int64_t bits;
	struct str public_key; /* base64, as in p= */
	struct str stage;      /* pending, active, retiring, retired */
	int64_t created_at, active_at, retiring_at, retired_at;
};

struct dkim_key_rows {
	struct dkim_key_row *v;
	size_t n;
};

/* Adds it, and settles its key (unsettled_key.h). 0 in *id where key_ref exists, or the domain's selector with the same algorithm and
 * a key that is not retired. */
NODISCARD bool dkim_key_add(struct store *store, const struct dkim_key_row *row,
                            int64_t *id, struct err *err);
NODISCARD bool dkim_key_find(struct store *store, struct arena *a, int64_t domain,
                             int64_t id, struct dkim_key_row **out, struct err *err);
/* All of a domain, oldest first, retired ones too. */
NODISCARD bool dkim_key_list(struct store *store, struct arena *a, int64_t domain,
                             struct dkim_key_rows *out, struct err *err);
/* Enters a stage at `now`, which also sets that stage's time. */
NODISCARD bool dkim_key_set_stage(struct store *store, int64_t id, struct str stage,
                                  int64_t now, struct err *err);
/* Those that began retiring before `before`, longest first. */
NODISCARD bool dkim_key_list_retiring(struct store *store, struct arena *a,
                                      int64_t before, int64_t limit,
                                      struct dkim_key_rows *out, struct err *err);
