#include "store/audit.h"

#include "store/parts.h"

#define ROW struct audit_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(OPTIONAL, account_id)                                                    \
	X(TEXT, actor)                                                                 \
	X(TEXT, action)                                                                \
	X(TEXT, object)                                                                \
	X(INT, at)                                                                     \
	X(TEXT, data)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM audit WHERE "

static const struct sql_shape shape = SHAPE(COLUMNS);

/* The two of each list stand together: by ascending id, newest first. */
enum { ADD, ALL, ALL_NEWEST, ACCOUNT, ACCOUNT_NEWEST, PURGE };

static const struct sql_statement statements[] = {
        [ADD] = {"audit.add",
                 "INSERT INTO audit (" NAMES(
                         COLUMNS) ")"
                                  " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"                                },
        [ALL] = {"audit.list",                                              SELECT "id > $1 ORDER BY id LIMIT $2", &shape},
        [ALL_NEWEST] = {"audit.list_newest",                                                         SELECT "id < $1 ORDER BY id DESC LIMIT $2",
                 &shape},
        [ACCOUNT] = {"audit.list_account",
                 SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3",                                                                                         &shape},
        [ACCOUNT_NEWEST] = {"audit.list_account_newest",
                 SELECT
                            "account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",&shape},
 /* Ids ascend with time, so the oldest are the first. */
        [PURGE] = {"audit.purge",
                 "DELETE FROM audit WHERE at < $1 AND id IN"
                   " (SELECT id FROM audit WHERE id < (SELECT max(id) FROM audit)"
                   " ORDER BY id LIMIT $2)"                              },
};
const struct sql_statements audit_statements = {statements, LEN(statements)};

bool audit_append(struct store *store, const struct audit_row *row, int64_t *id,
                  struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool audit_list(struct store *store, struct arena *a, int64_t account,
                const struct store_page *page, struct audit_rows *out, struct err *err)
{
	const struct owned_list list = {
	        .statements = &statements[ALL], .account = account, .page = page};
	struct sql_rows rows;

	if (!owned_list(store, a, &list, &rows, &out->next, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool audit_purge(struct store *store, int64_t before, int64_t limit, int64_t *removed,
                 struct err *err)
{
	return sql_run(store->sql, &statements[PURGE],
	               SQL_VALUES(sql_int(before), sql_int(limit)), removed, err);
}
