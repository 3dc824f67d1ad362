#include "store/certificate.h"

#include "store/parts.h"

#define ROW struct certificate_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(TEXT, host)                                                                  \
	X(TEXT, state)                                                                 \
	X(TEXT, source)                                                                \
	X(BOOL, is_wanted)                                                             \
	X(INT, generation)                                                             \
	X(OPTIONAL, not_before)                                                        \
	X(OPTIONAL, not_after)                                                         \
	X(OPTIONAL, ordered_at)                                                        \
	X(BOOL, is_ordered)                                                            \
	X(INT, attempts)                                                               \
	X(INT, faults)                                                                 \
	X(OPTIONAL, try_at)                                                            \
	X(OPTIONAL, next_at)                                                           \
	X(OPTIONAL, failed_at)                                                         \
	X(TEXT, failure)                                                               \
	X(BOOL, is_told_expiring)                                                      \
	X(TEXT, issuer)                                                                \
	X(TEXT, serial)                                                                \
	X(TEXT, words)                                                                 \
	X(TEXT, directory)                                                             \
	X(TEXT, leaf)                                                                  \
	X(INT, updated_at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM certificates WHERE "

static const struct sql_shape shape = SHAPE(COLUMNS);

#undef ROW
#define ROW struct certificate_count
static const struct sql_field count_fields[] = {FIELD(TEXT, state), FIELD(INT, n),
                                                FIELD(OPTIONAL, first_not_after)};
static const struct sql_shape count_shape = {count_fields, LEN(count_fields),
                                             sizeof(ROW)};

/* The two of each list stand together: by ascending id, newest first. */
enum {
	SAVE,
	FIND,
	ALL,
	ALL_NEWEST,
	ACCOUNT,
	ACCOUNT_NEWEST,
	REMOVE,
	LOAD,
	COUNT,
	FORGIVE,
	COUNT_STATES,
};

/* clang-format off */
static const struct sql_statement statements[] = {
	[SAVE] = {"certificate.save",
	          "INSERT INTO certificates (id, " NAMES(COLUMNS) ")"
	          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
	          " $16, $17, $18, $19, $20, $21, $22, $23, $24)"
	          " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
	          " source = excluded.source, is_wanted = excluded.is_wanted,"
	          " generation = excluded.generation, not_before = excluded.not_before,"
	          " not_after = excluded.not_after, ordered_at = excluded.ordered_at,"
	          " is_ordered = excluded.is_ordered, attempts = excluded.attempts,"
	          " faults = excluded.faults, try_at = excluded.try_at,"
	          " next_at = excluded.next_at, failed_at = excluded.failed_at,"
	          " failure = excluded.failure, is_told_expiring = excluded.is_told_expiring,"
	          " issuer = excluded.issuer, serial = excluded.serial, words = excluded.words,"
	          " directory = excluded.directory, leaf = excluded.leaf,"
	          " updated_at = excluded.updated_at"},
	[FIND] = {"certificate.find", SELECT "id = $1 AND ($2 = 0 OR account_id = $2)", &shape},
	[ALL] = {"certificate.list", SELECT "id > $1 AND ($2 = '' OR state = $2)"
	         " ORDER BY id LIMIT $3", &shape},
	[ALL_NEWEST] = {"certificate.list_newest", SELECT "id < $1 AND ($2 = '' OR state = $2)"
	                " ORDER BY id DESC LIMIT $3", &shape},
	[ACCOUNT] = {"certificate.list_account", SELECT "account_id = $1 AND id > $2"
	             " AND ($3 = '' OR state = $3) ORDER BY id LIMIT $4", &shape},
	[ACCOUNT_NEWEST] = {"certificate.list_account_newest", SELECT "account_id = $1 AND id < $2"
	                    " AND ($3 = '' OR state = $3) ORDER BY id DESC LIMIT $4", &shape},
	[REMOVE] = {"certificate.remove", "DELETE FROM certificates WHERE id = $1"},
	[LOAD] = {"certificate.load", "SELECT id, next_at, is_ordered FROM certificates"
	          " WHERE next_at IS NOT NULL OR is_ordered = 1", .reads_all = true},
	[COUNT] = {"certificate.count_ordered",
	           "SELECT count(*) FROM certificates WHERE ordered_at >= $1"},
	[FORGIVE] = {"certificate.forgive",
	             "UPDATE certificates SET attempts = 0, faults = 0, try_at = NULL,"
	             " next_at = $1, failure = '', words = '', directory = $2"
	             " WHERE directory <> $2 AND is_ordered = 0 AND failure <> ''",
	             .reads_all = true},
	[COUNT_STATES] = {"certificate.count_states",
	                  "SELECT state, count(*),"
	                  " min(CASE WHEN not_after > $1 THEN not_after END)"
	                  " FROM certificates GROUP BY state", &count_shape, .reads_all = true},
};
/* clang-format on */
const struct sql_statements certificate_statements = {statements, LEN(statements)};

bool certificate_save(struct store *store, const struct certificate_row *r,
                      struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_int(r->id), sql_int(r->account_id),
	                          sql_text(r->host), sql_text(r->state),
	                          sql_text(r->source), sql_int(r->is_wanted),
	                          sql_int(r->generation), sql_optional(r->not_before),
	                          sql_optional(r->not_after),
	                          sql_optional(r->ordered_at), sql_int(r->is_ordered),
	                          sql_int(r->attempts), sql_int(r->faults),
	                          sql_optional(r->try_at), sql_optional(r->next_at),
	                          sql_optional(r->failed_at), sql_text(r->failure),
	                          sql_int(r->is_told_expiring), sql_text(r->issuer),
	                          sql_text(r->serial), sql_text(r->words),
	                          sql_text(r->directory), sql_text(r->leaf),
	                          sql_int(r->updated_at)),
	               NULL, err);
}

