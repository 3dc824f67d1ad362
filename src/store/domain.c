#include "store/domain.h"

#include "store/parts.h"
#include "store/schedule.h"

/* The columns of struct domain_life, then the rest; their names are the members'. */
#define LIFE(FIRST, X)                                                                 \
	FIRST(TEXT, status)                                                            \
	X(OPTIONAL, status_since)                                                      \
	X(OPTIONAL, started_at)                                                        \
	X(OPTIONAL, checked_at)                                                        \
	X(OPTIONAL, next_check_at)                                                     \
	X(OPTIONAL, verified_at)                                                       \
	X(OPTIONAL, loss_seen_at)                                                      \
	X(OPTIONAL, warning_since)                                                     \
	X(INT, checks_done)                                                            \
	X(INT, fault_streak)                                                           \
	X(TEXT, record_summary)                                                        \
	X(TEXT, provider)
#define REST(FIRST, X)                                                                 \
	FIRST(INT, account_id)                                                         \
	X(TEXT, name)                                                                  \
	X(INT, layout_id)                                                              \
	X(TEXT, settings)                                                              \
	X(BOOL, is_demo)                                                               \
	X(BOOL, is_suspended)                                                          \
	X(TEXT, review_state)                                                          \
	X(TEXT, region)                                                                \
	X(TEXT, environment)                                                           \
	X(BOOL, open_tracking)                                                         \
	X(BOOL, click_tracking)                                                        \
	X(TEXT, unsubscribe_mode)                                                      \
	X(TEXT, tracking_host)                                                         \
	X(TEXT, tags)                                                                  \
	X(INT, created_at)                                                             \
	X(OPTIONAL, deleted_at)

#define ROW                    struct domain_row
#define LIFE_FIELD(kind, name) , FIELD(kind, life.name)

static const struct sql_field fields[] = {FIELD(INT, id) LIFE(LIFE_FIELD, LIFE_FIELD)
                                                  REST(FIELD_NEXT, FIELD_NEXT)};
static const struct sql_shape shape = {fields, LEN(fields), sizeof(ROW)};

#undef ROW
#define ROW struct domain_count
static const struct sql_field count_fields[] = {FIELD(TEXT, status), FIELD(INT, n)};
static const struct sql_shape count_shape = {count_fields, LEN(count_fields),
                                             sizeof(ROW)};

struct name_row {
	struct str name;
};

#undef ROW
#define ROW struct name_row
static const struct sql_field name_fields[] = {FIELD(TEXT, name)};
static const struct sql_shape name_shape = {name_fields, LEN(name_fields), sizeof(ROW)};

#define COLUMNS NAMES(LIFE) ", " NAMES(REST)
#define FROM    "SELECT id, " COLUMNS " FROM domains"
#define SELECT  FROM " WHERE deleted_at IS NULL AND "
#define SELECT_TAG                                                                     \
	FROM " JOIN domain_tags ON tagged_id = id WHERE deleted_at IS NULL AND "
/* The status that is shown (life_shown_status(), data/migrations/003.sql). */
#define SHOWN                                                                          \
	"(CASE WHEN deleted_at IS NOT NULL THEN 'deleted'"                             \
	" WHEN is_suspended = 1 THEN 'suspended'"                                      \
	" WHEN review_state = 'rejected' THEN 'rejected'"                              \
	" WHEN status = 'verified' AND review_state NOT IN ('', 'approved')"           \
	" THEN 'review' ELSE status END)"
#define TAGGED "EXISTS (SELECT 1 FROM domain_tags WHERE tagged_id = id AND tag = "

/* The lists of one account, then those of all: with no filter, and by the one that
 * leads. The others are looked at row by row. */
