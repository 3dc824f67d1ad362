/*
 * What the nouns share inside the store: the columns of a table as one list, the pages
 * of a list, and several statements as one.
 *
 * A noun names its columns once, all but the id, and gets the text of its statements and
 * the shape of its row from that:
 *
 *	#define ROW struct thing_row
 *	#define COLUMNS(FIRST, X) FIRST(TEXT, name) X(OPTIONAL, closed_at)
 *	static const struct sql_shape shape = SHAPE(COLUMNS);
 *	… "SELECT id, " NAMES(COLUMNS) " FROM things WHERE id = $1"
 */
#pragma once

#include "store/store.h"

#define NAME_FIRST(kind, name) #name
#define NAME_NEXT(kind, name)  ", " #name
#define NAMES(columns)         columns(NAME_FIRST, NAME_NEXT)

#define FIELD(kind, name)                                                              \
	{                                                                              \
		SQL_##kind, offsetof(ROW, name)                                        \
	}
#define FIELD_NEXT(kind, name) , FIELD(kind, name)
#define FIELDS(columns)        FIELD(INT, id) columns(FIELD_NEXT, FIELD_NEXT)

/* The shape of ROW: its id and these columns. */
#define SHAPE(columns)                                                                 \
	{                                                                              \
		(const struct sql_field[]){FIELDS(columns)},                           \
		        LEN(((const struct sql_field[]){FIELDS(columns)})),            \
		        sizeof(ROW)                                                    \
	}

/* Where a page begins, and how many rows to ask for: one more than it has, which tells
 * whether there is another. */
struct sql_value page_cursor(const struct store_page *page);
struct sql_value page_rows(const struct store_page *page);
/* Cuts the rows to the page; the cursor of the next one, or 0. The rows begin with their
 * id. */
int64_t page_cut(const struct store_page *page, struct sql_rows *rows);

/*
 * A list of what belongs to an account, and maybe to a domain of it: all rows, those of an
 * account, those of a domain. Each has two statements, by ascending id and newest first,
 * and the six (or the first four) stand together in this order. Their values are: the
 * domain or the account, where it is one's; the cursor; `more`, if any; of a domain the
 * account, 0 for any; the limit.
 */
struct owned_list {
	const struct sql_statement *statements;
	int64_t account, domain; /* 0: any */
	const struct sql_value *more;
	const struct store_page *page;
};

/* A page of it; *next is the cursor of the one behind it, or 0. */
NODISCARD bool owned_list(struct store *store, struct arena *a,
                          const struct owned_list *list, struct sql_rows *rows,
                          int64_t *next, struct err *err);

/* Rows that sql_list() gave into a noun's own struct of them. */
#define ROWS_TAKE(out, rows) ((out)->v = (rows).v, (out)->n = (rows).n)

/* Makes several statements one, where no transaction is under way already:
 *
 *	if (!several_begin(store, &own, err))
 *		return false;
 *	return several_end(store, own, this(…) && that(…), err);
 */
NODISCARD bool several_begin(struct store *store, bool *own, struct err *err);
NODISCARD bool several_end(struct store *store, bool own, bool is_good,
                           struct err *err);

/* The statements of each noun, for store_statements(). */
extern const struct sql_statements account_statements, api_key_statements,
        audit_statements, certificate_statements, check_statements, dkim_key_statements,
        domain_statements, event_statements, idempotency_statements, layout_statements,
        mail_queue_statements, review_statements, revocation_statements,
        schedule_statements, sender_statements, setting_statements,
        track_count_statements, track_cursor_statements, track_event_statements,
        track_message_statements, tracking_statements, turn_statements,
        unsubscribe_statements, unsettled_key_statements, user_statements;
