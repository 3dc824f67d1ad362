/*
 * The store: everything Signet knows beyond its configuration and its keys, in one
 * database. Each noun has a header of its own (domain.h, account.h …) with a plain row
 * struct and its functions; this one opens, moves the schema on and copies.
 *
 *	struct store store;
 *	if (!store_open(&store, "/var/lib/signet/signet.db", err))
 *		return false;
 *	if (!domain_find(&store, a, account, 42, &domain, err)) …
 *	store_close(&store);
 *
 * Common to all nouns:
 *  - Rows are structs of views; the views live in the arena that was passed.
 *  - An id or a time of 0 means none (NULL in the database); text is never NULL.
 *  - "Not there" and "taken" are values: a find gives NULL, an add gives the id 0.
 *  - An `account` of 0 means any, for operators and for the core itself.
 *  - Whoever owns a row's words (a status, a scope) checks them; here they are text.
 *  - Writes go through the group commit of turn.h in the core; without a turn each
 *    statement commits by itself.
 *
 * The schema is the files data/migrations/NNN.sql, run in order, each once; the settings
 * row "schema" says up to where. A store of a newer program is refused, not guessed at.
 */
#pragma once

#include "store/sql.h"

struct store {
	struct sql *sql;
	bool turn_failed, in_savepoint; /* of turn.h */
};

/* One page of a list. Rows come by ascending id, or newest first. */
struct store_page {
	int64_t cursor; /* the `next` of the page before; 0 at the start */
	int64_t limit;  /* rows at most; 1 … STORE_PAGE_MAX */
	bool newest_first;
};

enum { STORE_PAGE_MAX = 1000 };

/* Opens the store, making it where it is missing, and brings its schema up to date. */
NODISCARD bool store_open(struct store *store, const char *path, struct err *err);
void store_close(struct store *store);

/*
 * Copies the store at `from` into a new file `to`, which appears complete or not at all
 * and is never overwritten. Opens the store by itself, so it may run in another thread
 * or process while the core writes; it holds what was committed when it began.
 */
NODISCARD bool store_backup(const char *from, const char *to, struct err *err);

/* The number of the newest migration that this program has. */
int store_schema_newest(void);

/* The statements of the i-th noun, or NULL behind the last: what a test goes through. */
const struct sql_statements *store_statements(size_t i);
