#include "store/track_message.h"

#include "store/parts.h"

/* X(column, type, verdict) */
#define TALLIES(X)                                                                     \
	X(open_person, 0, 0)                                                           \
	X(open_machine, 0, 1)                                                          \
	X(open_undetermined, 0, 2)                                                     \
	X(click_person, 1, 0)                                                          \
	X(click_machine, 1, 1)                                                         \
	X(click_undetermined, 1, 2)

#define NAME(column, type, verdict) ", " #column ", " #column "_day"
#define SET(column, type, verdict)                                                     \
	", " #column " = excluded." #column ", " #column "_day = excluded." #column    \
	"_day"
#define FIELD_OF(column, t, v)                                                         \
	{SQL_INT, offsetof(struct track_message_row, tally[t][v].events)},             \
	        {SQL_INT, offsetof(struct track_message_row, tally[t][v].day)},
#define VALUE(column, t, v)                                                            \
	sql_int(row->tally[t][v].events), sql_int(row->tally[t][v].day),

/* clang-format off */
static const struct sql_field fields[] = {
	{SQL_INT, offsetof(struct track_message_row, id)},
	{SQL_INT, offsetof(struct track_message_row, last_at)},
	TALLIES(FIELD_OF)
};
static const struct sql_shape shape = {fields, LEN(fields), sizeof(struct track_message_row)};

enum { FIND, SAVE, PURGE };

static const struct sql_statement statements[] = {
	[FIND] = {"track_message.find", "SELECT id, last_at" TALLIES(NAME)
		" FROM track_messages WHERE id = $1", &shape},
	[SAVE] = {"track_message.save", "INSERT INTO track_messages (id, last_at" TALLIES(NAME) ") VALUES"
		" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
		" ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at" TALLIES(SET)},
	/* Their numbers ascend with time. */
	[PURGE] = {"track_message.purge", "DELETE FROM track_messages WHERE last_at < $1 AND id IN"
		" (SELECT id FROM track_messages WHERE id < $2 ORDER BY id LIMIT $3)"},
};
/* clang-format on */
const struct sql_statements track_message_statements = {statements, LEN(statements)};

bool track_message_find(struct store *store, struct arena *a, int64_t id,
                        struct track_message_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND], SQL_VALUES(sql_int(id)), a, out,
	                err);
}

bool track_message_save(struct store *store, const struct track_message_row *row,
                        struct err *err)
{
	const struct sql_value values[] = {sql_int(row->id), sql_int(row->last_at),
	                                   TALLIES(VALUE)};

	return sql_run(store->sql, &statements[SAVE],
	               (struct sql_values){values, LEN(values)}, NULL, err);
}

bool track_message_purge(struct store *store, int64_t before, int64_t below,
                         int64_t limit, int64_t *removed, struct err *err)
{
	return sql_run(store->sql, &statements[PURGE],
	               SQL_VALUES(sql_int(before), sql_int(below), sql_int(limit)),
	               removed, err);
}
