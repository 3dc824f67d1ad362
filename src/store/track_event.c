#include "store/track_event.h"

#include "store/parts.h"

#define ROW struct track_event_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(INT, account_id)                                                         \
	X(OPTIONAL, domain_id)                                                         \
	X(INT, type)                                                                   \
	X(INT, at)                                                                     \
	X(INT, message)                                                                \
	X(INT, link)                                                                   \
	X(INT, verdict)                                                                \
	X(INT, reasons)                                                                \
	X(INT, source)                                                                 \
	X(INT, method)                                                                 \
	X(INT, tls)                                                                    \
	X(INT, answer)                                                                 \
	X(INT, hints)                                                                  \
	X(TEXT, host)                                                                  \
	X(TEXT, text)                                                                  \
	X(TEXT, ip)                                                                    \
	X(TEXT, agent)
static const struct sql_shape shape = SHAPE(COLUMNS);
#undef ROW
#define ROW struct track_near_row
#define NEAR_COLUMNS(FIRST, X)                                                         \
	FIRST(OPTIONAL, domain_id)                                                     \
	X(INT, type)                                                                   \
	X(INT, at)                                                                     \
	X(INT, link)                                                                   \
	X(INT, verdict)                                                                \
	X(INT, reasons)                                                                \
	X(INT, source)
static const struct sql_shape near_shape = SHAPE(NEAR_COLUMNS);

enum {
	/* Rows that a list by type or verdict goes through for one page. */
	SCAN_MAX = 10000,
	ANY_VERDICT = -1,
};

#define SELECT "SELECT id, " NAMES(COLUMNS) " FROM track_events WHERE "
/* Of the rows between a cursor and the end of what is gone through. */
#define MATCH                                                                          \
	" AND ($4 = 0 OR type = $4) AND ($5 = -1 OR verdict = $5)"                     \
	" AND ($6 = 0 OR account_id = $6)"
#define UP(column)                                                                     \
	SELECT column " = $1 AND id > $2 AND id <= $3" MATCH " ORDER BY id LIMIT $7"
#define DOWN(column)                                                                   \
	SELECT column " = $1 AND id < $2 AND id >= $3" MATCH                           \
	              " ORDER BY id DESC LIMIT $7"
#define END_UP(column)                                                                 \
	"SELECT id FROM track_events WHERE " column " = $1 AND id > $2"                \
	" ORDER BY id LIMIT 1 OFFSET $3"
#define END_DOWN(column)                                                               \
	"SELECT id FROM track_events WHERE " column " = $1 AND id < $2"                \
	" ORDER BY id DESC LIMIT 1 OFFSET $3"

/* The four of each list stand together. */
enum { LIST_UP, LIST_DOWN, LIST_END_UP, LIST_END_DOWN, LIST_COUNT };
enum {
	OF_HOST,
	NEWEST,
	ADD,
	NEAR,
	RELABEL,
	FIND,
	PURGE,
	ACCOUNT,
	DOMAIN = ACCOUNT + LIST_COUNT,
	MESSAGE = DOMAIN + LIST_COUNT,
};

/* clang-format off */
static const struct sql_statement statements[] = {
	/* A host in use is newer than the same name retired. */
	[OF_HOST] = {"track_event.of_host", "SELECT domain_id FROM tracking_domains"
		" WHERE name = $1 AND account_id = $2 ORDER BY id DESC LIMIT 1"},
	[NEWEST] = {"track_event.newest", "SELECT max(id) FROM track_events"},
	[ADD] = {"track_event.add", "INSERT INTO track_events (id, " NAMES(COLUMNS) ") VALUES"
		" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"},
	[NEAR] = {"track_event.near", "SELECT id, " NAMES(NEAR_COLUMNS) " FROM track_events"
		" WHERE message = $1 ORDER BY id DESC LIMIT $2", &near_shape},
	[RELABEL] = {"track_event.relabel",
		"UPDATE track_events SET verdict = $1, reasons = $2 WHERE id = $3"},
	[FIND] = {"track_event.find", SELECT "id = $1 AND ($2 = 0 OR account_id = $2)", &shape},
	/* Ids ascend with time, nearly, so the oldest are the first. */
	[PURGE] = {"track_event.purge", "DELETE FROM track_events WHERE at < $1 AND id IN"
		" (SELECT id FROM track_events WHERE id < (SELECT max(id) FROM track_events)"
		" ORDER BY id LIMIT $2)"},
	[ACCOUNT + LIST_UP] = {"track_event.list_account", UP("account_id"), &shape},
	[ACCOUNT + LIST_DOWN] = {"track_event.list_account_newest", DOWN("account_id"), &shape},
	[ACCOUNT + LIST_END_UP] = {"track_event.end_account", END_UP("account_id")},
	[ACCOUNT + LIST_END_DOWN] = {"track_event.end_account_newest", END_DOWN("account_id")},
	[DOMAIN + LIST_UP] = {"track_event.list_domain", UP("domain_id"), &shape},
	[DOMAIN + LIST_DOWN] = {"track_event.list_domain_newest", DOWN("domain_id"), &shape},
	[DOMAIN + LIST_END_UP] = {"track_event.end_domain", END_UP("domain_id")},
	[DOMAIN + LIST_END_DOWN] = {"track_event.end_domain_newest", END_DOWN("domain_id")},
	[MESSAGE + LIST_UP] = {"track_event.list_message", UP("message"), &shape},
	[MESSAGE + LIST_DOWN] = {"track_event.list_message_newest", DOWN("message"), &shape},
	[MESSAGE + LIST_END_UP] = {"track_event.end_message", END_UP("message")},
	[MESSAGE + LIST_END_DOWN] = {"track_event.end_message_newest", END_DOWN("message")},
};
/* clang-format on */
const struct sql_statements track_event_statements = {statements, LEN(statements)};

