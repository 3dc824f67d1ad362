#include "store/tracking.h"

#include "store/parts.h"

#define ROW struct tracking_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(OPTIONAL, domain_id)                                                         \
	X(TEXT, name)                                                                  \
	X(TEXT, mode)                                                                  \
	X(TEXT, region)                                                                \
	X(TEXT, target)                                                                \
	X(TEXT, status)                                                                \
	X(INT, created_at)                                                             \
	X(OPTIONAL, retired_at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM tracking_domains WHERE "

static const struct sql_shape shape = SHAPE(COLUMNS);

/* The two of each list stand together: by ascending id, newest first. */
enum {
	ADD,
	FIND,
	FIND_NAME,
	ALL,
	ALL_NEWEST,
	ACCOUNT,
	ACCOUNT_NEWEST,
	DOMAIN,
	DOMAIN_NEWEST,
	SAVE,
	RETIRE,
};

static const struct sql_statement statements[] = {
        [ADD] = {"tracking.add",
                 "INSERT INTO tracking_domains (" NAMES(
                         COLUMNS) ")"
                                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                                  " ON CONFLICT (name) WHERE retired_at IS NULL DO "
                                  "NOTHING RETURNING id"                                                                             },
        [FIND] = {"tracking.find",                                                    SELECT "id = $1 AND ($2 = 0 OR account_id = $2)",
                 &shape},
        [FIND_NAME] = {"tracking.find_name",                                                                  SELECT "name = $1 AND retired_at IS NULL",
                 &shape},
        [ALL] = {"tracking.list",                                                             SELECT "id > $1 ORDER BY id LIMIT $2",                                                                                                             &shape},
        [ALL_NEWEST] = {"tracking.list_newest",
                 SELECT "id < $1 ORDER BY id DESC LIMIT $2",&shape},
        [ACCOUNT] = {"tracking.list_account",
                 SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3",                                                                           &shape},
        [ACCOUNT_NEWEST] = {"tracking.list_account_newest",
                 SELECT
                            "account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",                                                                                            &shape},
        [DOMAIN] = {"tracking.list_domain",
                 SELECT "domain_id = $1 AND id > $2"
                           " AND ($3 = 0 OR account_id = $3) ORDER BY id LIMIT $4",                                  &shape},
        [DOMAIN_NEWEST] = {"tracking.list_domain_newest",
                 SELECT "domain_id = $1 AND id < $2"
                                  " AND ($3 = 0 OR account_id = $3)"
                                  " ORDER BY id DESC LIMIT $4",&shape},
        [SAVE] = {"tracking.save",
                 "UPDATE tracking_domains SET domain_id = $1, mode = $2, region = $3,"
                  " target = $4, status = $5 WHERE id = $6"                                                   },
        [RETIRE] = {"tracking.retire",
                 "UPDATE tracking_domains SET retired_at = $1 WHERE id = $2"
                    " AND ($3 = 0 OR account_id = $3) AND retired_at IS NULL"                                                                                     },
};
const struct sql_statements tracking_statements = {statements, LEN(statements)};

bool tracking_add(struct store *store, const struct tracking_row *row, int64_t *id,
                  struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool tracking_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                   struct tracking_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool tracking_find_name(struct store *store, struct arena *a, struct str name,
                        struct tracking_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_NAME], SQL_VALUES(sql_text(name)),
	                a, out, err);
}

static bool list(struct store *store, struct arena *a,
                 const struct tracking_filter *filter, const struct store_page *page,
                 struct sql_rows *rows, struct err *err)
{
	struct sql_value account = sql_int(filter->account_id);
	struct sql_value domain = sql_int(filter->domain_id);
	struct sql_value cursor = page_cursor(page), limit = page_rows(page);
	const struct sql_statement *s = &statements[page->newest_first ? 1 : 0];

	if (filter->domain_id)
		return sql_list(store->sql, s + DOMAIN,
		                SQL_VALUES(domain, cursor, account, limit), a, rows,
		                err);
	if (filter->account_id)
		return sql_list(store->sql, s + ACCOUNT,
		                SQL_VALUES(account, cursor, limit), a, rows, err);
	return sql_list(store->sql, s + ALL, SQL_VALUES(cursor, limit), a, rows, err);
}

bool tracking_list(struct store *store, struct arena *a,
                   const struct tracking_filter *filter, const struct store_page *page,
                   struct tracking_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!list(store, a, filter, page, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool tracking_save(struct store *store, const struct tracking_row *row, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_optional(row->domain_id), sql_text(row->mode),
	                          sql_text(row->region), sql_text(row->target),
	                          sql_text(row->status), sql_int(row->id)),
	               NULL, err);
}

bool tracking_retire(struct store *store, int64_t account, int64_t id, int64_t now,
                     bool *retired, struct err *err)
{
	int64_t changed = 0;
	bool is_good = sql_run(store->sql, &statements[RETIRE],
	                       SQL_VALUES(sql_int(now), sql_int(id), sql_int(account)),
	                       &changed, err);

	*retired = changed > 0;
	return is_good;
}
