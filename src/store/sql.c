#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"

/* Prepared statements, found by address; never more than the program has rows. */
enum { SLOT_COUNT = 1024 };

struct slot {
	const struct sql_statement *statement;
	sqlite3_stmt *prepared;
	bool is_running;
};

struct sql {
	struct arena arena; /* holds this struct */
	sqlite3 *db;
	bool in_transaction; /* begun here and not yet ended here */
	size_t slot_used;
	struct slot slots[SLOT_COUNT];
};

/* The database is at a statement's row, whose columns are numbered from 0. */
struct sql_row {
	sqlite3_stmt *prepared;
};

static enum err_kind kind_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_NOMEM:
		return ERR_UNAVAILABLE;
	default:
		return ERR_INTERNAL;
	}
}

static bool fail(struct sql *sql, int code, const char *name, struct err *err)
{
	return err_set(err, kind_of(code), "%s: %s", name,
	               sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(code));
}

/* The file is made here, so that nobody else may read it; its log takes the same mode. */
static bool make_file(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	return true;
}

static bool configure(struct sql *sql, const struct sql_options *options,
                      struct err *err)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
	                 "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
	                 "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
	                 "PRAGMA cache_size = %lld; %s",
	                 options->cache_bytes ? -(long long)options->cache_bytes / 1024
	                                      : -2000,
	                 options->read_only ? "PRAGMA query_only = ON;"
	                                    : "PRAGMA journal_mode = WAL;"
	                                      "PRAGMA journal_size_limit = 67108864;");

	sqlite3_extended_result_codes(sql->db, 1);
	sqlite3_busy_timeout(sql->db, (int)options->busy_ms);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return sql_script(sql, "open", (struct str){text, (size_t)n}, err);
}

bool sql_open(const char *path, const struct sql_options *options, struct sql **out,
              struct err *err)
{
	struct arena arena = {0};
	struct sql *sql = ARENA_NEW(&arena, struct sql);
	int code;

	*out = NULL;
	sql->arena = arena;
	if (!options->read_only && !make_file(path, err)) {
		sql_close(sql);
		return false;
	}
	code = sqlite3_open_v2(path, &sql->db,
	                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		fail(sql, code, path, err);
	if (code == SQLITE_OK && !configure(sql, options, err)) {
		err_add(err, "%s", path);
		code = SQLITE_ERROR;
	}
	if (code != SQLITE_OK) {
		sql_close(sql);
		return false;
	}
	*out = sql;
	return true;
}

void sql_close(struct sql *sql)
{
	struct arena arena;

	if (!sql)
		return;
	for (size_t i = 0; i < SLOT_COUNT; i++)
		sqlite3_finalize(sql->slots[i].prepared);
	sqlite3_close(sql->db);
	arena = sql->arena;
	arena_done(&arena);
}

static struct slot *slot_of(struct sql *sql, const struct sql_statement *statement)
{
	size_t i = ((uintptr_t)statement / sizeof(*statement)) % SLOT_COUNT;

	while (sql->slots[i].statement && sql->slots[i].statement != statement)
		i = (i + 1) % SLOT_COUNT;
	if (!sql->slots[i].statement) {
		need(++sql->slot_used < SLOT_COUNT);
		sql->slots[i].statement = statement;
	}
	return &sql->slots[i];
}

/* $n has to be the n-th: SQLite numbers them as they appear, PostgreSQL by their name. */
static void check_numbering(const struct slot *slot)
{
	char name[16];

	for (int i = 1; i <= sqlite3_bind_parameter_count(slot->prepared); i++) {
		snprintf(name, sizeof(name), "$%d", i);
		need(strcmp(sqlite3_bind_parameter_name(slot->prepared, i), name) == 0);
	}
}

static bool prepare(struct sql *sql, struct slot *slot, struct err *err)
{
	int code;

	if (slot->prepared)
		return true;
	code = sqlite3_prepare_v3(sql->db, slot->statement->text, -1,
	                          SQLITE_PREPARE_PERSISTENT, &slot->prepared, NULL);
	if (code != SQLITE_OK)
		return fail(sql, code, slot->statement->name, err);
	check_numbering(slot);
	return true;
}

static int bind(sqlite3_stmt *prepared, int i, const struct sql_value *value)
{
	switch (value->kind) {
	case SQL_VALUE_NULL:
		return sqlite3_bind_null(prepared, i);
	case SQL_VALUE_INT:
		return sqlite3_bind_int64(prepared, i, value->number);
	case SQL_VALUE_TEXT:
		return sqlite3_bind_text64(prepared, i,
		                           value->text.n ? value->text.p : "",
		                           value->text.n, SQLITE_STATIC, SQLITE_UTF8);
	}
	return SQLITE_MISUSE;
}

/* A statement that is ready to step, or NULL with the error. */
static struct slot *start(struct sql *sql, const struct sql_statement *statement,
                          struct sql_values values, struct err *err)
{
	struct slot *slot = slot_of(sql, statement);

