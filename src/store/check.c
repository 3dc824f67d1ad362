#include "store/check.h"

#include "store/parts.h"

#define ROW struct check_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, domain_id)                                                          \
	X(INT, at)                                                                     \
	X(TEXT, cause)                                                                 \
	X(TEXT, status)                                                                \
	X(BOOL, can_send)                                                              \
	X(TEXT, digest)                                                                \
	X(INT, repeated)                                                               \
	X(INT, last_at)
/* A list goes without the documents. */
#define DOCUMENT(FIRST, X) COLUMNS(FIRST, X) X(TEXT, document)
#define SELECT             "SELECT id, " NAMES(DOCUMENT) " FROM checks WHERE "
#define SELECT_SHORT       "SELECT id, " NAMES(COLUMNS) ", '' FROM checks WHERE "

static const struct sql_shape shape = SHAPE(DOCUMENT);

enum { ADD, SUPERSEDE, REPEAT, FIND, FIND_NEWEST, LIST, LIST_NEWEST, PURGE };

static const struct sql_statement statements[] = {
        [ADD] = {"check.add",
                 "INSERT INTO checks (is_newest, " NAMES(
                         DOCUMENT) ")"
                                   " VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9)"
                                   " RETURNING id"                                                                    },
        [SUPERSEDE] = {"check.supersede",                                              "UPDATE checks SET is_newest = 0"
                                          " WHERE domain_id = $1 AND is_newest = 1"},
        [REPEAT] = {"check.repeat",
                 "UPDATE checks SET repeated = repeated + 1, last_at = $1"
                    " WHERE domain_id = $2 AND is_newest = 1"
                    " AND status = $3 AND can_send = $4 AND digest = $5 RETURNING id"                                 },
        [FIND] = {"check.find",                                                   SELECT "id = $1 AND domain_id = $2",   &shape},
        [FIND_NEWEST] = {"check.find_newest",
                 SELECT "domain_id = $1 ORDER BY id DESC LIMIT 1",                                                                                 &shape},
        [LIST] = {"check.list",
                 SELECT_SHORT "domain_id = $1 AND id > $2 ORDER BY id LIMIT $3",
                 &shape},
        [LIST_NEWEST] = {"check.list_newest",
                 SELECT_SHORT
                         "domain_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",                                                                                                &shape},
        [PURGE] = {"check.purge",
                 "DELETE FROM checks WHERE id IN (SELECT id FROM checks"
                   " WHERE is_newest = 0 AND last_at < $1 ORDER BY last_at LIMIT $2)"                                       },
};
const struct sql_statements check_statements = {statements, LEN(statements)};

static bool repeat(struct store *store, const struct check_row *row, int64_t *id,
                   struct err *err)
{
	return sql_number(store->sql, &statements[REPEAT],
	                  SQL_VALUES(sql_int(row->at), sql_int(row->domain_id),
	                             sql_text(row->status), sql_int(row->can_send),
	                             sql_text(row->digest)),
	                  id, err);
}

static bool add(struct store *store, const struct check_row *row, int64_t *id,
                struct err *err)
{
	struct check_row added = *row;

	added.repeated = 0;
	added.last_at = row->at;
	return sql_run(store->sql, &statements[SUPERSEDE],
	               SQL_VALUES(sql_int(row->domain_id)), NULL, err) &&
	       sql_insert(store->sql, &statements[ADD], &shape, &added, id, err);
}

bool check_add(struct store *store, const struct check_row *row, int64_t *id,
               struct err *err)
{
	bool own, is_good;

	*id = 0;
	if (!several_begin(store, &own, err))
		return false;
	is_good = !str_eq(row->cause, STR("schedule")) || repeat(store, row, id, err);
	if (is_good && !*id)
		is_good = add(store, row, id, err);
	return several_end(store, own, is_good, err);
}

bool check_find(struct store *store, struct arena *a, int64_t domain, int64_t id,
                struct check_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(domain)), a, out, err);
}

bool check_find_newest(struct store *store, struct arena *a, int64_t domain,
                       struct check_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_NEWEST],
	                SQL_VALUES(sql_int(domain)), a, out, err);
}

bool check_list(struct store *store, struct arena *a, int64_t domain,
                const struct store_page *page, struct check_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[page->newest_first ? LIST_NEWEST : LIST],
	              SQL_VALUES(sql_int(domain), page_cursor(page), page_rows(page)),
	              a, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool check_purge(struct store *store, int64_t before, int64_t limit, int64_t *removed,
                 struct err *err)
{
	return sql_run(store->sql, &statements[PURGE],
	               SQL_VALUES(sql_int(before), sql_int(limit)), removed, err);
}
