#include "store/event.h"

#include "store/parts.h"

#define ROW struct event_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(OPTIONAL, account_id)                                                    \
	X(OPTIONAL, domain_id)                                                         \
	X(TEXT, type)                                                                  \
	X(INT, at)                                                                     \
	X(TEXT, data)
#define SELECT     "SELECT id, " NAMES(COLUMNS) " FROM events WHERE "
#define OF_TYPE    " AND ($3 = '' OR type = $3)"
#define OF_ACCOUNT " AND ($4 = 0 OR account_id = $4)"
#define UP         " ORDER BY id LIMIT "
#define DOWN       " ORDER BY id DESC LIMIT "

static const struct sql_shape shape = SHAPE(COLUMNS);

/* The two of each list stand together: by ascending id, newest first. */
enum {
	ADD,
	FIND,
	ALL,
	ALL_NEWEST,
	ACCOUNT,
	ACCOUNT_NEWEST,
	DOMAIN,
	DOMAIN_NEWEST,
	PURGE
};

static const struct sql_statement statements[] = {
        [ADD] = {"event.add",
                 "INSERT INTO events (" NAMES(
                         COLUMNS) ")"
                                  " VALUES ($1, $2, $3, $4, $5) RETURNING id"                                                    },
        [FIND] = {"event.find",                                                   SELECT "id = $1 AND ($2 = 0 OR account_id = $2)",
                 &shape},
        [ALL] = {"event.list",                                                              SELECT "id > $1 AND ($2 = '' OR type = $2)" UP "$3",
                 &shape},
        [ALL_NEWEST] = {"event.list_newest",
                 SELECT "id < $1 AND ($2 = '' OR type = $2)" DOWN "$3",                                                                                                         &shape},
        [ACCOUNT] = {"event.list_account",
                 SELECT "account_id = $1 AND id > $2" OF_TYPE UP "$4",&shape},
        [ACCOUNT_NEWEST] = {"event.list_account_newest",
                 SELECT "account_id = $1 AND id < $2" OF_TYPE DOWN "$4",
                 &shape},
        [DOMAIN] = {"event.list_domain",
                 SELECT "domain_id = $1 AND id > $2" OF_TYPE OF_ACCOUNT UP "$5",
                 &shape},
        [DOMAIN_NEWEST] = {"event.list_domain_newest",
                 SELECT "domain_id = $1 AND id < $2" OF_TYPE OF_ACCOUNT DOWN
                                  "$5",                                                                                                         &shape},
 /* Ids ascend with time, so the oldest are the first. */
        [PURGE] = {"event.purge",
                 "DELETE FROM events WHERE at < $1 AND id IN"
                   " (SELECT id FROM events WHERE id < (SELECT max(id) FROM events)"
                   " ORDER BY id LIMIT $2)"                                                                                                          },
};
const struct sql_statements event_statements = {statements, LEN(statements)};

bool event_append(struct store *store, const struct event_row *row, int64_t *id,
                  struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool event_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                struct event_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool event_list(struct store *store, struct arena *a, const struct event_filter *filter,
                const struct store_page *page, struct event_rows *out, struct err *err)
{
	struct sql_value type = sql_text(filter->type);
	const struct owned_list list = {
	        .statements = &statements[ALL],
	        .account = filter->account_id,
	        .domain = filter->domain_id,
	        .more = &type,
	        .page = page,
	};
	struct sql_rows rows;

	if (!owned_list(store, a, &list, &rows, &out->next, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool event_purge(struct store *store, int64_t before, int64_t limit, int64_t *removed,
                 struct err *err)
{
	return sql_run(store->sql, &statements[PURGE],
	               SQL_VALUES(sql_int(before), sql_int(limit)), removed, err);
}