	if (sql->in_transaction && sqlite3_get_autocommit(sql->db)) {
		err_set(err, ERR_UNAVAILABLE,
		        "%s: the transaction it belongs to was rolled back",
		        statement->name);
		return NULL;
	}
	if (!prepare(sql, slot, err))
		return NULL;
	need(!slot->is_running);
	need(sqlite3_bind_parameter_count(slot->prepared) == (int)values.n);
	for (size_t i = 0; i < values.n; i++) {
		int code = bind(slot->prepared, (int)i + 1, &values.v[i]);

		if (code != SQLITE_OK) {
			fail(sql, code, statement->name, err);
			sqlite3_clear_bindings(slot->prepared);
			return NULL;
		}
	}
	slot->is_running = true;
	return slot;
}

/* Ends a run whose last step gave `code`; one that was left early ends well too. */
static bool finish(struct sql *sql, struct slot *slot, int code, struct err *err)
{
	bool is_good = code == SQLITE_DONE || code == SQLITE_ROW;

	if (!is_good)
		fail(sql, code, slot->statement->name, err);
	sqlite3_reset(slot->prepared);
	sqlite3_clear_bindings(slot->prepared);
	slot->is_running = false;
	return is_good;
}

int64_t sql_row_int(const struct sql_row *row, int column)
{
	return sqlite3_column_int64(row->prepared, column);
}

struct str sql_row_text(const struct sql_row *row, int column)
{
	const void *p = sqlite3_column_text(row->prepared, column);

	return (struct str){p, (size_t)sqlite3_column_bytes(row->prepared, column)};
}

/* The columns of a row into the members of a struct. */
static void fill(const struct sql_row *row, const struct sql_shape *shape,
                 struct arena *a, char *into)
{
	need(sqlite3_column_count(row->prepared) == (int)shape->field_count);
	for (size_t i = 0; i < shape->field_count; i++) {
		void *member = into + shape->fields[i].offset;

		switch (shape->fields[i].kind) {
		case SQL_INT:
		case SQL_OPTIONAL:
			*(int64_t *)member = sql_row_int(row, (int)i);
			break;
		case SQL_BOOL:
			*(bool *)member = sql_row_int(row, (int)i) != 0;
			break;
		case SQL_TEXT:
			*(struct str *)member = arena_dup(a, sql_row_text(row, (int)i));
			break;
		}
	}
}

bool sql_each(struct sql *sql, const struct sql_statement *statement,
              struct sql_values values, sql_each_fn *each, void *arg, struct err *err)
{
	struct slot *slot = start(sql, statement, values, err);
	struct sql_row row;
	int code;

	if (!slot)
		return false;
	row.prepared = slot->prepared;
	do
		code = sqlite3_step(slot->prepared);
	while (code == SQLITE_ROW && each(&row, arg));
	return finish(sql, slot, code, err);
}

static bool ignore(const struct sql_row *row, void *arg)
{
	(void)row;
	(void)arg;
	return true;
}

bool sql_run(struct sql *sql, const struct sql_statement *statement,
             struct sql_values values, int64_t *changed, struct err *err)
{
	if (!sql_each(sql, statement, values, ignore, NULL, err))
		return false;
	if (changed)
		*changed = sqlite3_changes64(sql->db);
	return true;
}

/* The later rows of a statement that writes are gone through, so that it is done. */
static bool take_number(const struct sql_row *row, void *arg)
{
	int64_t *out = arg;

	if (!*out)
		*out = sql_row_int(row, 0);
	return true;
}

bool sql_number(struct sql *sql, const struct sql_statement *statement,
                struct sql_values values, int64_t *out, struct err *err)
{
	*out = 0;
	return sql_each(sql, statement, values, take_number, out, err);
}

static struct sql_value value_of(const struct sql_field *field, const char *row)
{
	const void *member = row + field->offset;

	switch (field->kind) {
	case SQL_INT:
		return sql_int(*(const int64_t *)member);
	case SQL_OPTIONAL:
		return sql_optional(*(const int64_t *)member);
	case SQL_BOOL:
		return sql_int(*(const bool *)member);
	case SQL_TEXT:
		return sql_text(*(const struct str *)member);
	}
	return sql_optional(0);
}

bool sql_insert(struct sql *sql, const struct sql_statement *statement,
                const struct sql_shape *shape, const void *row, int64_t *id,
                struct err *err)
{
	struct sql_value values[64];

