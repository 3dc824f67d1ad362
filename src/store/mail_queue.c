#include "store/mail_queue.h"

#include "store/parts.h"

#define ROW struct mail_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(TEXT, sender)                                                            \
	X(TEXT, recipient)                                                             \
	X(TEXT, letter)                                                                \
	X(INT, tries)                                                                  \
	X(INT, next_at)                                                                \
	X(INT, created_at)

static const struct sql_shape shape = SHAPE(COLUMNS);

enum { ADD, FIND_DUE, NEXT, NTH, PUT_OFF, REMOVE };

static const struct sql_statement statements[] = {
        [ADD] = {"mail_queue.add",
                 "INSERT INTO mail_queue (" NAMES(
                         COLUMNS) ") VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"  },
        [FIND_DUE] = {"mail_queue.find_due",
                 "SELECT id, " NAMES(COLUMNS) " FROM mail_queue WHERE next_at < "
                                                   "$1 ORDER BY next_at, id LIMIT 1", &shape},
        [NEXT] = {"mail_queue.next",
                 "SELECT next_at FROM mail_queue WHERE next_at > 0 ORDER BY next_at"
                  " LIMIT 1"                                                },
        [NTH] = {"mail_queue.nth",
                 "SELECT id FROM mail_queue WHERE next_at > 0 ORDER BY next_at"
                 " LIMIT 1 OFFSET $1" },
        [PUT_OFF] = {"mail_queue.put_off",
                 "UPDATE mail_queue SET tries = tries + 1, next_at = $1"
                     " WHERE id = $2"                                            },
        [REMOVE] = {"mail_queue.remove",                     "DELETE FROM mail_queue WHERE id = $1"  },
};
const struct sql_statements mail_queue_statements = {statements, LEN(statements)};

bool mail_queue_add(struct store *store, const struct mail_row *row, int64_t *id,
                    struct err *err)
{
	return sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
}

bool mail_queue_find_due(struct store *store, struct arena *a, int64_t before,
                         struct mail_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_DUE], SQL_VALUES(sql_int(before)),
	                a, out, err);
}

bool mail_queue_next(struct store *store, int64_t *at, struct err *err)
{
	return sql_number(store->sql, &statements[NEXT], SQL_NO_VALUES, at, err);
}

bool mail_queue_has(struct store *store, int64_t n, bool *out, struct err *err)
{
	int64_t id;

	if (!sql_number(store->sql, &statements[NTH], SQL_VALUES(sql_int(n - 1)), &id,
	                err))
		return false;
	*out = id != 0;
	return true;
}

bool mail_queue_put_off(struct store *store, int64_t id, int64_t next_at,
                        struct err *err)
{
	return sql_run(store->sql, &statements[PUT_OFF],
	               SQL_VALUES(sql_int(next_at), sql_int(id)), NULL, err);
}

bool mail_queue_remove(struct store *store, int64_t id, struct err *err)
{
	return sql_run(store->sql, &statements[REMOVE], SQL_VALUES(sql_int(id)), NULL,
	               err);
}
