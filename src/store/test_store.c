/* The store as a whole: its statements and their plans, its schema, the group commit,
 * a full disk, and backups. */
#include "store/test_store.h"

#include "store/event.h"
#include "store/schedule.h"
#include "store/setting.h"
#include "store/turn.h"

#include <sys/stat.h>

#include "base/file.h"

/* ---- Every statement: it can be prepared, and goes through no table ---- */

struct plan {
	const char *name;
	bool reads_all, has_scan;
};

static bool plan_line(const struct sql_row *row, void *arg)
{
	struct str line = sql_row_text(row, 3);
	struct plan *plan = arg;
	bool is_bad = str_starts(line, STR("SCAN ")) ||
	              str_find(line, STR("TEMP B-TREE")) >= 0;

	if (is_bad && !plan->reads_all)
		print_message("%s: %.*s\n", plan->name, STR_ARG(line));
	plan->has_scan |= is_bad;
	return true;
}

static bool takes_a_plan(const char *text)
{
	struct str s = str_c(text);

	return str_starts(s, STR("SELECT")) || str_starts(s, STR("INSERT")) ||
	       str_starts(s, STR("UPDATE")) || str_starts(s, STR("DELETE"));
}

/* How many values it wants: the highest $n. */
static size_t value_count(const char *text)
{
	size_t n = 0;

	for (const char *p = text; (p = strchr(p, '$')); p++)
		if ((size_t)strtol(p + 1, NULL, 10) > n)
			n = (size_t)strtol(p + 1, NULL, 10);
	return n;
}

/* Whether its plan is what it should be: a search, or a scan where it says so. */
static bool plan_is_right(struct world *w, const struct sql_statement *s)
{
	struct sql_statement *explain = ARENA_NEW(&w->a, struct sql_statement);
	struct sql_value nulls[64] = {0};
	struct plan plan = {.name = s->name, .reads_all = s->reads_all};

	assert_true(value_count(s->text) < LEN(nulls));
	/* A new row that others may refer to makes SQLite plan a search for rows that
	 * wait for it, which there are none of, and which it then does not do. */
	GOOD(w, sql_script(w->store.sql, "test.keys",
	                   str_starts(str_c(s->text), STR("INSERT"))
	                           ? STR("PRAGMA foreign_keys = OFF")
	                           : STR("PRAGMA foreign_keys = ON"),
	                   &w->err));
	explain->name = s->name;
	explain->text = arena_printf(&w->a, "EXPLAIN QUERY PLAN %s", s->text).p;
	GOOD(w, sql_each(w->store.sql, explain,
	                 (struct sql_values){nulls, value_count(s->text)}, plan_line,
	                 &plan, &w->err));
	return plan.has_scan == s->reads_all;
}

static void every_statement_uses_an_index(void **state)
{
	struct world *w = *state;
	size_t wrong = 0, n = 0;

	for (size_t i = 0; store_statements(i); i++)
		for (size_t j = 0; j < store_statements(i)->n; j++) {
			const struct sql_statement *s = &store_statements(i)->v[j];

			assert_non_null(s->name);
			n++;
			if (takes_a_plan(s->text) && !plan_is_right(w, s)) {
				print_message("%s: wrong plan\n", s->name);
				wrong++;
			}
		}
	assert_true(n > 40);
	assert_int_equal(wrong, 0);
}

static void a_scan_is_seen(void **state)
{
	static const struct sql_statement scan = {
	        "test.scan", "SELECT id FROM domains WHERE provider = $1"};
	static const struct sql_statement sort = {
	        "test.sort", "SELECT id FROM domains WHERE id > $1 ORDER BY provider"};
	struct world *w = *state;

	assert_false(plan_is_right(w, &scan));
	assert_false(plan_is_right(w, &sort));
}

