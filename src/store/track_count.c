#include "store/track_count.h"

#include "store/parts.h"

enum { ADD, LIST, NEXT };

#define FIELD_OF(name)                                                                 \
	{                                                                              \
		SQL_INT, offsetof(struct track_count_row, name)                        \
	}
static const struct sql_field fields[] = {
        FIELD_OF(account_id), FIELD_OF(domain_id), FIELD_OF(day),     FIELD_OF(type),
        FIELD_OF(verdict),    FIELD_OF(events),    FIELD_OF(messages)};
static const struct sql_shape shape = {fields, LEN(fields),
                                       sizeof(struct track_count_row)};
#define COLUMNS "account_id, domain_id, day, type, verdict, events, messages"

/* clang-format off */
static const struct sql_statement statements[] = {
	[ADD] = {"track_count.add", "INSERT INTO track_counts (" COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (account_id, domain_id, day, type, verdict) DO UPDATE SET"
		" events = track_counts.events + excluded.events,"
		" messages = track_counts.messages + excluded.messages"},
	[LIST] = {"track_count.list", "SELECT " COLUMNS " FROM track_counts"
		" WHERE account_id = $1 AND domain_id = $2 AND day >= $3 AND day <= $4"
		" ORDER BY day, type, verdict LIMIT $5", &shape},
	[NEXT] = {"track_count.next_domain", "SELECT domain_id FROM track_counts"
		" WHERE account_id = $1 AND domain_id >= $2 ORDER BY domain_id LIMIT 1"},
};
/* clang-format on */
const struct sql_statements track_count_statements = {statements, LEN(statements)};

bool track_count_add(struct store *store, const struct track_count_row *row,
                     struct err *err)
{
	return sql_run(store->sql, &statements[ADD],
	               SQL_VALUES(sql_int(row->account_id), sql_int(row->domain_id),
	                          sql_int(row->day), sql_int(row->type),
	                          sql_int(row->verdict), sql_int(row->events),
	                          sql_int(row->messages)),
	               NULL, err);
}

bool track_count_list(struct store *store, struct arena *a, int64_t account,
                      int64_t domain, int64_t from, int64_t to, int64_t limit,
                      struct track_count_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[LIST],
	              SQL_VALUES(sql_int(account), sql_int(domain), sql_int(from),
	                         sql_int(to), sql_int(limit)),
	              a, &rows, err))
		return false;
	ROWS_TAKE(out, rows);
	return true;
}

bool track_count_next_domain(struct store *store, int64_t account, int64_t from,
                             int64_t *domain, struct err *err)
{
	return sql_number(store->sql, &statements[NEXT],
	                  SQL_VALUES(sql_int(account), sql_int(from)), domain, err);
}
