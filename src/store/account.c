#include "store/account.h"

#include "store/parts.h"

#define ROW struct account_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(TEXT, name)                                                              \
	X(TEXT, owner_email)                                                           \
	X(TEXT, region)                                                                \
	X(TEXT, language)                                                              \
	X(BOOL, is_operator)                                                           \
	X(INT, created_at)                                                             \
	X(OPTIONAL, closed_at)                                                         \
	X(TEXT, ip_policy)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM accounts "

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, FIND, LIST, LIST_NEWEST, SAVE, CLOSE };

static const struct sql_statement statements[] = {
        [ADD] = {"account.add",
                 "INSERT INTO accounts (" NAMES(COLUMNS) ")"
                                                         " VALUES ($1, $2, $3, $4, $5, "
                                                         "$6, $7, $8) RETURNING id"      },
        [FIND] = {"account.find",                                   SELECT "WHERE id = $1", &shape},
        [LIST] = {"account.list",                                                SELECT "WHERE id > $1 ORDER BY id LIMIT $2",                                                         &shape},
        [LIST_NEWEST] = {"account.list_newest",
                 SELECT "WHERE id < $1 ORDER BY id DESC LIMIT $2",        &shape},
        [SAVE] = {"account.save",
                 "UPDATE accounts SET name = $1, owner_email = $2, region = $3,"
                  " language = $4, is_operator = $5, ip_policy = $6 WHERE id = $7"         },
        [CLOSE] = {"account.close",                                   "UPDATE accounts SET closed_at = $1 WHERE id = $2"       },
};
const struct sql_statements account_statements = {statements, LEN(statements)};

bool account_add(struct store *store, const struct account_row *row, int64_t *id,
                 struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool account_find(struct store *store, struct arena *a, int64_t id,
                  struct account_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND], SQL_VALUES(sql_int(id)), a, out,
	                err);
}

bool account_list(struct store *store, struct arena *a, const struct store_page *page,
                  struct account_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[page->newest_first ? LIST_NEWEST : LIST],
	              SQL_VALUES(page_cursor(page), page_rows(page)), a, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool account_save(struct store *store, const struct account_row *row, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_text(row->name), sql_text(row->owner_email),
	                          sql_text(row->region), sql_text(row->language),
	                          sql_int(row->is_operator), sql_text(row->ip_policy),
	                          sql_int(row->id)),
	               NULL, err);
}

bool account_close(struct store *store, int64_t id, int64_t now, struct err *err)
{
	return sql_run(store->sql, &statements[CLOSE],
	               SQL_VALUES(sql_optional(now), sql_int(id)), NULL, err);
}
