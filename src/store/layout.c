#include "store/layout.h"

#include "store/parts.h"

#define ROW struct layout_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(TEXT, digest)                                                            \
	X(TEXT, profile)                                                               \
	X(TEXT, text)

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, FIND, FIND_DIGEST };

static const struct sql_statement statements[] = {
        [ADD] = {"layout.add",
                 "INSERT INTO layouts (" NAMES(
                         COLUMNS) ") VALUES ($1, $2, $3)"
                                  " ON CONFLICT (digest) DO NOTHING RETURNING id"},
        [FIND] = {"layout.find",
                 "SELECT id, " NAMES(COLUMNS) " FROM layouts WHERE id = $1",       &shape},
        [FIND_DIGEST] = {"layout.find_digest",
                 "SELECT id FROM layouts WHERE digest = $1"                                          },
};
const struct sql_statements layout_statements = {statements, LEN(statements)};

bool layout_put(struct store *store, const struct layout_row *row, int64_t *id,
                struct err *err)
{
	if (!sql_number(store->sql, &statements[FIND_DIGEST],
	                SQL_VALUES(sql_text(row->digest)), id, err))
		return false;
	return *id || sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool layout_find(struct store *store, struct arena *a, int64_t id,
                 struct layout_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND], SQL_VALUES(sql_int(id)), a, out,
	                err);
}
