#include "store/sender.h"

#include "store/parts.h"

#define ROW struct sender_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(OPTIONAL, domain_id)                                                         \
	X(TEXT, address)                                                               \
	X(TEXT, display_name)                                                          \
	X(TEXT, status)                                                                \
	X(INT, created_at)                                                             \
	X(OPTIONAL, deleted_at)
#define SELECT                                                                         \
	"SELECT id, " NAMES(COLUMNS) " FROM senders WHERE deleted_at IS NULL AND "

static const struct sql_shape shape = SHAPE(COLUMNS);

/* The two of each list stand together: by ascending id, newest first. */
enum {
	ADD,
	FIND,
	FIND_ADDRESS,
	ALL,
	ALL_NEWEST,
	ACCOUNT,
	ACCOUNT_NEWEST,
	DOMAIN,
	DOMAIN_NEWEST,
	SAVE,
	DELETE,
};

static const struct sql_statement statements[] = {
        [ADD] = {"sender.add",                                                       "INSERT INTO senders (" NAMES(
                                       COLUMNS) ")"
                                                " VALUES ($1, $2, $3, $4, $5, $6, $7)"
                                                " ON CONFLICT (account_id, address) "
                                                "WHERE deleted_at IS NULL"
                                                " DO NOTHING RETURNING id"                             },
        [FIND] = {"sender.find",                                                      SELECT "id = $1 AND ($2 = 0 OR account_id = $2)",
                 &shape},
        [FIND_ADDRESS] = {"sender.find_address",
                 SELECT "account_id = $1 AND address = $2",                                                                                              &shape},
        [ALL] = {"sender.list",                                                            SELECT "id > $1 ORDER BY id LIMIT $2",               &shape},
        [ALL_NEWEST] = {"sender.list_newest",
                 SELECT "id < $1 ORDER BY id DESC LIMIT $2",&shape},
        [ACCOUNT] = {"sender.list_account",
                 SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3",                                                                           &shape},
        [ACCOUNT_NEWEST] = {"sender.list_account_newest",
                 SELECT
                            "account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",                                                                                              &shape},
        [DOMAIN] = {"sender.list_domain",
                 SELECT "domain_id = $1 AND id > $2"
                           " AND ($3 = 0 OR account_id = $3) ORDER BY id LIMIT $4",                                  &shape},
        [DOMAIN_NEWEST] = {"sender.list_domain_newest",
                 SELECT "domain_id = $1 AND id < $2"
                                  " AND ($3 = 0 OR account_id = $3)"
                                  " ORDER BY id DESC LIMIT $4",&shape},
        [SAVE] = {"sender.save",
                 "UPDATE senders SET domain_id = $1, display_name = $2, status = $3"
                  " WHERE id = $4 AND deleted_at IS NULL"                                                   },
        [DELETE] = {"sender.delete",
                 "UPDATE senders SET deleted_at = $1 WHERE id = $2"
                    " AND ($3 = 0 OR account_id = $3) AND deleted_at IS NULL"                                                                                       },
};
const struct sql_statements sender_statements = {statements, LEN(statements)};

bool sender_add(struct store *store, const struct sender_row *row, int64_t *id,
                struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool sender_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                 struct sender_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool sender_find_address(struct store *store, struct arena *a, int64_t account,
                         struct str address, struct sender_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_ADDRESS],
	                SQL_VALUES(sql_int(account), sql_text(address)), a, out, err);
}

bool sender_list(struct store *store, struct arena *a,
                 const struct sender_filter *filter, const struct store_page *page,
                 struct sender_rows *out, struct err *err)
{
	const struct owned_list list = {
	        .statements = &statements[ALL],
	        .account = filter->account_id,
	        .domain = filter->domain_id,
	        .page = page,
	};
	struct sql_rows rows;

	if (!owned_list(store, a, &list, &rows, &out->next, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool sender_save(struct store *store, const struct sender_row *row, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_optional(row->domain_id),
	                          sql_text(row->display_name), sql_text(row->status),
	                          sql_int(row->id)),
	               NULL, err);
}

bool sender_delete(struct store *store, int64_t account, int64_t id, int64_t now,
                   bool *deleted, struct err *err)
{
	int64_t changed = 0;
	bool is_good = sql_run(store->sql, &statements[DELETE],
	                       SQL_VALUES(sql_int(now), sql_int(id), sql_int(account)),
	                       &changed, err);

	*deleted = changed > 0;
	return is_good;
}
