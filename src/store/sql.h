/*
 * The seam between Signet and its database: one connection, statements as rows of
 * tables, values in, rows out. SQLite stands behind it; the SQL is written so that
 * PostgreSQL takes it too: $1, $2 … numbered in the order of their first appearance,
 * ON CONFLICT, RETURNING, times as BIGINT milliseconds, booleans as SMALLINT 0 or 1.
 *
 *	static const struct sql_statement find = {"thing.find",
 *		"SELECT … WHERE id = $1", &thing_shape};
 *	if (!sql_find(sql, &find, SQL_VALUES(sql_int(7)), a, &thing, err))
 *		return false;
 *
 * A statement is prepared once and kept, found again by the address of its row. An error
 * says the statement's name and the database's own words; what may pass by itself (disk
 * full, input and output, locked) is ERR_UNAVAILABLE, the rest ERR_INTERNAL.
 *
 * Where a transaction is given up by the database itself, as SQLite does with a full
 * disk, all further statements fail until it is ended: nothing is written past it.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct sql;

/* How the columns of a result, in order, become the members of a struct. */
enum sql_kind {
	SQL_INT,      /* int64_t */
	SQL_OPTIONAL, /* int64_t; 0 is NULL: times and ids */
	SQL_BOOL,     /* bool */
	SQL_TEXT,     /* struct str, copied into the arena; never NULL */
};

struct sql_field {
	enum sql_kind kind;
	size_t offset;
};

struct sql_shape {
	const struct sql_field *fields;
	size_t field_count;
	size_t size; /* of the struct */
};

struct sql_statement {
	const char *name; /* "domain.add": for errors and tests */
	const char *text;
	const struct sql_shape *shape; /* of its rows, where they become structs */
	bool reads_all;                /* goes through a whole table, as it should */
};

/* The statements of one noun; store_statements() lists all of them. */
struct sql_statements {
	const struct sql_statement *v;
	size_t n;
};

/* One value that is bound to a $n. */
struct sql_value {
	enum sql_value_kind { SQL_VALUE_NULL, SQL_VALUE_INT, SQL_VALUE_TEXT } kind;
	int64_t number;
	struct str text; /* lent until the statement has run */
};

static inline struct sql_value sql_int(int64_t number)
{
	return (struct sql_value){.kind = SQL_VALUE_INT, .number = number};
}

/* A time or an id of which 0 means none. */
static inline struct sql_value sql_optional(int64_t number)
{
	return (struct sql_value){.kind = number ? SQL_VALUE_INT : SQL_VALUE_NULL,
	                          .number = number};
}

static inline struct sql_value sql_text(struct str text)
{
	return (struct sql_value){.kind = SQL_VALUE_TEXT, .text = text};
}

/* What is bound to $1, $2 …, in order. */
struct sql_values {
	const struct sql_value *v;
	size_t n;
};

#define SQL_VALUES(...)                                                                \
	((struct sql_values){(const struct sql_value[]){__VA_ARGS__},                  \
	                     sizeof((const struct sql_value[]){__VA_ARGS__}) /         \
	                             sizeof(struct sql_value)})
#define SQL_NO_VALUES ((struct sql_values){NULL, 0})

/* The rows of a list: an array of the statement's structs in the arena. */
struct sql_rows {
	void *v;
	size_t n, size;
};

/* One row of a statement under way; valid inside the callback alone. */
struct sql_row;
int64_t sql_row_int(const struct sql_row *row, int column);
struct str sql_row_text(const struct sql_row *row, int column);

struct sql_options {
	bool read_only;      /* no writing, and the file must exist */
	int64_t busy_ms;     /* how long another writer is waited for */
	int64_t cache_bytes; /* 0: the database's default */
};

/* Opens a file, making it where it is missing; sets the write-ahead log, full syncing
 * and foreign keys. */
NODISCARD bool sql_open(const char *path, const struct sql_options *options,
                        struct sql **out, struct err *err);
/* NULL is fine. */
void sql_close(struct sql *sql);

/* Runs a statement that gives no rows; *changed (may be NULL) is how many it touched. */
NODISCARD bool sql_run(struct sql *sql, const struct sql_statement *statement,
                       struct sql_values values, int64_t *changed, struct err *err);
/* The number in the first column of the first row, 0 where there is none: counts, and
 * the id of "INSERT … ON CONFLICT DO NOTHING RETURNING id". */
NODISCARD bool sql_number(struct sql *sql, const struct sql_statement *statement,
                          struct sql_values values, int64_t *out, struct err *err);
/* Binds the members of a row of this shape but the first (its id), and gives the number
 * that comes back, as sql_number(). */
NODISCARD bool sql_insert(struct sql *sql, const struct sql_statement *statement,
                          const struct sql_shape *shape, const void *row, int64_t *id,
                          struct err *err);
/* The first row as a struct in the arena, NULL where there is none, into the pointer that
 * `out` points to. */
NODISCARD bool sql_find(struct sql *sql, const struct sql_statement *statement,
                        struct sql_values values, struct arena *a, void *out,
                        struct err *err);
/* All rows; their number is bounded by a LIMIT of the statement. */
NODISCARD bool sql_list(struct sql *sql, const struct sql_statement *statement,
                        struct sql_values values, struct arena *a, struct sql_rows *out,
                        struct err *err);
/* Calls `each` for every row, which may end it by returning false (no error). */
typedef bool sql_each_fn(const struct sql_row *row, void *arg);
NODISCARD bool sql_each(struct sql *sql, const struct sql_statement *statement,
                        struct sql_values values, sql_each_fn *each, void *arg,
                        struct err *err);

/* Runs a text of several statements; `name` stands for it in errors. */
NODISCARD bool sql_script(struct sql *sql, const char *name, struct str text,
                          struct err *err);

/* Whether the database has this table. */
NODISCARD bool sql_has_table(struct sql *sql, const char *table, bool *has,
                             struct err *err);
/* Copies what is committed into an empty file; the source may be written meanwhile. */
NODISCARD bool sql_copy(struct sql *sql, const char *to, struct err *err);

/* One transaction at a time. A commit that fails has rolled back. */
NODISCARD bool sql_begin(struct sql *sql, struct err *err);
NODISCARD bool sql_commit(struct sql *sql, struct err *err);
void sql_rollback(struct sql *sql);
bool sql_in_transaction(const struct sql *sql);
