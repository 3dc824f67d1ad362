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
	X(TEXT, environment)                                                           \
	X(BOOL, http_allowed)                                                          \
	X(TEXT, aasa)                                                                  \
	X(TEXT, assetlinks)                                                            \
	X(TEXT, http)                                                                  \
	X(TEXT, https)                                                                 \
	X(BOOL, is_dangling)                                                           \
	X(BOOL, is_listed)                                                             \
	X(OPTIONAL, status_since)                                                      \
	X(OPTIONAL, checked_at)                                                        \
	X(OPTIONAL, verified_at)                                                       \
	X(OPTIONAL, changed_at)                                                        \
	X(OPTIONAL, next_at)                                                           \
	X(INT, fault_streak)                                                           \
	X(TEXT, seen)                                                                  \
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
	LOAD,
	SET_TIME,
	DROP_TIME,
};

/* clang-format off */
static const struct sql_statement statements[] = {
	[ADD] = {"tracking.add",
		"INSERT INTO tracking_domains (" NAMES(COLUMNS) ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, $19, $20, $21, $22, $23, $24)"
		" ON CONFLICT (name) WHERE retired_at IS NULL DO NOTHING RETURNING id"},
	[FIND] = {"tracking.find", SELECT "id = $1 AND ($2 = 0 OR account_id = $2)", &shape},
	[FIND_NAME] = {"tracking.find_name", SELECT "name = $1 AND retired_at IS NULL", &shape},
	[ALL] = {"tracking.list", SELECT "id > $1 ORDER BY id LIMIT $2", &shape},
	[ALL_NEWEST] = {"tracking.list_newest", SELECT "id < $1 ORDER BY id DESC LIMIT $2", &shape},
	[ACCOUNT] = {"tracking.list_account",
		SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3", &shape},
	[ACCOUNT_NEWEST] = {"tracking.list_account_newest",
		SELECT "account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", &shape},
	[DOMAIN] = {"tracking.list_domain",
		SELECT "domain_id = $1 AND id > $2 AND ($3 = 0 OR account_id = $3)"
		" ORDER BY id LIMIT $4", &shape},
	[DOMAIN_NEWEST] = {"tracking.list_domain_newest",
		SELECT "domain_id = $1 AND id < $2 AND ($3 = 0 OR account_id = $3)"
		" ORDER BY id DESC LIMIT $4", &shape},
	[SAVE] = {"tracking.save",
		"UPDATE tracking_domains SET domain_id = $1, mode = $2, region = $3, target = $4,"
		" status = $5, environment = $6, http_allowed = $7, aasa = $8, assetlinks = $9,"
		" http = $10, https = $11, is_dangling = $12, is_listed = $13,"
		" status_since = $14, checked_at = $15, verified_at = $16, changed_at = $17,"
		" next_at = $18, fault_streak = $19, seen = $20 WHERE id = $21"},
	[RETIRE] = {"tracking.retire",
		"UPDATE tracking_domains SET retired_at = $1, next_at = $1 WHERE id = $2"
		" AND ($3 = 0 OR account_id = $3) AND retired_at IS NULL"},
	[LOAD] = {"tracking.schedule_load", "SELECT tracking_id, next_at FROM tracking_schedule",
		.reads_all = true},
	[SET_TIME] = {"tracking.schedule_set",
		"INSERT INTO tracking_schedule (tracking_id, next_at) VALUES ($1, $2)"
		" ON CONFLICT (tracking_id) DO UPDATE SET next_at = excluded.next_at"},
	[DROP_TIME] = {"tracking.schedule_drop",
		"DELETE FROM tracking_schedule WHERE tracking_id = $1"},
};
/* clang-format on */
const struct sql_statements tracking_statements = {statements, LEN(statements)};

static bool set_time(struct store *store, int64_t id, int64_t next_at, struct err *err)
{
	if (next_at)
		return sql_run(store->sql, &statements[SET_TIME],
		               SQL_VALUES(sql_int(id), sql_int(next_at)), NULL, err);
	return sql_run(store->sql, &statements[DROP_TIME], SQL_VALUES(sql_int(id)),
	               NULL, err);
}

static bool add(struct store *store, const struct tracking_row *row, int64_t *id,
                struct err *err)
{
	if (!sql_insert(store->sql, &statements[ADD], &shape, row, id, err))
		return false;
	return *id == 0 || set_time(store, *id, row->next_at, err);
}

bool tracking_add(struct store *store, const struct tracking_row *row, int64_t *id,
                  struct err *err)
{
	bool own;

	return several_begin(store, &own, err) &&
	       several_end(store, own, add(store, row, id, err), err);
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

static bool save(struct store *store, const struct tracking_row *r, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_optional(r->domain_id), sql_text(r->mode),
	                          sql_text(r->region), sql_text(r->target),
	                          sql_text(r->status), sql_text(r->environment),
	                          sql_int(r->http_allowed), sql_text(r->aasa),
	                          sql_text(r->assetlinks), sql_text(r->http),
	                          sql_text(r->https), sql_int(r->is_dangling),
	                          sql_int(r->is_listed), sql_optional(r->status_since),
	                          sql_optional(r->checked_at),
	                          sql_optional(r->verified_at),
	                          sql_optional(r->changed_at), sql_optional(r->next_at),
	                          sql_int(r->fault_streak), sql_text(r->seen),
	                          sql_int(r->id)),
	               NULL, err) &&
	       set_time(store, r->id, r->next_at, err);
}

bool tracking_save(struct store *store, const struct tracking_row *row, struct err *err)
{
	bool own;

	return several_begin(store, &own, err) &&
	       several_end(store, own, save(store, row, err), err);
}

static bool retire(struct store *store, int64_t account, int64_t id, int64_t now,
                   bool *retired, struct err *err)
{
	int64_t changed = 0;

	if (!sql_run(store->sql, &statements[RETIRE],
	             SQL_VALUES(sql_int(now), sql_int(id), sql_int(account)), &changed,
	             err))
		return false;
	*retired = changed > 0;
	return !*retired || set_time(store, id, now, err);
}

bool tracking_retire(struct store *store, int64_t account, int64_t id, int64_t now,
                     bool *retired, struct err *err)
{
	bool own;

	return several_begin(store, &own, err) &&
	       several_end(store, own, retire(store, account, id, now, retired, err),
	                   err);
}

struct loading {
	tracking_schedule_fn *each;
	void *arg;
};

static bool load_row(const struct sql_row *row, void *arg)
{
	const struct loading *loading = arg;

	return loading->each(sql_row_int(row, 0), sql_row_int(row, 1), loading->arg);
}

bool tracking_schedule_load(struct store *store, tracking_schedule_fn *each, void *arg,
                            struct err *err)
{
	struct loading loading = {each, arg};

	return sql_each(store->sql, &statements[LOAD], SQL_NO_VALUES, load_row,
	                &loading, err);
}
