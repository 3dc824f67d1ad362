#include "store/unsubscribe.h"

#include "store/parts.h"

#define ROW struct unsubscribe_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(INT, domain_id)                                                              \
	X(TEXT, address)                                                               \
	X(INT, message)                                                                \
	X(INT, at)
#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM unsubscribes WHERE "
static const struct sql_shape shape = SHAPE(COLUMNS);

/* The two of each list stand together: by ascending id, newest first. */
enum { ADD, HAS, FIND, REMOVE, ACCOUNT, ACCOUNT_NEWEST, DOMAIN, DOMAIN_NEWEST };

/* clang-format off */
static const struct sql_statement statements[] = {
	[ADD] = {"unsubscribe.add", "INSERT INTO unsubscribes (" NAMES(COLUMNS) ")"
		" VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (account_id, domain_id, address) DO NOTHING RETURNING id"},
	[HAS] = {"unsubscribe.has", "SELECT id FROM unsubscribes WHERE account_id = $1"
		" AND domain_id IN (0, $2) AND address = $3 LIMIT 1"},
	[FIND] = {"unsubscribe.find", SELECT "id = $1 AND ($2 = 0 OR account_id = $2)", &shape},
	[REMOVE] = {"unsubscribe.remove",
		"DELETE FROM unsubscribes WHERE id = $1 AND ($2 = 0 OR account_id = $2)"},
	[ACCOUNT] = {"unsubscribe.list",
		SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3", &shape},
	[ACCOUNT_NEWEST] = {"unsubscribe.list_newest",
		SELECT "account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", &shape},
	[DOMAIN] = {"unsubscribe.list_domain", SELECT "domain_id = $1 AND id > $2"
		" AND ($3 = 0 OR account_id = $3) ORDER BY id LIMIT $4", &shape},
	[DOMAIN_NEWEST] = {"unsubscribe.list_domain_newest", SELECT "domain_id = $1 AND id < $2"
		" AND ($3 = 0 OR account_id = $3) ORDER BY id DESC LIMIT $4", &shape},
};
/* clang-format on */
const struct sql_statements unsubscribe_statements = {statements, LEN(statements)};

bool unsubscribe_add(struct store *store, const struct unsubscribe_row *row,
                     int64_t *id, struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool unsubscribe_has(struct store *store, int64_t account, int64_t domain,
                     struct str address, bool *has, struct err *err)
{
	int64_t id;

	if (!sql_number(
	            store->sql, &statements[HAS],
	            SQL_VALUES(sql_int(account), sql_int(domain), sql_text(address)),
	            &id, err))
		return false;
	*has = id != 0;
	return true;
}

bool unsubscribe_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                      struct unsubscribe_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool unsubscribe_list(struct store *store, struct arena *a,
                      const struct unsubscribe_filter *filter,
                      const struct store_page *page, struct unsubscribe_rows *out,
                      struct err *err)
{
	struct sql_value account = sql_int(filter->account_id);
	const struct sql_statement *s = &statements[page->newest_first ? 1 : 0];
	struct sql_rows rows;
	bool is_good;

	if (filter->domain_id)
		is_good = sql_list(store->sql, s + DOMAIN,
		                   SQL_VALUES(sql_int(filter->domain_id),
		                              page_cursor(page), account,
		                              page_rows(page)),
		                   a, &rows, err);
	else
		is_good = sql_list(
		        store->sql, s + ACCOUNT,
		        SQL_VALUES(account, page_cursor(page), page_rows(page)), a,
		        &rows, err);
	if (!is_good)
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool unsubscribe_remove(struct store *store, int64_t account, int64_t id, bool *removed,
                        struct err *err)
{
	int64_t changed = 0;
	bool is_good =
	        sql_run(store->sql, &statements[REMOVE],
	                SQL_VALUES(sql_int(id), sql_int(account)), &changed, err);

	*removed = changed > 0;
	return is_good;
}