	need(shape->field_count - 1 <= LEN(values));
	for (size_t i = 1; i < shape->field_count; i++)
		values[i - 1] = value_of(&shape->fields[i], row);
	return sql_number(sql, statement,
	                  (struct sql_values){values, shape->field_count - 1}, id, err);
}

struct reading {
	const struct sql_shape *shape;
	struct arena *a;
	struct {
		char *v;
		size_t n, cap;
	} rows;
	size_t max;
};

static bool read_row(const struct sql_row *row, void *arg)
{
	struct reading *r = arg;
	size_t size = r->shape->size;
	char *into;

	r->rows.v = arena_grow(r->a, r->rows.v, r->rows.n, &r->rows.cap, size);
	into = r->rows.v + r->rows.n++ * size;
	memset(into, 0, size);
	fill(row, r->shape, r->a, into);
	return r->rows.n < r->max;
}

bool sql_find(struct sql *sql, const struct sql_statement *statement,
              struct sql_values values, struct arena *a, void *out, struct err *err)
{
	struct reading r = {.shape = statement->shape, .a = a, .max = 1};

	memset(out, 0, sizeof(void *));
	if (!sql_each(sql, statement, values, read_row, &r, err))
		return false;
	memcpy(out, &r.rows.v, sizeof(void *));
	return true;
}

bool sql_list(struct sql *sql, const struct sql_statement *statement,
              struct sql_values values, struct arena *a, struct sql_rows *out,
              struct err *err)
{
	struct reading r = {.shape = statement->shape, .a = a, .max = SIZE_MAX};

	if (!sql_each(sql, statement, values, read_row, &r, err))
		return false;
	*out = (struct sql_rows){r.rows.v, r.rows.n, statement->shape->size};
	return true;
}

bool sql_script(struct sql *sql, const char *name, struct str text, struct err *err)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		sqlite3_stmt *prepared = NULL;
		int code =
		        sqlite3_prepare_v2(sql->db, p, (int)(end - p), &prepared, &p);

		if (code != SQLITE_OK)
			return fail(sql, code, name, err);
		if (!prepared)
			continue;
		do
			code = sqlite3_step(prepared);
		while (code == SQLITE_ROW);
		if (code != SQLITE_DONE)
			fail(sql, code, name, err);
		sqlite3_finalize(prepared);
		if (code != SQLITE_DONE)
			return false;
	}
	return true;
}

bool sql_has_table(struct sql *sql, const char *table, bool *has, struct err *err)
{
	static const struct sql_statement find = {
	        "sql.has_table",
	        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", NULL,
	        true};
	int64_t found;

	if (!sql_number(sql, &find, SQL_VALUES(sql_text(str_c(table))), &found, err))
		return false;
	*has = found != 0;
	return true;
}

bool sql_copy(struct sql *sql, const char *to, struct err *err)
{
	sqlite3 *copy = NULL;
	sqlite3_backup *backup = NULL;
	int code = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE, NULL);

	if (code == SQLITE_OK)
		backup = sqlite3_backup_init(copy, "main", sql->db, "main");
	if (backup) {
		sqlite3_backup_step(backup, -1);
		sqlite3_backup_finish(backup);
	}
	code = sqlite3_errcode(copy);
	if (code != SQLITE_OK)
		err_set(err, kind_of(code), "%s: %s", to, sqlite3_errmsg(copy));
	sqlite3_close(copy);
	return code == SQLITE_OK;
}

bool sql_begin(struct sql *sql, struct err *err)
{
	static const struct sql_statement begin = {"sql.begin", "BEGIN IMMEDIATE"};

	need(!sql->in_transaction);
	if (!sql_run(sql, &begin, SQL_NO_VALUES, NULL, err))
		return false;
	sql->in_transaction = true;
	return true;
}

bool sql_commit(struct sql *sql, struct err *err)
{
	static const struct sql_statement commit = {"sql.commit", "COMMIT"};

	need(sql->in_transaction);
	if (!sql_run(sql, &commit, SQL_NO_VALUES, NULL, err)) {
		sql_rollback(sql);
		return false;
	}
	sql->in_transaction = false;
	return true;
}

/* Where the rollback fails the database has rolled back by itself. */
void sql_rollback(struct sql *sql)
{
	static const struct sql_statement rollback = {"sql.rollback", "ROLLBACK"};
	struct err ignored;

	if (sql->in_transaction && !sqlite3_get_autocommit(sql->db) &&
	    !sql_run(sql, &rollback, SQL_NO_VALUES, NULL, &ignored))
		need(sqlite3_get_autocommit(sql->db));
	sql->in_transaction = false;
}

bool sql_in_transaction(const struct sql *sql)
{
	return sql->in_transaction;
}