static void an_error_names_the_statement(void **state)
{
	static const struct sql_statement wrong = {"test.wrong",
	                                           "SELECT x FROM nowhere"};
	static const struct sql_statement twice = {
	        "test.twice",
	        "INSERT INTO settings (name, value) VALUES ('schema', '1')"};
	struct world *w = *state;

	assert_false(sql_run(w->store.sql, &wrong, SQL_NO_VALUES, NULL, &w->err));
	assert_string_equal(w->err.text, "test.wrong: no such table: nowhere");
	assert_int_equal(w->err.kind, ERR_INTERNAL);
	assert_false(sql_run(w->store.sql, &twice, SQL_NO_VALUES, NULL, &w->err));
	assert_string_equal(w->err.text,
	                    "test.twice: UNIQUE constraint failed: settings.name");
}

/* ---- Schema ---- */

static void a_store_opens_again(void **state)
{
	struct world *w = *state;
	struct stat file;
	struct str schema;

	assert_int_equal(stat(w->path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	store_close(&w->store);
	GOOD(w, store_open(&w->store, w->path, &w->err));
	GOOD(w, setting_find(&w->store, &w->a, STR("schema"), &schema, &w->err));
	assert_true(str_eq(schema, arena_printf(&w->a, "%d", store_schema_newest())));
	assert_true(store_schema_newest() >= 1);
}

static void a_newer_schema_is_refused(void **state)
{
	struct world *w = *state;
	struct store store;
	struct str want;

	GOOD(w, setting_save(&w->store, STR("schema"), STR("999"), &w->err));
	assert_false(store_open(&store, w->path, &w->err));
	assert_int_equal(w->err.kind, ERR_INPUT);
	want = arena_printf(&w->a,
	                    "store %s: it has schema 999, and this version of Signet "
	                    "knows those up to %d: use the version that wrote it, or a "
	                    "backup from before it",
	                    w->path, store_schema_newest());
	assert_string_equal(w->err.text, want.p);
	assert_null(store.sql);
}

static void what_is_no_store_is_refused(void **state)
{
	struct world *w = *state;
	struct store store;
	char path[160];

	world_path(w, "text.db", path);
	GOOD(w, file_write(path, STR("This is a text and no database, however long."),
	                   0600, &w->err));
	assert_false(store_open(&store, path, &w->err));
	assert_non_null(strstr(w->err.text, "file is not a database"));
	assert_false(store_open(&store, "/nowhere/at/all.db", &w->err));
	assert_int_equal(w->err.kind, ERR_UNAVAILABLE);
}

/* ---- Group commit ---- */

static bool is_there(struct world *w, const char *name)
{
	struct str value;

	GOOD(w, setting_find(&w->store, &w->a, str_c(name), &value, &w->err));
	return value.p != NULL;
}

static void set(struct world *w, const char *name)
{
	GOOD(w, setting_save(&w->store, str_c(name), STR("1"), &w->err));
}

static void a_part_that_fails_takes_back_its_own(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;

	assert_false(store_turn_is_open(s));
	GOOD(w, store_turn_commit(s, &w->err));
	GOOD(w, store_turn_savepoint(s, &w->err));
	set(w, "one");
	GOOD(w, store_turn_release(s, &w->err));
	GOOD(w, store_turn_savepoint(s, &w->err));
	set(w, "two");
	assert_true(is_there(w, "two"));
	store_turn_rollback(s);
	assert_false(is_there(w, "two"));
	GOOD(w, store_turn_savepoint(s, &w->err));
	set(w, "three");
	GOOD(w, store_turn_release(s, &w->err));
	assert_true(store_turn_is_open(s));
	GOOD(w, store_turn_commit(s, &w->err));
	assert_false(store_turn_is_open(s));

	store_close(s);
	GOOD(w, store_open(s, w->path, &w->err));
	assert_true(is_there(w, "one"));
	assert_false(is_there(w, "two"));
	assert_true(is_there(w, "three"));
}

static void a_turn_that_is_not_committed_is_nothing(void **state)
{
	struct world *w = *state;

	GOOD(w, store_turn_begin(&w->store, &w->err));
	set(w, "one");
	store_close(&w->store);
	GOOD(w, store_open(&w->store, w->path, &w->err));
	assert_false(is_there(w, "one"));
}

static void another_writer_is_waited_for_and_then_an_error(void **state)
{
	struct world *w = *state;
	const struct sql_options options = {.busy_ms = 1};
	struct sql *second;

	GOOD(w, sql_open(w->path, &options, &second, &w->err));
	GOOD(w, store_turn_begin(&w->store, &w->err));
	assert_false(sql_begin(second, &w->err));
	assert_int_equal(w->err.kind, ERR_UNAVAILABLE);
	assert_string_equal(w->err.text, "sql.begin: database is locked");
	assert_false(sql_in_transaction(second));
	GOOD(w, store_turn_commit(&w->store, &w->err));
	GOOD(w, sql_begin(second, &w->err));
	sql_rollback(second);
	sql_close(second);
}

/* Lets the store grow by `more` pages: what SQLite says then is what it says of a full
 * disk. */
static void limit_pages(struct world *w, int64_t more)
{
	static const struct sql_statement count = {"test.pages", "PRAGMA page_count"};
	struct str text;
	int64_t n;

	GOOD(w, sql_number(w->store.sql, &count, SQL_NO_VALUES, &n, &w->err));
	text = arena_printf(&w->a, "PRAGMA max_page_count = %lld",
	                    (long long)(n + more));
	GOOD(w, sql_script(w->store.sql, "test.limit", text, &w->err));
}

static struct domain_row *find_name(struct world *w, const char *name)
{
	struct domain_row *found;

	GOOD(w, domain_find_name(&w->store, &w->a, w->account, str_c(name), &found,
	                         &w->err));
	return found;
}

static void part_adds_domain(struct world *w, const char *name)
{
	GOOD(w, store_turn_savepoint(&w->store, &w->err));
	assert_true(world_domain(w, w->account, name) > 0);
	GOOD(w, store_turn_release(&w->store, &w->err));
}

/* Here the statement that found no room is taken back, and the part with it. */
static void a_full_disk_takes_back_the_part(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	char big[3000];
	const struct event_row row = {
	        .account_id = w->account,
	        .type = STR("big"),
	        .data = {big, sizeof(big)}
        };
	const struct store_page page = {.limit = 10};
	struct event_rows rows;
	int64_t id;
	int n = 0;

	memset(big, 'x', sizeof(big));
	limit_pages(w, 12);
	part_adds_domain(w, "during.example");
	GOOD(w, store_turn_savepoint(s, &w->err));
	while (event_append(s, &row, &id, &w->err))
		n++;
	assert_true(n >= 2);
	assert_int_equal(w->err.kind, ERR_UNAVAILABLE);
	assert_string_equal(w->err.text, "event.add: database or disk is full");
	store_turn_rollback(s);
	GOOD(w, store_turn_commit(s, &w->err));
	GOOD(w, event_list(s, &w->a, &(struct event_filter){0}, &page, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	assert_non_null(find_name(w, "during.example"));
}

/* Here SQLite gives up the whole transaction by itself. */
static void a_full_disk_loses_the_turn_as_a_whole(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	char big[3000];
	struct err err;

	memset(big, 'x', sizeof(big));
	limit_pages(w, 12);
	assert_true(world_domain(w, w->account, "before.example") > 0);
	part_adds_domain(w, "during.example");
	GOOD(w, store_turn_savepoint(s, &w->err));
	for (int i = 0;; i++) {
		struct str name = arena_printf(&w->a, "big%d", i);

		if (!setting_save(s, name, (struct str){big, sizeof(big)}, &w->err))
			break;
	}
	assert_int_equal(w->err.kind, ERR_UNAVAILABLE);
	assert_string_equal(w->err.text, "setting.save: database or disk is full");
	/* A write now would stand by itself. */
	assert_false(setting_save(s, STR("late"), STR("1"), &err));
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	store_turn_rollback(s);
	assert_false(store_turn_savepoint(s, &err));
	assert_false(store_turn_commit(s, &err));
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(is_there(w, "big0"));
	assert_false(is_there(w, "late"));
	assert_null(find_name(w, "during.example"));
	assert_non_null(find_name(w, "before.example"));

	/* With room again the next turn is as any. */
	limit_pages(w, 1000);
	part_adds_domain(w, "during.example");
	GOOD(w, store_turn_commit(s, &w->err));
	assert_non_null(find_name(w, "during.example"));
}

static void a_full_disk_leaves_no_half_of_several_statements(void **state)
{
	struct world *w = *state;
	struct domain_row row = world_domain_row(w, w->account, "half.example");
	char big[60000];
	int64_t id;

	memset(big, ' ', sizeof(big));
	for (size_t i = 0; i < sizeof(big); i += 5)
		snprintf(big + i, 5, "%04zx", i / 5), big[i + 4] = ' ';
	row.tags = (struct str){big, sizeof(big)};
	limit_pages(w, 60);
	assert_false(domain_add(&w->store, &row, &id, &w->err));
	assert_int_equal(w->err.kind, ERR_UNAVAILABLE);
	assert_false(store_turn_is_open(&w->store));
	assert_null(find_name(w, "half.example"));
}

/* ---- Backup ---- */

static void a_backup_has_what_was_committed(void **state)
{
	struct world *w = *state;
	struct store copy;
	struct domain_row *found;
	char path[160];
	int64_t kept = world_domain(w, w->account, "kept.example"), open;

	world_path(w, "copy.db", path);
	GOOD(w, store_turn_begin(&w->store, &w->err));
	open = world_domain(w, w->account, "open.example");
	GOOD(w, store_backup(w->path, path, &w->err));
	GOOD(w, store_turn_commit(&w->store, &w->err));

	GOOD(w, store_open(&copy, path, &w->err));
	GOOD(w, domain_find(&copy, &w->a, w->account, kept, &found, &w->err));
	assert_non_null(found);
	assert_text(found->name, "kept.example");
	GOOD(w, domain_find(&copy, &w->a, w->account, open, &found, &w->err));
	assert_null(found);
	store_close(&copy);
	GOOD(w, domain_find(&w->store, &w->a, w->account, open, &found, &w->err));
	assert_non_null(found);
}

static void a_backup_overwrites_nothing(void **state)
{
	struct world *w = *state;
	char path[160], missing[160];
	struct str text;

	world_path(w, "copy.db", path);
	world_path(w, "missing.db", missing);
	GOOD(w, file_write(path, STR("mine"), 0600, &w->err));
	assert_false(store_backup(w->path, path, &w->err));
	assert_non_null(strstr(w->err.text, "exists and is not overwritten"));
	GOOD(w, file_read(&w->a, path, 100, &text, &w->err));
	assert_text(text, "mine");

	assert_int_equal(unlink(path), 0);
	assert_false(store_backup(missing, path, &w->err));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(missing, F_OK), 0);
	assert_false(store_backup(w->path, "/nowhere/copy.db", &w->err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(every_statement_uses_an_index),
	        WORLD_TEST(a_scan_is_seen),
	        WORLD_TEST(an_error_names_the_statement),
	        WORLD_TEST(a_store_opens_again),
	        WORLD_TEST(a_newer_schema_is_refused),
	        WORLD_TEST(what_is_no_store_is_refused),
	        WORLD_TEST(a_part_that_fails_takes_back_its_own),
	        WORLD_TEST(a_turn_that_is_not_committed_is_nothing),
	        WORLD_TEST(another_writer_is_waited_for_and_then_an_error),
	        WORLD_TEST(a_full_disk_takes_back_the_part),
	        WORLD_TEST(a_full_disk_loses_the_turn_as_a_whole),
	        WORLD_TEST(a_full_disk_leaves_no_half_of_several_statements),
	        WORLD_TEST(a_backup_has_what_was_committed),
	        WORLD_TEST(a_backup_overwrites_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