enum {
	ADD,
	FIND,
	FIND_NAME,
	LIST,
	LIST_STATUS,
	LIST_TAG,
	LIST_NAME,
	LIST_DELETED,
	LIST_ALL,
	LIST_ALL_STATUS,
	LIST_ALL_TAG,
	LIST_ALL_NAME,
	LIST_ALL_DELETED,
	LIST_NAMED,
	NAME_OF,
	SAVE_LIFE,
	SAVE_OPTIONS,
	SAVE_LAYOUT,
	SAVE_REVIEW,
	SUSPEND,
	DELETE,
	COUNT,
	COUNT_ALL,
	TAG_ADD,
	TAG_CLEAR,
};

static const struct sql_statement statements[] = {
        [ADD] = {"domain.add",
                 "INSERT INTO domains (" COLUMNS ")"
                 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
                 " $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27,"
                 " $28) ON CONFLICT (account_id, name) WHERE deleted_at IS NULL"
                 " DO NOTHING RETURNING id"                                                                                          },
        [FIND] = {"domain.find",                                                 FROM " WHERE id = $1 AND ($2 = 0 OR account_id = $2)",
                 &shape},
        [FIND_NAME] = {"domain.find_name",                                                             SELECT "account_id = $1 AND name = $2",
                 &shape},
        [LIST] = {"domain.list",
                 SELECT "account_id = $1 AND id > $2 ORDER BY id LIMIT $3",                                                                                                             &shape},
        [LIST_STATUS] = {"domain.list_status",
                 FROM " WHERE account_id = $1 AND " SHOWN " = $2 AND id > $3"
                              " ORDER BY id LIMIT $4",&shape},
        [LIST_TAG] = {"domain.list_tag",
                 SELECT_TAG "tagged_account_id = $1 AND tag = $2"
                                 " AND tagged_id > $3 AND ($4 = '' OR " SHOWN " = $4)"
                                 " ORDER BY tagged_id LIMIT $5",                                                                                 &shape},
        [LIST_NAME] = {"domain.list_name",
                 SELECT "account_id = $1 AND (name, id) > ($2, $3) AND name < $4"
                              " AND ($5 = '' OR " SHOWN " = $5)"
                              " AND ($6 = '' OR " TAGGED "$6))"
                              " ORDER BY name, id LIMIT $7",                                                                                                  &shape},
        [LIST_DELETED] = {"domain.list_deleted",
                 FROM " WHERE account_id = $1 AND " SHOWN " = $2 AND id > $3"
                               " AND ($4 = '' OR (name > $4 AND name < $5))"
                               " AND ($6 = '' OR " TAGGED "$6))"
                               " ORDER BY id LIMIT $7",                            &shape},
        [LIST_ALL] = {"domain.list_all",                    SELECT "id > $1 ORDER BY id LIMIT $2",&shape},
        [LIST_ALL_STATUS] = {"domain.list_all_status",
                 FROM " WHERE " SHOWN
                                  " = $1 AND id > $2 ORDER BY id LIMIT $3",                                                                                &shape},
        [LIST_ALL_TAG] = {"domain.list_all_tag",
                 SELECT_TAG "tag = $1 AND tagged_id > $2"
                                     " AND ($3 = '' OR " SHOWN " = $3)"
                                     " ORDER BY tagged_id LIMIT $4",                                                                                                  &shape},
        [LIST_ALL_NAME] = {"domain.list_all_name",
                 SELECT "(name, id) > ($1, $2) AND name < $3"
                                  " AND ($4 = '' OR " SHOWN " = $4)"
                                  " AND ($5 = '' OR " TAGGED "$5))"
                                  " ORDER BY name, id LIMIT $6",                                                                                                                                           &shape},
        [LIST_ALL_DELETED] = {"domain.list_all_deleted",
                 FROM " WHERE " SHOWN " = $1 AND id > $2"
                                   " AND ($3 = '' OR (name > $3 AND name < $4))"
                                   " AND ($5 = '' OR " TAGGED "$5))"
                                   " ORDER BY id LIMIT $6",&shape},
        [LIST_NAMED] = {"domain.list_named",                                         SELECT "name = $1 ORDER BY id LIMIT $2",
                 &shape},
        [NAME_OF] = {"domain.name_of",                                                             "SELECT name FROM domains WHERE id = $1",
                 &name_shape},
        [SAVE_LIFE] = {"domain.save_life",
                 "UPDATE domains SET status = $1, status_since = $2,"
                       " started_at = $3, checked_at = $4, next_check_at = $5,"
                       " verified_at = $6, loss_seen_at = $7, warning_since = $8,"
                       " checks_done = $9, fault_streak = $10, record_summary = $11,"
                       " provider = $12 WHERE id = $13 AND deleted_at IS NULL"},
        [SAVE_OPTIONS] = {"domain.save_options",
                 "UPDATE domains SET region = $1, environment = $2,"
                          " open_tracking = $3, click_tracking = $4,"
                          " unsubscribe_mode = $5, tracking_host = $6, tags = $7"
                          " WHERE id = $8 AND deleted_at IS NULL"                                                                                               },
        [SAVE_LAYOUT] = {"domain.save_layout",
                 "UPDATE domains SET layout_id = $1, settings = $2"
                         " WHERE id = $3"                },
        [SAVE_REVIEW] = {"domain.save_review",
                 "UPDATE domains SET review_state = $1 WHERE id = $2"                                                                                                  },
        [SUSPEND] = {"domain.suspend",
                 "UPDATE domains SET is_suspended = $1 WHERE id = $2"                                                                                                       },
        [DELETE] = {"domain.delete",
                 "UPDATE domains SET deleted_at = $1, status = 'deleted',"
                    " status_since = $1, next_check_at = NULL"
                    " WHERE id = $2 AND ($3 = 0 OR account_id = $3)"
                    " AND deleted_at IS NULL"                                                                                    },
        [COUNT] = {"domain.count",
                 "SELECT " SHOWN ", count(*) FROM domains WHERE account_id = $1"
                   " GROUP BY " SHOWN " HAVING " SHOWN " <> 'deleted'",
                 &count_shape},
        [COUNT_ALL] = {"domain.count_all",
                 "SELECT status, count(*) FROM domains"
                       " WHERE deleted_at IS NULL GROUP BY status",                                                                           &count_shape, true},
        [TAG_ADD] = {"domain.tag_add",
                 "INSERT INTO domain_tags (tag, tagged_account_id, tagged_id)"
                     " SELECT $1, account_id, id FROM domains WHERE id = $2"
                     " ON CONFLICT DO NOTHING"},
        [TAG_CLEAR] = {"domain.tag_clear",
                 "DELETE FROM domain_tags WHERE tagged_id = $1"},
};
const struct sql_statements domain_statements = {statements, LEN(statements)};

