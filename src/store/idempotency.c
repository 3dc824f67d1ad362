#include "store/idempotency.h"

#include "store/parts.h"

#define ROW struct idempotency_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(TEXT, key)                                                                   \
	X(TEXT, digest)                                                                \
	X(INT, status)                                                                 \
	X(TEXT, body)                                                                  \
	X(INT, created_at)
/* It has no id: the account and the key are what it is found by. */
#define FIELD_FIRST(kind, name) FIELD(kind, name)

static const struct sql_field fields[] = {COLUMNS(FIELD_FIRST, FIELD_NEXT)};
static const struct sql_shape shape = {fields, LEN(fields), sizeof(ROW)};

enum { FIND, SAVE, REMOVE, EXPIRE };

static const struct sql_statement statements[] = {
        [FIND] = {"idempotency.find",
                  "SELECT " NAMES(COLUMNS) " FROM idempotency"
                                           " WHERE account_id = $1 AND key = $2", &shape},
        [SAVE] = {"idempotency.save",
                  "INSERT INTO idempotency (" NAMES(
                          COLUMNS) ")"
                                   " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT "
                                   "(account_id, key)"
                                   " DO UPDATE SET digest = excluded.digest, status = "
                                   "excluded.status,"
                                   " body = excluded.body, created_at = "
                                   "excluded.created_at"                                          },
        [REMOVE] = {"idempotency.remove",
                  "DELETE FROM idempotency WHERE account_id = $1 AND key = $2"},
        [EXPIRE] = {"idempotency.expire",
                  "DELETE FROM idempotency WHERE (account_id, key) IN"
                    " (SELECT account_id, key FROM idempotency WHERE created_at < $1"
                    " ORDER BY created_at LIMIT $2)"                                          },
};
const struct sql_statements idempotency_statements = {statements, LEN(statements)};

bool idempotency_find(struct store *store, struct arena *a, int64_t account,
                      struct str key, struct idempotency_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(account), sql_text(key)), a, out, err);
}

bool idempotency_save(struct store *store, const struct idempotency_row *row,
                      struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_int(row->account_id), sql_text(row->key),
	                          sql_text(row->digest), sql_int(row->status),
	                          sql_text(row->body), sql_int(row->created_at)),
	               NULL, err);
}

bool idempotency_remove(struct store *store, int64_t account, struct str key,
                        struct err *err)
{
	return sql_run(store->sql, &statements[REMOVE],
	               SQL_VALUES(sql_int(account), sql_text(key)), NULL, err);
}

bool idempotency_expire(struct store *store, int64_t before, int64_t limit,
                        int64_t *removed, struct err *err)
{
	return sql_run(store->sql, &statements[EXPIRE],
	               SQL_VALUES(sql_int(before), sql_int(limit)), removed, err);
}
