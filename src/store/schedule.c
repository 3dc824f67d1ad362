#include "store/schedule.h"

#include "store/parts.h"

enum { LOAD, SET, REMOVE };

static const struct sql_statement statements[] = {
        [LOAD] = {"schedule.load", "SELECT domain_id, next_at FROM schedule",
                  .reads_all = true},
        [SET] = {"schedule.set",
                  "INSERT INTO schedule (domain_id, next_at) VALUES ($1, $2)"
                 " ON CONFLICT (domain_id) DO UPDATE SET next_at = excluded.next_at"                                          },
        [REMOVE] = {"schedule.remove",               "DELETE FROM schedule WHERE domain_id = $1"},
};
const struct sql_statements schedule_statements = {statements, LEN(statements)};

struct loading {
	schedule_fn *each;
	void *arg;
};

static bool load_row(const struct sql_row *row, void *arg)
{
	const struct loading *loading = arg;
	const struct schedule_row r = {sql_row_int(row, 0), sql_row_int(row, 1)};

	return loading->each(&r, loading->arg);
}

bool schedule_load(struct store *store, schedule_fn *each, void *arg, struct err *err)
{
	struct loading loading = {each, arg};

	return sql_each(store->sql, &statements[LOAD], SQL_NO_VALUES, load_row,
	                &loading, err);
}

static bool set_row(struct store *store, const struct schedule_row *row,
                    struct err *err)
{
	struct sql_value id = sql_int(row->domain_id);

	if (!row->next_at)
		return sql_run(store->sql, &statements[REMOVE], SQL_VALUES(id), NULL,
		               err);
	return sql_run(store->sql, &statements[SET],
	               SQL_VALUES(id, sql_int(row->next_at)), NULL, err);
}

bool schedule_set(struct store *store, const struct schedule_row *rows, size_t n,
                  struct err *err)
{
	bool own, is_good = true;

	if (!several_begin(store, &own, err))
		return false;
	for (size_t i = 0; i < n && is_good; i++)
		is_good = set_row(store, &rows[i], err);
	return several_end(store, own, is_good, err);
}
