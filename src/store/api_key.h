/* API keys. The secret itself is never stored: `hash` is its SHA-256 in lower-case hex,
 * `hint` its last characters, which a person recognises it by. */
#pragma once

#include "store/store.h"

struct api_key_row {
	int64_t id, account_id;
	struct str name, hash, hint;
	int64_t scopes;    /* bits of the API's scopes */
	int64_t domain_id; /* bound to this domain alone; 0: to none */
	int64_t created_at, last_used_at, revoked_at;
};

struct api_key_rows {
	struct api_key_row *v;
	size_t n;
	int64_t next;
};

/* 0 in *id where the hash exists. */
NODISCARD bool api_key_add(struct store *store, const struct api_key_row *row,
                           int64_t *id, struct err *err);
/* The key that is not revoked and has this hash. */
NODISCARD bool api_key_find_hash(struct store *store, struct arena *a, struct str hash,
                                 struct api_key_row **out, struct err *err);
NODISCARD bool api_key_find(struct store *store, struct arena *a, int64_t account,
                            int64_t id, struct api_key_row **out, struct err *err);
/* Revoked ones too. */
NODISCARD bool api_key_list(struct store *store, struct arena *a, int64_t account,
                            const struct store_page *page, struct api_key_rows *out,
                            struct err *err);
/* *revoked is false where there is no such key or it had been revoked. */
NODISCARD bool api_key_revoke(struct store *store, int64_t account, int64_t id,
                              int64_t now, bool *revoked, struct err *err);
/* Notes that it was used; writes at most once a minute. */
NODISCARD bool api_key_touch(struct store *store, const struct api_key_row *row,
                             int64_t now, struct err *err);
