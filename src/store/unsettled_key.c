#include "store/unsettled_key.h"

#include "store/parts.h"

#define ROW struct unsettled_key_row

/* It has no id: the name of the key is what it is found by. */
static const struct sql_field fields[] = {FIELD(TEXT, key_ref), FIELD(INT, since)};
static const struct sql_shape shape = {fields, LEN(fields), sizeof(ROW)};

enum { ADD, REMOVE, LIST };

static const struct sql_statement statements[] = {
        [ADD] = {"unsettled_key.add",
                 "INSERT INTO unsettled_keys (key_ref, since) VALUES ($1, $2)"
                 " ON CONFLICT (key_ref) DO UPDATE SET since = excluded.since"},
        [REMOVE] = {                    "unsettled_key.remove",
                 "DELETE FROM unsettled_keys WHERE key_ref = $1"            },
        [LIST] = { "unsettled_key.list",
                 "SELECT key_ref, since FROM unsettled_keys WHERE since < $1"
                  " AND NOT EXISTS (SELECT 1 FROM dkim_keys"
                  " WHERE dkim_keys.key_ref = unsettled_keys.key_ref"
                  " AND stage <> 'retired') ORDER BY since LIMIT $2",                                                     &shape},
};
const struct sql_statements unsettled_key_statements = {statements, LEN(statements)};

bool unsettled_key_add(struct store *store, struct str key_ref, int64_t now,
                       struct err *err)
{
	return sql_run(store->sql, &statements[ADD],
	               SQL_VALUES(sql_text(key_ref), sql_int(now)), NULL, err);
}

bool unsettled_key_remove(struct store *store, struct str key_ref, struct err *err)
{
	return sql_run(store->sql, &statements[REMOVE], SQL_VALUES(sql_text(key_ref)),
	               NULL, err);
}

bool unsettled_key_list(struct store *store, struct arena *a, int64_t before,
                        int64_t limit, struct unsettled_key_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[LIST],
	              SQL_VALUES(sql_int(before), sql_int(limit)), a, &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}