bool track_domain_of_host(struct store *store, struct str host, int64_t account,
                          int64_t *domain, struct err *err)
{
	return sql_number(store->sql, &statements[OF_HOST],
	                  SQL_VALUES(sql_text(host), sql_int(account)), domain, err);
}

bool track_event_newest(struct store *store, int64_t *id, struct err *err)
{
	return sql_number(store->sql, &statements[NEWEST], SQL_NO_VALUES, id, err);
}

bool track_event_add(struct store *store, const struct track_event_row *row,
                     struct err *err)
{
	return sql_run(store->sql, &statements[ADD],
	               SQL_VALUES(sql_int(row->id), sql_int(row->account_id),
	                          sql_optional(row->domain_id), sql_int(row->type),
	                          sql_int(row->at), sql_int(row->message),
	                          sql_int(row->link), sql_int(row->verdict),
	                          sql_int(row->reasons), sql_int(row->source),
	                          sql_int(row->method), sql_int(row->tls),
	                          sql_int(row->answer), sql_int(row->hints),
	                          sql_text(row->host), sql_text(row->text),
	                          sql_text(row->ip), sql_text(row->agent)),
	               NULL, err);
}

bool track_event_near(struct store *store, struct arena *a, int64_t message,
                      int64_t limit, struct track_near_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[NEAR],
	              SQL_VALUES(sql_int(message), sql_int(limit)), a, &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool track_event_relabel(struct store *store, int64_t id, int64_t verdict,
                         int64_t reasons, struct err *err)
{
	return sql_run(store->sql, &statements[RELABEL],
	               SQL_VALUES(sql_int(verdict), sql_int(reasons), sql_int(id)),
	               NULL, err);
}

bool track_event_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                      struct track_event_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

/* Where the rows end that this page is looked for in; `*is_cut` where there are more. */
static bool find_end(struct store *store, const struct sql_statement *list,
                     struct sql_value by, const struct store_page *page,
                     const struct track_event_filter *filter, int64_t *end,
                     bool *is_cut, struct err *err)
{
	size_t which = page->newest_first ? LIST_END_DOWN : LIST_END_UP;

	*end = 0;
	if ((filter->type || filter->has_verdict) &&
	    !sql_number(store->sql, &list[which],
	                SQL_VALUES(by, page_cursor(page), sql_int(SCAN_MAX)), end, err))
		return false;
	*is_cut = *end != 0;
	if (!*is_cut)
		*end = page->newest_first ? 0 : INT64_MAX;
	return true;
}

bool track_event_list(struct store *store, struct arena *a,
                      const struct track_event_filter *filter,
                      const struct store_page *page, struct track_event_rows *out,
                      struct err *err)
{
	const struct sql_statement *list = &statements[ACCOUNT];
	struct sql_value by = sql_int(filter->account_id);
	struct sql_rows rows;
	int64_t end;
	bool is_cut;

	if (filter->message) {
		list = &statements[MESSAGE];
		by = sql_int(filter->message);
	} else if (filter->domain_id) {
		list = &statements[DOMAIN];
		by = sql_int(filter->domain_id);
	}
	if (!find_end(store, list, by, page, filter, &end, &is_cut, err) ||
	    !sql_list(store->sql, &list[page->newest_first ? LIST_DOWN : LIST_UP],
	              SQL_VALUES(by, page_cursor(page), sql_int(end),
	                         sql_int(filter->type),
	                         sql_int(filter->has_verdict ? filter->verdict
	                                                     : ANY_VERDICT),
	                         sql_int(filter->account_id), page_rows(page)),
	              a, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	if (!out->next && is_cut)
		out->next = end;
	ROWS_TAKE(out, rows);
	return true;
}

bool track_event_purge(struct store *store, int64_t before, int64_t limit,
                       int64_t *removed, struct err *err)
{
	return sql_run(store->sql, &statements[PURGE],
	               SQL_VALUES(sql_int(before), sql_int(limit)), removed, err);
}
