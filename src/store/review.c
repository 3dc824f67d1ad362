#include "store/review.h"

#include "store/parts.h"

#define ROW struct review_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, domain_id)                                                          \
	X(TEXT, state)                                                                 \
	X(TEXT, kind)                                                                  \
	X(TEXT, switches)                                                              \
	X(TEXT, form)                                                                  \
	X(TEXT, questions)                                                             \
	X(TEXT, answers)                                                               \
	X(TEXT, reason)                                                                \
	X(TEXT, decided_by)                                                            \
	X(OPTIONAL, submitted_at)                                                      \
	X(OPTIONAL, decided_at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM reviews WHERE "

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, FIND, FIND_NEWEST, LIST, LIST_NEWEST, SAVE };

static const struct sql_statement statements[] = {
        [ADD] = {"review.add",
                 "INSERT INTO reviews (" NAMES(COLUMNS) ")"
                                                        " VALUES ($1, $2, $3, $4, $5, "
                                                        "$6, $7, $8, $9, $10, $11)"
                                                        " RETURNING id"                 },
        [FIND] = {"review.find",                                         SELECT "id = $1", &shape},
        [FIND_NEWEST] = {"review.find_newest",
                 SELECT "domain_id = $1 ORDER BY id DESC LIMIT 1",                                                  &shape},
        [LIST] = {"review.list",                                               SELECT "state = $1 AND id > $2 ORDER BY id LIMIT $3",
                 &shape},
        [LIST_NEWEST] = {"review.list_newest",
                 SELECT "state = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                 &shape},
        [SAVE] = {"review.save",
                 "UPDATE reviews SET state = $1, kind = $2, switches = $3, form = $4,"
                  " questions = $5, answers = $6, reason = $7, decided_by = $8,"
                  " submitted_at = $9, decided_at = $10 WHERE id = $11"              },
};
const struct sql_statements review_statements = {statements, LEN(statements)};

bool review_add(struct store *store, const struct review_row *row, int64_t *id,
                struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool review_find(struct store *store, struct arena *a, int64_t id,
                 struct review_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND], SQL_VALUES(sql_int(id)), a, out,
	                err);
}

bool review_find_newest(struct store *store, struct arena *a, int64_t domain,
                        struct review_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_NEWEST],
	                SQL_VALUES(sql_int(domain)), a, out, err);
}

bool review_list(struct store *store, struct arena *a, struct str state,
                 const struct store_page *page, struct review_rows *out,
                 struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[page->newest_first ? LIST_NEWEST : LIST],
	              SQL_VALUES(sql_text(state), page_cursor(page), page_rows(page)),
	              a, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool review_save(struct store *store, const struct review_row *row, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_text(row->state), sql_text(row->kind),
	                          sql_text(row->switches), sql_text(row->form),
	                          sql_text(row->questions), sql_text(row->answers),
	                          sql_text(row->reason), sql_text(row->decided_by),
	                          sql_optional(row->submitted_at),
	                          sql_optional(row->decided_at), sql_int(row->id)),
	               NULL, err);
}
