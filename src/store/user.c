#include "store/user.h"

#include "store/parts.h"

#define ROW struct user_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(TEXT, email)                                                                 \
	X(TEXT, password_hash)                                                         \
	X(TEXT, role)                                                                  \
	X(INT, created_at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM users WHERE "

static const struct sql_shape shape = SHAPE(COLUMNS);

#undef ROW
#define ROW struct session_row
#define SESSION_COLUMNS(FIRST, X)                                                      \
	FIRST(INT, user_id)                                                            \
	X(TEXT, hash)                                                                  \
	X(INT, created_at)                                                             \
	X(INT, expires_at)

static const struct sql_shape session_shape = SHAPE(SESSION_COLUMNS);

enum {
	ADD,
	FIND,
	FIND_EMAIL,
	LIST,
	LIST_NEWEST,
	SAVE,
	REMOVE,
	SESSION_ADD,
	SESSION_FIND,
	SESSION_REMOVE,
	SESSION_REMOVE_ALL,
	SESSION_EXPIRE,
};

static const struct sql_statement statements[] = {
        [ADD] = {"user.add",
                 "INSERT INTO users (" NAMES(
                         COLUMNS) ")"
                                  " VALUES ($1, $2, $3, $4, $5)"
                                  " ON CONFLICT (email) DO NOTHING RETURNING id"                                            },
        [FIND] = {"user.find",                                               SELECT "id = $1 AND ($2 = 0 OR account_id = $2)",
                 &shape},
        [FIND_EMAIL] = {"user.find_email",                                                         SELECT "email = $1",                                                                                         &shape},
        [LIST] = {"user.list",
                 SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3",           &shape},
        [LIST_NEWEST] = {"user.list_newest",
                 SELECT "account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                 &shape},
        [SAVE] = {"user.save",
                 "UPDATE users SET password_hash = $1, role = $2 WHERE id = $3"                                             },
        [REMOVE] = {"user.remove",                                                         "DELETE FROM users WHERE id = $1"                                                                                              },
        [SESSION_ADD] = {"session.add",
                 "INSERT INTO sessions (" NAMES(
                                 SESSION_COLUMNS) ")"
                                                  " VALUES ($1, $2, $3, $4)"
                                                  " ON CONFLICT (hash) DO NOTHING "
                                                  "RETURNING id"                                               },
        [SESSION_FIND] =
                {"session.find",
                 "SELECT id, " NAMES(
                         SESSION_COLUMNS) " FROM sessions"
                                          " WHERE hash = $1 AND expires_at > $2",&session_shape},
        [SESSION_REMOVE] = {"session.remove",                                                         "DELETE FROM sessions WHERE hash = $1"                                            },
        [SESSION_REMOVE_ALL] = {"session.remove_all",
                 "DELETE FROM sessions WHERE user_id = $1"                                                                                            },
        [SESSION_EXPIRE] = {"session.expire",
                 "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions"
                            " WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)"},
};
const struct sql_statements user_statements = {statements, LEN(statements)};

bool user_add(struct store *store, const struct user_row *row, int64_t *id,
              struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool user_find(struct store *store, struct arena *a, int64_t account, int64_t id,
               struct user_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool user_find_email(struct store *store, struct arena *a, struct str email,
                     struct user_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_EMAIL],
	                SQL_VALUES(sql_text(email)), a, out, err);
}

bool user_list(struct store *store, struct arena *a, int64_t account,
               const struct store_page *page, struct user_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[page->newest_first ? LIST_NEWEST : LIST],
	              SQL_VALUES(sql_int(account), page_cursor(page), page_rows(page)),
	              a, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool user_save(struct store *store, const struct user_row *row, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_text(row->password_hash), sql_text(row->role),
	                          sql_int(row->id)),
	               NULL, err);
}

bool user_remove(struct store *store, int64_t account, int64_t id, bool *removed,
                 struct err *err)
{
	AUTO(arena) a = {0};
	struct user_row *user;
	bool own, is_good;

	*removed = false;
	if (!several_begin(store, &own, err))
		return false;
	is_good = user_find(store, &a, account, id, &user, err);
	if (is_good && user)
		is_good = session_remove_all(store, id, err) &&
		          sql_run(store->sql, &statements[REMOVE],
		                  SQL_VALUES(sql_int(id)), NULL, err);
	is_good = several_end(store, own, is_good, err);
	*removed = is_good && user;
	return is_good;
}

bool session_add(struct store *store, const struct session_row *row, int64_t *id,
                 struct err *err)
{
	return sql_insert(store->sql, &statements[SESSION_ADD], &session_shape, row, id,
	                  err);
}

bool session_find(struct store *store, struct arena *a, struct str hash, int64_t now,
                  struct session_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[SESSION_FIND],
	                SQL_VALUES(sql_text(hash), sql_int(now)), a, out, err);
}

bool session_remove(struct store *store, struct str hash, struct err *err)
{
	return sql_run(store->sql, &statements[SESSION_REMOVE],
	               SQL_VALUES(sql_text(hash)), NULL, err);
}

bool session_remove_all(struct store *store, int64_t user, struct err *err)
{
	return sql_run(store->sql, &statements[SESSION_REMOVE_ALL],
	               SQL_VALUES(sql_int(user)), NULL, err);
}

bool session_expire(struct store *store, int64_t now, int64_t limit, int64_t *removed,
                    struct err *err)
{
	return sql_run(store->sql, &statements[SESSION_EXPIRE],
	               SQL_VALUES(sql_int(now), sql_int(limit)), removed, err);
}
