/* Accounts, keys, people, domains and their schedule: what goes in comes out, member by
 * member, and each rule of the header. */
#include "store/test_rows.h"

#include "store/api_key.h"
#include "store/schedule.h"
#include "store/user.h"

/* ---- Accounts, keys, people ---- */

static void accounts(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct account_row row, *found;
	struct account_rows rows;
	struct store_page page = {.limit = 2};

	fill_row(w, "account.find", &row, 1);
	GOOD(w, account_add(s, &row, &row.id, &w->err));
	GOOD(w, account_find(s, &w->a, row.id, &found, &w->err));
	assert_same("account.find", found, &row);

	fill_row(w, "account.find", found, 2);
	found->id = row.id;
	found->created_at = row.created_at;
	found->closed_at = row.closed_at;
	GOOD(w, account_save(s, found, &w->err));
	GOOD(w, account_close(s, row.id, 77, &w->err));
	row = *found;
	row.closed_at = 77;
	GOOD(w, account_find(s, &w->a, row.id, &found, &w->err));
	assert_same("account.find", found, &row);
	GOOD(w, account_close(s, row.id, 0, &w->err));
	GOOD(w, account_find(s, &w->a, row.id, &found, &w->err));
	assert_int_equal(found->closed_at, 0);
	GOOD(w, account_find(s, &w->a, 999, &found, &w->err));
	assert_null(found);

	GOOD(w, account_list(s, &w->a, &page, &rows, &w->err));
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.v[0].id, w->account);
	assert_int_equal(rows.next, rows.v[1].id);
	page.cursor = rows.next;
	GOOD(w, account_list(s, &w->a, &page, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].id, row.id);
	assert_int_equal(rows.next, 0);
	GOOD(w, account_list(s, &w->a, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.v[0].id, row.id);
}

static void api_keys(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct api_key_row row, *found;
	struct api_key_rows rows;
	int64_t id;
	bool revoked;

	fill_row(w, "api_key.find", &row, 1);
	row.account_id = w->account;
	row.domain_id = world_domain(w, w->account, "bound.example");
	row.last_used_at = row.revoked_at = 0;
	GOOD(w, api_key_add(s, &row, &row.id, &w->err));
	GOOD(w, api_key_add(s, &row, &id, &w->err));
	assert_int_equal(id, 0);
	GOOD(w, api_key_find_hash(s, &w->a, row.hash, &found, &w->err));
	assert_same("api_key.find", found, &row);
	GOOD(w, api_key_find(s, &w->a, w->account, row.id, &found, &w->err));
	assert_same("api_key.find", found, &row);
	GOOD(w, api_key_find(s, &w->a, w->other, row.id, &found, &w->err));
	assert_null(found);
	GOOD(w, api_key_find_hash(s, &w->a, STR("none"), &found, &w->err));
	assert_null(found);

	GOOD(w, api_key_touch(s, &row, 100000, &w->err));
	GOOD(w, api_key_find(s, &w->a, 0, row.id, &found, &w->err));
	assert_int_equal(found->last_used_at, 100000);
	GOOD(w, api_key_touch(s, found, 100000 + 59999, &w->err));
	GOOD(w, api_key_find(s, &w->a, 0, row.id, &found, &w->err));
	assert_int_equal(found->last_used_at, 100000);
	GOOD(w, api_key_touch(s, found, 100000 + 60000, &w->err));
	GOOD(w, api_key_find(s, &w->a, 0, row.id, &found, &w->err));
	assert_int_equal(found->last_used_at, 160000);

	GOOD(w, api_key_revoke(s, w->other, row.id, 5, &revoked, &w->err));
	assert_false(revoked);
	GOOD(w, api_key_revoke(s, w->account, row.id, 5, &revoked, &w->err));
	assert_true(revoked);
	GOOD(w, api_key_revoke(s, w->account, row.id, 6, &revoked, &w->err));
	assert_false(revoked);
	GOOD(w, api_key_find_hash(s, &w->a, row.hash, &found, &w->err));
	assert_null(found);
	GOOD(w, api_key_list(s, &w->a, w->account, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].revoked_at, 5);
	GOOD(w, api_key_list(s, &w->a, w->other, &all, &rows, &w->err));
	assert_int_equal(rows.n, 0);
}