bool certificate_find(struct store *store, struct arena *a, int64_t account,
                      int64_t tracking, struct certificate_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(tracking), sql_int(account)), a, out, err);
}

bool certificate_list(struct store *store, struct arena *a,
                      const struct certificate_filter *filter,
                      const struct store_page *page, struct certificate_rows *out,
                      struct err *err)
{
	const struct sql_statement *s = &statements[page->newest_first ? 1 : 0];
	struct sql_value cursor = page_cursor(page), limit = page_rows(page);
	struct sql_value state = sql_text(filter->state);
	struct sql_rows rows;
	bool ok;

	if (filter->account_id)
		ok = sql_list(
		        store->sql, s + ACCOUNT,
		        SQL_VALUES(sql_int(filter->account_id), cursor, state, limit),
		        a, &rows, err);
	else
		ok = sql_list(store->sql, s + ALL, SQL_VALUES(cursor, state, limit), a,
		              &rows, err);
	if (!ok)
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool certificate_remove(struct store *store, int64_t tracking, struct err *err)
{
	return sql_run(store->sql, &statements[REMOVE], SQL_VALUES(sql_int(tracking)),
	               NULL, err);
}

struct loading {
	certificate_due_fn *each;
	void *arg;
};

static bool load_row(const struct sql_row *row, void *arg)
{
	const struct loading *loading = arg;
	const struct certificate_due due = {sql_row_int(row, 0), sql_row_int(row, 1),
	                                    sql_row_int(row, 2) != 0};

	return loading->each(&due, loading->arg);
}

bool certificate_load(struct store *store, certificate_due_fn *each, void *arg,
                      struct err *err)
{
	struct loading loading = {each, arg};

	return sql_each(store->sql, &statements[LOAD], SQL_NO_VALUES, load_row,
	                &loading, err);
}

bool certificate_count_ordered(struct store *store, int64_t since, int64_t *n,
                               struct err *err)
{
	return sql_number(store->sql, &statements[COUNT], SQL_VALUES(sql_int(since)), n,
	                  err);
}

bool certificate_forgive(struct store *store, struct str directory, int64_t now,
                         struct err *err)
{
	return sql_run(store->sql, &statements[FORGIVE],
	               SQL_VALUES(sql_int(now), sql_text(directory)), NULL, err);
}

bool certificate_count(struct store *store, struct arena *a, int64_t now,
                       struct certificate_counts *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[COUNT_STATES], SQL_VALUES(sql_int(now)),
	              a, &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}