/* The rows of domain_tags are those of the words; without any they are gone. */
static bool set_tags(struct store *store, int64_t id, struct str tags, struct err *err)
{
	struct str word;

	if (!sql_run(store->sql, &statements[TAG_CLEAR], SQL_VALUES(sql_int(id)), NULL,
	             err))
		return false;
	while (str_cut_word(&tags, &word))
		if (!sql_run(store->sql, &statements[TAG_ADD],
		             SQL_VALUES(sql_text(word), sql_int(id)), NULL, err))
			return false;
	return true;
}

static bool set_schedule(struct store *store, int64_t id, int64_t next_at,
                         struct err *err)
{
	const struct schedule_row row = {id, next_at};

	return schedule_set(store, &row, 1, err);
}

bool domain_add(struct store *store, const struct domain_row *row, int64_t *id,
                struct err *err)
{
	bool own, is_good;

	*id = 0;
	if (!several_begin(store, &own, err))
		return false;
	is_good = sql_insert(store->sql, &statements[ADD], &shape, row, id, err);
	if (is_good && *id)
		is_good = set_tags(store, *id, row->tags, err) &&
		          set_schedule(store, *id, row->life.next_check_at, err);
	return several_end(store, own, is_good, err);
}

bool domain_find(struct store *store, struct arena *a, int64_t account, int64_t id,
                 struct domain_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND],
	                SQL_VALUES(sql_int(id), sql_int(account)), a, out, err);
}

