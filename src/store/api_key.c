#include "store/api_key.h"

#include "store/parts.h"

#define ROW struct api_key_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(TEXT, name)                                                                  \
	X(TEXT, hash)                                                                  \
	X(TEXT, hint)                                                                  \
	X(INT, scopes)                                                                 \
	X(OPTIONAL, domain_id)                                                         \
	X(INT, created_at)                                                             \
	X(OPTIONAL, last_used_at)                                                      \
	X(OPTIONAL, revoked_at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM api_keys "

enum { TOUCH_EVERY_MS = 60 * 1000 };

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, FIND, FIND_HASH, LIST, LIST_NEWEST, REVOKE, TOUCH };

static const struct sql_statement statements[] = {
        [ADD] = {"api_key.add",
                 "INSERT INTO api_keys (" NAMES(
                         COLUMNS) ")"
                                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                                  " ON CONFLICT (hash) DO NOTHING RETURNING id"},
        [FIND] = {"api_key.find",
                 SELECT "WHERE id = $1 AND ($2 = 0 OR account_id = $2)",         &shape},
        [FIND_HASH] = {"api_key.find_hash",
                 SELECT "WHERE hash = $1 AND revoked_at IS NULL",                                          &shape},
        [LIST] = {"api_key.list",
                 SELECT "WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
                 &shape},
        [LIST_NEWEST] = {"api_key.list_newest",
                 SELECT "WHERE account_id = $1 AND id < $2"
                                " ORDER BY id DESC LIMIT $3",                                                         &shape},
        [REVOKE] = {"api_key.revoke",
                 "UPDATE api_keys SET revoked_at = $1 WHERE id = $2"
                    " AND ($3 = 0 OR account_id = $3) AND revoked_at IS NULL"                   },
        [TOUCH] = {"api_key.touch",
                 "UPDATE api_keys SET last_used_at = $1 WHERE id = $2"                                            },
};
const struct sql_statements api_key_statements = {statements, LEN(statements)};

bool api_key_add(struct store *store, const struct api_key_row *row, int64_t *id,
                 struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool api_key_find_hash(struct store *store, struct arena *a, struct str hash,
                       struct api_key_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_HASH], SQL_VALUES(sql_text(hash)),
	                a, out, err);
}

bool api_key_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                  struct api_key_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool api_key_list(struct store *store, struct arena *a, int64_t account,
                  const struct store_page *page, struct api_key_rows *out,
                  struct err *err)
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

bool api_key_revoke(struct store *store, int64_t account, int64_t id, int64_t now,
                    bool *revoked, struct err *err)
{
	int64_t changed = 0;
	bool is_good = sql_run(store->sql, &statements[REVOKE],
	                       SQL_VALUES(sql_int(now), sql_int(id), sql_int(account)),
	                       &changed, err);

	*revoked = changed > 0;
	return is_good;
}

bool api_key_touch(struct store *store, const struct api_key_row *row, int64_t now,
                   struct err *err)
{
	if (row->last_used_at && now - row->last_used_at < TOUCH_EVERY_MS)
		return true;
	return sql_run(store->sql, &statements[TOUCH],
	               SQL_VALUES(sql_int(now), sql_int(row->id)), NULL, err);
}
