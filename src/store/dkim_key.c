#include "store/dkim_key.h"

#include "store/parts.h"
#include "store/unsettled_key.h"

#define ROW struct dkim_key_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, domain_id)                                                          \
	X(TEXT, key_ref)                                                               \
	X(TEXT, selector)                                                              \
	X(TEXT, algorithm)                                                             \
	X(INT, bits)                                                                   \
	X(TEXT, public_key)                                                            \
	X(TEXT, stage)                                                                 \
	X(INT, created_at)                                                             \
	X(OPTIONAL, active_at)                                                         \
	X(OPTIONAL, retiring_at)                                                       \
	X(OPTIONAL, retired_at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM dkim_keys WHERE "

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, FIND, LIST, SET_STAGE, LIST_RETIRING };

static const struct sql_statement statements[] = {
        [ADD] = {"dkim_key.add",
                 "INSERT INTO dkim_keys (" NAMES(
                         COLUMNS) ")"
                                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                                  "$11)"
                                  " ON CONFLICT DO NOTHING RETURNING id"},
        [FIND] = {                        "dkim_key.find",       SELECT "id = $1 AND domain_id = $2",      &shape},
        [LIST] = {                        "dkim_key.list",       SELECT "domain_id = $1 ORDER BY id",      &shape},
        [SET_STAGE] = {                        "dkim_key.set_stage",
                 "UPDATE dkim_keys SET stage = $1,"
                       " active_at = CASE WHEN $1 = 'active' THEN $2 ELSE active_at"
                       " END, retiring_at = CASE WHEN $1 = 'retiring' THEN $2"
                       " ELSE retiring_at END,"
                       " retired_at = CASE WHEN $1 = 'retired' THEN $2"
                       " ELSE retired_at END WHERE id = $3"           },
        [LIST_RETIRING] = { "dkim_key.list_retiring",
                 SELECT "stage = 'retiring' AND retiring_at < $1"
                                  " ORDER BY retiring_at LIMIT $2",                                               &shape},
};
const struct sql_statements dkim_key_statements = {statements, LEN(statements)};

bool dkim_key_add(struct store *store, const struct dkim_key_row *row, int64_t *id,
                  struct err *err)
{
	bool own;

	if (!several_begin(store, &own, err))
		return false;
	return several_end(
	        store, own,
	        sql_insert(store->sql, &statements[ADD], &shape, row, id, err) &&
	                (*id == 0 || unsettled_key_remove(store, row->key_ref, err)),
	        err);
}

bool dkim_key_find(struct store *store, struct arena *a, int64_t domain, int64_t id,
                   struct dkim_key_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(domain)), a, out, err);
}

bool dkim_key_list(struct store *store, struct arena *a, int64_t domain,
                   struct dkim_key_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[LIST], SQL_VALUES(sql_int(domain)), a,
	              &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool dkim_key_set_stage(struct store *store, int64_t id, struct str stage, int64_t now,
                        struct err *err)
{
	return sql_run(store->sql, &statements[SET_STAGE],
	               SQL_VALUES(sql_text(stage), sql_int(now), sql_int(id)), NULL,
	               err);
}

bool dkim_key_list_retiring(struct store *store, struct arena *a, int64_t before,
                            int64_t limit, struct dkim_key_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[LIST_RETIRING],
	              SQL_VALUES(sql_int(before), sql_int(limit)), a, &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}