bool domain_find_name(struct store *store, struct arena *a, int64_t account,
                      struct str name, struct domain_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND_NAME],
	                SQL_VALUES(sql_int(account), sql_text(name)), a, out, err);
}

/* One statement of either group: the values of an account's begin with the account. */
static bool list_by(struct store *store, struct arena *a, int which,
                    struct sql_values values, struct sql_rows *rows, struct err *err)
{
	if (values.v[0].number)
		return sql_list(store->sql, &statements[which], values, a, rows, err);
	which += LIST_ALL - LIST;
	values.v++;
	values.n--;
	return sql_list(store->sql, &statements[which], values, a, rows, err);
}

/* In the order of names, from behind the domain of the cursor. */
static bool list_by_name(struct store *store, struct arena *a,
                         const struct domain_filter *filter,
                         const struct store_page *page, struct sql_rows *rows,
                         struct err *err)
{
	struct str end = arena_join(a, filter->name_prefix, STR("\x7f"));
	struct str from = filter->name_prefix;
	struct name_row *last;

	if (!sql_find(store->sql, &statements[NAME_OF],
	              SQL_VALUES(sql_int(page->cursor)), a, &last, err))
		return false;
	if (last)
		from = last->name;
	return list_by(store, a, LIST_NAME,
	               SQL_VALUES(sql_int(filter->account_id), sql_text(from),
	                          sql_int(page->cursor), sql_text(end),
	                          sql_text(filter->status), sql_text(filter->tag),
	                          page_rows(page)),
	               rows, err);
}

/* Deleted domains have no index of names: they are looked at one by one. */
static bool list_deleted(struct store *store, struct arena *a,
                         const struct domain_filter *filter,
                         const struct store_page *page, struct sql_rows *rows,
                         struct err *err)
{
	struct str end = arena_join(a, filter->name_prefix, STR("\x7f"));

	return list_by(store, a, LIST_DELETED,
	               SQL_VALUES(sql_int(filter->account_id), sql_text(filter->status),
	                          page_cursor(page), sql_text(filter->name_prefix),
	                          sql_text(end), sql_text(filter->tag),
	                          page_rows(page)),
	               rows, err);
}

static bool list(struct store *store, struct arena *a,
                 const struct domain_filter *filter, const struct store_page *page,
                 struct sql_rows *rows, struct err *err)
{
	struct sql_value account = sql_int(filter->account_id);
	struct sql_value status = sql_text(filter->status);
	struct sql_value cursor = page_cursor(page), limit = page_rows(page);

	if (str_eq(filter->status, STR("deleted")))
		return list_deleted(store, a, filter, page, rows, err);
	if (filter->name_prefix.n)
		return list_by_name(store, a, filter, page, rows, err);
	if (filter->tag.n)
		return list_by(store, a, LIST_TAG,
		               SQL_VALUES(account, sql_text(filter->tag), cursor,
		                          status, limit),
		               rows, err);
	if (filter->status.n)
		return list_by(store, a, LIST_STATUS,
		               SQL_VALUES(account, status, cursor, limit), rows, err);
	return list_by(store, a, LIST, SQL_VALUES(account, cursor, limit), rows, err);
}

bool domain_list(struct store *store, struct arena *a,
                 const struct domain_filter *filter, const struct store_page *page,
                 struct domain_rows *out, struct err *err)
{
	struct sql_rows rows;

	need(!page->newest_first);
	if (!list(store, a, filter, page, &rows, err))
		return false;
	out->next = page_cut(page, &rows);
	ROWS_TAKE(out, rows);
	return true;
}

