#include "store/revocation.h"

#include "store/parts.h"

#define ROW struct revocation_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(TEXT, host)                                                              \
	X(TEXT, directory)                                                             \
	X(TEXT, leaf)                                                                  \
	X(INT, created_at)                                                             \
	X(INT, attempts)                                                               \
	X(INT, next_at)                                                                \
	X(TEXT, words)

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, DUE, SET_NEXT, REMOVE };

/* clang-format off */
static const struct sql_statement statements[] = {
	[ADD] = {"revocation.add", "INSERT INTO revocations (" NAMES(COLUMNS) ")"
	         " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id"},
	[DUE] = {"revocation.list_due", "SELECT id, " NAMES(COLUMNS) " FROM revocations"
	         " WHERE next_at <= $1 ORDER BY next_at LIMIT $2", &shape},
	[SET_NEXT] = {"revocation.set_next", "UPDATE revocations SET attempts = $1,"
	              " next_at = $2, words = $3 WHERE id = $4"},
	[REMOVE] = {"revocation.remove", "DELETE FROM revocations WHERE id = $1"},
};
/* clang-format on */
const struct sql_statements revocation_statements = {statements, LEN(statements)};

bool revocation_add(struct store *store, const struct revocation_row *row, int64_t *id,
                    struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool revocation_list_due(struct store *store, struct arena *a, int64_t now,
                         int64_t limit, struct revocation_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[DUE],
	              SQL_VALUES(sql_int(now), sql_int(limit)), a, &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool revocation_set_next(struct store *store, int64_t id, int64_t attempts,
                         int64_t next_at, struct str words, struct err *err)
{
	return sql_run(store->sql, &statements[SET_NEXT],
	               SQL_VALUES(sql_int(attempts), sql_int(next_at), sql_text(words),
	                          sql_int(id)),
	               NULL, err);
}

bool revocation_remove(struct store *store, int64_t id, struct err *err)
{
	return sql_run(store->sql, &statements[REMOVE], SQL_VALUES(sql_int(id)), NULL,
	               err);
}
