/* People who sign in to the dashboard, and their sessions. An address (lower case) is
 * one user; `hash` of a session is the SHA-256 of its secret in hex. */
#pragma once

#include "store/store.h"

struct user_row {
	int64_t id, account_id;
	struct str email, password_hash;
	struct str role; /* owner, admin, member, viewer */
	int64_t created_at;
};

struct user_rows {
	struct user_row *v;
	size_t n;
	int64_t next;
};

struct session_row {
	int64_t id, user_id;
	struct str hash;
	int64_t created_at, expires_at;
};

/* 0 in *id where the address is taken. */
NODISCARD bool user_add(struct store *store, const struct user_row *row, int64_t *id,
                        struct err *err);
NODISCARD bool user_find(struct store *store, struct arena *a, int64_t account,
                         int64_t id, struct user_row **out, struct err *err);
NODISCARD bool user_find_email(struct store *store, struct arena *a, struct str email,
                               struct user_row **out, struct err *err);
NODISCARD bool user_list(struct store *store, struct arena *a, int64_t account,
                         const struct store_page *page, struct user_rows *out,
                         struct err *err);
/* Writes password_hash and role of the row with this id. */
NODISCARD bool user_save(struct store *store, const struct user_row *row,
                         struct err *err);
/* Removes the user with all sessions; *removed: whether there was one. */
NODISCARD bool user_remove(struct store *store, int64_t account, int64_t id,
                           bool *removed, struct err *err);

NODISCARD bool session_add(struct store *store, const struct session_row *row,
                           int64_t *id, struct err *err);
/* The session with this hash that has not expired at `now`. */
NODISCARD bool session_find(struct store *store, struct arena *a, struct str hash,
                            int64_t now, struct session_row **out, struct err *err);
NODISCARD bool session_remove(struct store *store, struct str hash, struct err *err);
/* All of a user: after a new password. */
NODISCARD bool session_remove_all(struct store *store, int64_t user, struct err *err);
/* Removes expired ones, at most `limit`. */
NODISCARD bool session_expire(struct store *store, int64_t now, int64_t limit,
                              int64_t *removed, struct err *err);