bool domain_list_named(struct store *store, struct arena *a, struct str name,
                       int64_t limit, struct domain_rows *out, struct err *err)
{
	struct sql_rows rows;

	if (!sql_list(store->sql, &statements[LIST_NAMED],
	              SQL_VALUES(sql_text(name), sql_int(limit)), a, &rows, err))
		return false;
	out->next = 0;
	ROWS_TAKE(out, rows);
	return true;
}

bool domain_save_life(struct store *store, int64_t id, const struct domain_life *life,
                      struct err *err)
{
	int64_t changed = 0;
	bool own, is_good;

	if (!several_begin(store, &own, err))
		return false;
	is_good = sql_run(
	        store->sql, &statements[SAVE_LIFE],
	        SQL_VALUES(
	                sql_text(life->status), sql_optional(life->status_since),
	                sql_optional(life->started_at), sql_optional(life->checked_at),
	                sql_optional(life->next_check_at),
	                sql_optional(life->verified_at),
	                sql_optional(life->loss_seen_at),
	                sql_optional(life->warning_since), sql_int(life->checks_done),
	                sql_int(life->fault_streak), sql_text(life->record_summary),
	                sql_text(life->provider), sql_int(id)),
	        &changed, err);
	if (is_good && changed)
		is_good = set_schedule(store, id, life->next_check_at, err);
	return several_end(store, own, is_good, err);
}

bool domain_save_options(struct store *store, const struct domain_row *row,
                         struct err *err)
{
	int64_t changed = 0;
	bool own, is_good;

	if (!several_begin(store, &own, err))
		return false;
	is_good = sql_run(store->sql, &statements[SAVE_OPTIONS],
	                  SQL_VALUES(sql_text(row->region), sql_text(row->environment),
	                             sql_int(row->open_tracking),
	                             sql_int(row->click_tracking),
	                             sql_text(row->unsubscribe_mode),
	                             sql_text(row->tracking_host), sql_text(row->tags),
	                             sql_int(row->id)),
	                  &changed, err);
	if (is_good && changed)
		is_good = set_tags(store, row->id, row->tags, err);
	return several_end(store, own, is_good, err);
}

bool domain_save_layout(struct store *store, int64_t id, int64_t layout_id,
                        struct str settings, struct err *err)
{
	return sql_run(store->sql, &statements[SAVE_LAYOUT],
	               SQL_VALUES(sql_int(layout_id), sql_text(settings), sql_int(id)),
	               NULL, err);
}

bool domain_save_review(struct store *store, int64_t id, struct str state,
                        struct err *err)
{
	return sql_run(store->sql, &statements[SAVE_REVIEW],
	               SQL_VALUES(sql_text(state), sql_int(id)), NULL, err);
}

bool domain_suspend(struct store *store, int64_t id, bool is_suspended, struct err *err)
{
	return sql_run(store->sql, &statements[SUSPEND],
	               SQL_VALUES(sql_int(is_suspended), sql_int(id)), NULL, err);
}

bool domain_delete(struct store *store, int64_t account, int64_t id, int64_t now,
                   bool *deleted, struct err *err)
{
	int64_t changed = 0;
	bool own, is_good;

	*deleted = false;
	if (!several_begin(store, &own, err))
		return false;
	is_good = sql_run(store->sql, &statements[DELETE],
	                  SQL_VALUES(sql_int(now), sql_int(id), sql_int(account)),
	                  &changed, err);
	if (is_good && changed)
		is_good = set_schedule(store, id, 0, err);
	is_good = several_end(store, own, is_good, err);
	*deleted = is_good && changed;
	return is_good;
}

bool domain_count(struct store *store, struct arena *a, int64_t account,
                  struct domain_counts *out, struct err *err)
{
	struct sql_rows rows;
	bool is_good = account ? sql_list(store->sql, &statements[COUNT],
	                                  SQL_VALUES(sql_int(account)), a, &rows, err)
	                       : sql_list(store->sql, &statements[COUNT_ALL],
	                                  SQL_NO_VALUES, a, &rows, err);

	if (is_good)
		ROWS_TAKE(out, rows);
	return is_good;
}