static void users(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct user_row row, *found;
	struct user_rows rows;
	int64_t id;

	fill_row(w, "user.find", &row, 1);
	row.account_id = w->account;
	GOOD(w, user_add(s, &row, &row.id, &w->err));
	GOOD(w, user_add(s, &row, &id, &w->err));
	assert_int_equal(id, 0);
	row.password_hash = STR("new");
	row.role = STR("admin");
	GOOD(w, user_save(s, &row, &w->err));
	GOOD(w, user_find_email(s, &w->a, row.email, &found, &w->err));
	assert_same("user.find", found, &row);
	GOOD(w, user_find(s, &w->a, w->account, row.id, &found, &w->err));
	assert_same("user.find", found, &row);
	GOOD(w, user_find(s, &w->a, w->other, row.id, &found, &w->err));
	assert_null(found);
	GOOD(w, user_list(s, &w->a, w->account, &all, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	GOOD(w, user_list(s, &w->a, w->account, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	GOOD(w, user_list(s, &w->a, w->other, &all, &rows, &w->err));
	assert_int_equal(rows.n, 0);
}

static void sessions(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct user_row user = {.account_id = w->account, .email = STR("a@b.example")};
	struct session_row row = {0, 0, STR("h1"), 100, 200}, *found;
	int64_t removed;
	bool was;

	GOOD(w, user_add(s, &user, &user.id, &w->err));
	row.user_id = user.id;
	GOOD(w, session_add(s, &row, &row.id, &w->err));
	GOOD(w, session_find(s, &w->a, row.hash, 199, &found, &w->err));
	assert_same("session.find", found, &row);
	GOOD(w, session_find(s, &w->a, row.hash, 200, &found, &w->err));
	assert_null(found);
	GOOD(w, session_expire(s, 199, 10, &removed, &w->err));
	assert_int_equal(removed, 0);
	GOOD(w, session_expire(s, 200, 10, &removed, &w->err));
	assert_int_equal(removed, 1);

	for (int i = 0; i < 3; i++) {
		row.hash = arena_printf(&w->a, "n%d", i);
		GOOD(w, session_add(s, &row, &row.id, &w->err));
	}
	GOOD(w, session_remove(s, STR("n0"), &w->err));
	GOOD(w, session_find(s, &w->a, STR("n0"), 0, &found, &w->err));
	assert_null(found);
	GOOD(w, session_find(s, &w->a, STR("n1"), 0, &found, &w->err));
	assert_non_null(found);
	GOOD(w, user_remove(s, w->other, user.id, &was, &w->err));
	assert_false(was);
	GOOD(w, user_remove(s, w->account, user.id, &was, &w->err));
	assert_true(was);
	GOOD(w, session_find(s, &w->a, STR("n1"), 0, &found, &w->err));
	assert_null(found);
}

/* ---- Domains ---- */

static void a_domain_comes_out_as_it_went_in(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct domain_row row, *found;
	struct domain_life life;

	fill_row(w, "domain.find", &row, 1);
	row.account_id = w->account;
	row.layout_id = w->layout;
	row.deleted_at = 0;
	GOOD(w, domain_add(s, &row, &row.id, &w->err));
	GOOD(w, domain_find(s, &w->a, w->account, row.id, &found, &w->err));
	assert_same("domain.find", found, &row);
	GOOD(w, domain_find(s, &w->a, w->other, row.id, &found, &w->err));
	assert_null(found);
	GOOD(w, domain_find_name(s, &w->a, w->account, row.name, &found, &w->err));
	assert_same("domain.find", found, &row);
	GOOD(w, domain_find_name(s, &w->a, w->other, row.name, &found, &w->err));
	assert_null(found);

	fill_row(w, "domain.find", found = ARENA_NEW(&w->a, struct domain_row), 2);
	row.life = life = found->life;
	GOOD(w, domain_save_life(s, row.id, &life, &w->err));
	found->id = row.id;
	GOOD(w, domain_save_options(s, found, &w->err));
	row.region = found->region;
	row.environment = found->environment;
	row.open_tracking = found->open_tracking;
	row.click_tracking = found->click_tracking;
	row.unsubscribe_mode = found->unsubscribe_mode;
	row.tracking_host = found->tracking_host;
	row.tags = found->tags;
	GOOD(w, domain_save_layout(s, row.id, w->layout, STR("{\"x\":1}"), &w->err));
	row.settings = STR("{\"x\":1}");
	GOOD(w, domain_save_review(s, row.id, STR("asked"), &w->err));
	row.review_state = STR("asked");
	row.is_suspended = !row.is_suspended;
	GOOD(w, domain_suspend(s, row.id, row.is_suspended, &w->err));
	GOOD(w, domain_find(s, &w->a, 0, row.id, &found, &w->err));
	assert_same("domain.find", found, &row);
}

static void a_deleted_domain_frees_its_name(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	int64_t id = world_domain(w, w->account, "acme.example"), again;
	struct domain_row *found;
	struct domain_life life = {.status = STR("verified"), .next_check_at = 9};
	bool deleted;

	assert_int_equal(world_domain(w, w->account, "acme.example"), 0);
	assert_true(world_domain(w, w->other, "acme.example") > 0);
	GOOD(w, domain_delete(s, w->other, id, 50, &deleted, &w->err));
	assert_false(deleted);
	GOOD(w, domain_delete(s, w->account, id, 50, &deleted, &w->err));
	assert_true(deleted);
	GOOD(w, domain_delete(s, w->account, id, 51, &deleted, &w->err));
	assert_false(deleted);
	GOOD(w, domain_save_life(s, id, &life, &w->err));
	GOOD(w, domain_find(s, &w->a, w->account, id, &found, &w->err));
	assert_text(found->life.status, "deleted");
	assert_text(found->name, "acme.example");
	assert_int_equal(found->deleted_at, 50);
	assert_int_equal(found->life.status_since, 50);
	assert_int_equal(found->life.next_check_at, 0);
	GOOD(w, domain_find_name(s, &w->a, w->account, found->name, &found, &w->err));
	assert_null(found);
	again = world_domain(w, w->account, "acme.example");
	assert_true(again > id);
}

enum { MANY = 90 };
static const char *const words[] = {"pending", "verified", "lost"};
static const char *const tags[] = {"", "blue", "red blue"};
static const char *const reviews[] = {"", "approved", "waiting", "rejected"};

/* Domain i of the lists: of which account, its status, tags and name. */
static struct domain_row nth(const struct world *w, struct arena *a, int i)
{
	struct str name =
	        arena_printf(a, "%s%d.example", i % 5 ? "m" : "ma", 97 * i % MANY);
	struct domain_row row =
	        world_domain_row(w, i % 3 ? w->account : w->other, name.p);

	row.life.status = str_c(words[i / 3 % 3]);
	row.tags = str_c(tags[i / 9 % 3]);
	row.is_suspended = i % 11 == 3;
	row.review_state = str_c(reviews[i % 4]);
	return row;
}

/* The status of the domain as it is shown (life_shown_status). */
static struct str shown(const struct domain_row *row, bool is_gone)
{
	bool reviewed =
	        row->review_state.n == 0 || str_eq(row->review_state, STR("approved"));

	if (is_gone)
		return STR("deleted");
	if (row->is_suspended)
		return STR("suspended");
	if (str_eq(row->review_state, STR("rejected")))
		return STR("rejected");
	if (!reviewed && str_eq(row->life.status, STR("verified")))
		return STR("review");
	return row->life.status;
}

static bool passes(const struct domain_row *row, const struct domain_filter *f,
                   bool is_gone)
{
	struct str rest = row->tags, word;
	bool has_tag = !f->tag.n;

	while (!has_tag && str_cut_word(&rest, &word))
		has_tag = str_eq(word, f->tag);
	return has_tag && (!f->account_id || row->account_id == f->account_id) &&
	       (f->status.n ? str_eq(shown(row, is_gone), f->status) : !is_gone) &&
	       str_starts(row->name, f->name_prefix);
}

/* Goes through the pages; each domain that passes comes once, in order. */
static void check_pages(struct world *w, const struct domain_filter *f, bool *is_gone)
{
	struct store_page page = {.limit = 4};
	struct domain_rows rows;
	struct domain_row last = {0};
	bool by_name = f->name_prefix.n && !str_eq(f->status, STR("deleted"));
	size_t n = 0, want = 0;

	for (int i = 0; i < MANY; i++) {
		struct domain_row row = nth(w, &w->a, i);

		want += passes(&row, f, is_gone[i]);
	}
	do {
		GOOD(w, domain_list(&w->store, &w->a, f, &page, &rows, &w->err));
		assert_true(rows.n <= 4);
		for (size_t i = 0; i < rows.n; i++, n++) {
			const struct domain_row *row = &rows.v[i];

			assert_true(passes(row, f, row->deleted_at != 0));
			if (last.id && by_name)
				assert_true(str_cmp(last.name, row->name) < 0 ||
				            (str_eq(last.name, row->name) &&
				             last.id < row->id));
			else if (last.id)
				assert_true(last.id < row->id);
			last = *row;
		}
		page.cursor = rows.next;
	} while (rows.next);
	assert_int_equal(n, want);
}

static void lists_of_domains(void **state)
{
	struct world *w = *state;
	const int64_t accounts[] = {0, w->account, w->other};
	const char *const statuses[] = {"",         "pending", "verified",
	                                "lost",     "review",  "suspended",
	                                "rejected", "deleted", "none"};
	const char *const prefixes[] = {"", "m", "ma", "m7", "x"};
	const char *const some[] = {"", "red", "blue", "green"};
	bool is_gone[MANY] = {false}, deleted;

	for (int i = 0; i < MANY; i++) {
		struct domain_row row = nth(w, &w->a, i);

		GOOD(w, domain_add(&w->store, &row, &row.id, &w->err));
		assert_true(row.id > 0);
		is_gone[i] = i % 10 == 7;
		if (is_gone[i])
			GOOD(w,
			     domain_delete(&w->store, 0, row.id, 5, &deleted, &w->err));
	}
	for (size_t i = 0;
	     i < LEN(accounts) * LEN(statuses) * LEN(prefixes) * LEN(some); i++) {
		size_t j = i;
		struct domain_filter f = {.account_id = accounts[j % LEN(accounts)]};

		f.status = str_c(statuses[(j /= LEN(accounts)) % LEN(statuses)]);
		f.name_prefix = str_c(prefixes[(j /= LEN(statuses)) % LEN(prefixes)]);
		f.tag = str_c(some[j / LEN(prefixes) % LEN(some)]);
		check_pages(w, &f, is_gone);
	}
}

static void counts_and_names_of_domains(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct domain_counts counts;
	struct domain_rows rows;
	struct domain_life life = {.status = STR("lost")};
	int64_t one = world_domain(w, w->account, "a.example");
	int64_t other = world_domain(w, w->other, "a.example");

	world_domain(w, w->account, "b.example");
	GOOD(w, domain_save_life(s, one, &life, &w->err));
	GOOD(w, domain_count(s, &w->a, w->account, &counts, &w->err));
	assert_int_equal(counts.n, 2);
	assert_text(counts.v[0].status, "lost");
	assert_int_equal(counts.v[0].n, 1);
	assert_text(counts.v[1].status, "pending");
	assert_int_equal(counts.v[1].n, 1);
	GOOD(w, domain_count(s, &w->a, 0, &counts, &w->err));
	assert_int_equal(counts.n, 2);
	assert_int_equal(counts.v[1].n, 2);

	GOOD(w, domain_list_named(s, &w->a, STR("a.example"), 10, &rows, &w->err));
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.v[0].id, one);
	assert_int_equal(rows.v[1].id, other);
	GOOD(w, domain_list_named(s, &w->a, STR("a.example"), 1, &rows, &w->err));
	assert_int_equal(rows.n, 1);
}

static void layouts(void **state)
{
	struct world *w = *state;
	struct layout_row row = {0, STR("d2"), STR("standard"), STR("{\"b\":2}")};
	struct layout_row *found;
	int64_t again;

	GOOD(w, layout_put(&w->store, &row, &row.id, &w->err));
	assert_int_not_equal(row.id, w->layout);
	GOOD(w, layout_put(&w->store, &row, &again, &w->err));
	assert_int_equal(again, row.id);
	GOOD(w, layout_find(&w->store, &w->a, row.id, &found, &w->err));
	assert_same("layout.find", found, &row);
	GOOD(w, layout_find(&w->store, &w->a, 99, &found, &w->err));
	assert_null(found);
}

/* ---- Schedule ---- */

struct loaded {
	struct schedule_row v[16];
	size_t n, max;
};

static bool load(const struct schedule_row *row, void *arg)
{
	struct loaded *loaded = arg;

	assert_true(loaded->n < LEN(loaded->v));
	loaded->v[loaded->n++] = *row;
	return loaded->n < loaded->max;
}

static struct loaded loaded(struct world *w, size_t max)
{
	struct loaded all_rows = {.max = max};

	GOOD(w, schedule_load(&w->store, load, &all_rows, &w->err));
	return all_rows;
}

static void the_schedule_follows_the_domains(void **state)
{
	struct world *w = *state;
	struct domain_life life = {.status = STR("verified"), .next_check_at = 7000};
	struct schedule_row rows[2] = {
	        {0, 1},
                {0, 2}
        };
	struct loaded now;
	bool deleted;

	rows[0].domain_id = world_domain(w, w->account, "a.example");
	rows[1].domain_id = world_domain(w, w->account, "b.example");
	now = loaded(w, 16);
	assert_int_equal(now.n, 2);
	assert_int_equal(now.v[1].domain_id, rows[1].domain_id);
	assert_int_equal(now.v[1].next_at, 5000);
	assert_int_equal(loaded(w, 1).n, 1);

	GOOD(w, domain_save_life(&w->store, rows[0].domain_id, &life, &w->err));
	assert_int_equal(loaded(w, 16).v[0].next_at, 7000);
	GOOD(w, schedule_set(&w->store, rows, 2, &w->err));
	now = loaded(w, 16);
	assert_int_equal(now.v[0].next_at, 1);
	assert_int_equal(now.v[1].next_at, 2);

	rows[0].next_at = 0;
	GOOD(w, schedule_set(&w->store, rows, 1, &w->err));
	assert_int_equal(loaded(w, 16).n, 1);
	GOOD(w, domain_delete(&w->store, 0, rows[1].domain_id, 1, &deleted, &w->err));
	assert_int_equal(loaded(w, 16).n, 0);
	life.next_check_at = 0;
	GOOD(w, domain_save_life(&w->store, rows[0].domain_id, &life, &w->err));
	assert_int_equal(loaded(w, 16).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(accounts),
	        WORLD_TEST(api_keys),
	        WORLD_TEST(users),
	        WORLD_TEST(sessions),
	        WORLD_TEST(a_domain_comes_out_as_it_went_in),
	        WORLD_TEST(a_deleted_domain_frees_its_name),
	        WORLD_TEST(lists_of_domains),
	        WORLD_TEST(counts_and_names_of_domains),
	        WORLD_TEST(layouts),
	        WORLD_TEST(the_schedule_follows_the_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
