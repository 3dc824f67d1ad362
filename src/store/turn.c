#include "store/turn.h"

#include "store/parts.h"

enum { SAVEPOINT, RELEASE, ROLLBACK };

static const struct sql_statement statements[] = {
        [SAVEPOINT] = {"turn.savepoint", "SAVEPOINT part"            },
        [RELEASE] = {"turn.release",   "RELEASE SAVEPOINT part"    },
        [ROLLBACK] = {"turn.rollback",  "ROLLBACK TO SAVEPOINT part"},
};
const struct sql_statements turn_statements = {statements, LEN(statements)};

bool store_turn_begin(struct store *store, struct err *err)
{
	if (store->turn_failed)
		return err_set(err, ERR_UNAVAILABLE,
		               "the writes of this moment are lost: try again");
	return sql_in_transaction(store->sql) || sql_begin(store->sql, err);
}

bool store_turn_savepoint(struct store *store, struct err *err)
{
	need(!store->in_savepoint);
	if (!store_turn_begin(store, err) ||
	    !sql_run(store->sql, &statements[SAVEPOINT], SQL_NO_VALUES, NULL, err))
		return false;
	store->in_savepoint = true;
	return true;
}

bool store_turn_release(struct store *store, struct err *err)
{
	need(store->in_savepoint);
	store->in_savepoint = false;
	if (sql_run(store->sql, &statements[RELEASE], SQL_NO_VALUES, NULL, err))
		return true;
	store->turn_failed = true;
	return false;
}

void store_turn_rollback(struct store *store)
{
	struct err ignored;

	need(store->in_savepoint);
	store->in_savepoint = false;
	if (!sql_run(store->sql, &statements[ROLLBACK], SQL_NO_VALUES, NULL,
	             &ignored) ||
	    !sql_run(store->sql, &statements[RELEASE], SQL_NO_VALUES, NULL, &ignored))
		store->turn_failed = true;
}

bool store_turn_commit(struct store *store, struct err *err)
{
	bool has_failed = store->turn_failed;

	need(!store->in_savepoint);
	store->turn_failed = false;
	if (!sql_in_transaction(store->sql))
		return !has_failed ||
		       err_set(err, ERR_UNAVAILABLE, "the turn was lost");
	if (!has_failed)
		return sql_commit(store->sql, err);
	sql_rollback(store->sql);
	return err_set(err, ERR_UNAVAILABLE, "the turn was lost");
}

bool store_turn_is_open(const struct store *store)
{
	return sql_in_transaction(store->sql);
}
