/* What belongs to domains, the logs, and what waits: what goes in comes out, member by
 * member, and each rule of the header. */
#include "store/test_rows.h"

#include "store/audit.h"
#include "store/check.h"
#include "store/dkim_key.h"
#include "store/event.h"
#include "store/idempotency.h"
#include "store/mail_queue.h"
#include "store/review.h"
#include "store/sender.h"
#include "store/setting.h"
#include "store/tracking.h"
#include "store/unsettled_key.h"

/* ---- What belongs to domains ---- */

static void dkim_keys(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	int64_t domain = world_domain(w, w->account, "a.example"), id;
	struct dkim_key_row row, *found;
	struct dkim_key_rows rows;

	fill_row(w, "dkim_key.find", &row, 1);
	row.domain_id = domain;
	GOOD(w, dkim_key_add(s, &row, &row.id, &w->err));
	GOOD(w, dkim_key_find(s, &w->a, domain, row.id, &found, &w->err));
	assert_same("dkim_key.find", found, &row);
	GOOD(w, dkim_key_find(s, &w->a, domain + 1, row.id, &found, &w->err));
	assert_null(found);
	GOOD(w, dkim_key_add(s, &row, &id, &w->err));
	assert_int_equal(id, 0);

	GOOD(w, dkim_key_set_stage(s, row.id, STR("active"), 11, &w->err));
	GOOD(w, dkim_key_set_stage(s, row.id, STR("retiring"), 12, &w->err));
	row.stage = STR("retiring");
	row.active_at = 11;
	row.retiring_at = 12;
	GOOD(w, dkim_key_find(s, &w->a, domain, row.id, &found, &w->err));
	assert_same("dkim_key.find", found, &row);
	GOOD(w, dkim_key_list_retiring(s, &w->a, 12, 9, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	GOOD(w, dkim_key_list_retiring(s, &w->a, 13, 9, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	GOOD(w, dkim_key_set_stage(s, row.id, STR("retired"), 13, &w->err));
	GOOD(w, dkim_key_list_retiring(s, &w->a, 99, 9, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	GOOD(w, dkim_key_list(s, &w->a, domain, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].retired_at, 13);
	assert_int_equal(rows.v[0].active_at, 11);
}

static void senders(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	int64_t domain = world_domain(w, w->account, "a.example"), id;
	struct sender_filter of_domain = {.domain_id = domain};
	struct sender_filter of_other = {.account_id = w->other};
	struct sender_filter of_both = {.account_id = w->other, .domain_id = domain};
	struct sender_row row, *found;
	struct sender_rows rows;
	bool deleted;

	fill_row(w, "sender.find", &row, 1);
	row.account_id = w->account;
	row.domain_id = 0;
	row.deleted_at = 0;
	GOOD(w, sender_add(s, &row, &row.id, &w->err));
	GOOD(w, sender_add(s, &row, &id, &w->err));
	assert_int_equal(id, 0);
	row.domain_id = domain;
	row.display_name = STR("New");
	row.status = STR("confirmed");
	GOOD(w, sender_save(s, &row, &w->err));
	GOOD(w, sender_find(s, &w->a, w->account, row.id, &found, &w->err));
	assert_same("sender.find", found, &row);
	GOOD(w,
	     sender_find_address(s, &w->a, w->account, row.address, &found, &w->err));
	assert_same("sender.find", found, &row);
	GOOD(w, sender_find(s, &w->a, w->other, row.id, &found, &w->err));
	assert_null(found);

	GOOD(w, sender_list(s, &w->a, &of_domain, &all, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	GOOD(w, sender_list(s, &w->a, &of_both, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	GOOD(w, sender_list(s, &w->a, &of_other, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	GOOD(w,
	     sender_list(s, &w->a, &(struct sender_filter){0}, &all, &rows, &w->err));
	assert_int_equal(rows.n, 1);

	GOOD(w, sender_delete(s, w->other, row.id, 9, &deleted, &w->err));
	assert_false(deleted);
	GOOD(w, sender_delete(s, w->account, row.id, 9, &deleted, &w->err));
	assert_true(deleted);
	GOOD(w, sender_find(s, &w->a, w->account, row.id, &found, &w->err));
	assert_null(found);
	GOOD(w, sender_list(s, &w->a, &of_domain, &all, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	GOOD(w, sender_add(s, &row, &id, &w->err));
	assert_true(id > row.id);
}

static int64_t add_check(struct world *w, const struct check_row *row, int64_t at)
{
	struct check_row added = *row;
	int64_t id;

	added.at = at;
	GOOD(w, check_add(&w->store, &added, &id, &w->err));
	assert_true(id > 0);
	return id;
}

static void checks(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct check_row row, other, *found;
	struct check_rows rows;
	int64_t first, second;

	fill_row(w, "check.find", &row, 1);
	row.domain_id = world_domain(w, w->account, "a.example");
	row.cause = STR("schedule");
	other = row;
	other.domain_id = world_domain(w, w->account, "b.example");
	first = row.id = add_check(w, &row, 10);
	row.at = row.last_at = 10;
	row.repeated = 0;
	GOOD(w, check_find(s, &w->a, row.domain_id, first, &found, &w->err));
	assert_same("check.find", found, &row);

	add_check(w, &other, 20);
	assert_int_equal(add_check(w, &row, 30), first);
	assert_int_equal(add_check(w, &row, 40), first);
	row.repeated = 2;
	row.last_at = 40;
	GOOD(w, check_find_newest(s, &w->a, row.domain_id, &found, &w->err));
	assert_same("check.find", found, &row);

	/* A request is always a row; so is what differs, and what was before that. */
	row.cause = STR("request");
	second = add_check(w, &row, 50);
	assert_true(second > first);
	row.cause = STR("schedule");
	assert_int_equal(add_check(w, &row, 60), second);
	row.digest = STR("changed");
	assert_true(add_check(w, &row, 70) > second);
	row.can_send = !row.can_send;
	assert_true(add_check(w, &row, 80) > second);
	row.status = STR("changed");
	assert_true(add_check(w, &row, 90) > second);

	GOOD(w, check_list(s, &w->a, row.domain_id, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 5);
	assert_int_equal(rows.v[0].at, 90);
	assert_int_equal(rows.v[0].document.n, 0);
	assert_int_equal(rows.v[4].id, first);
	GOOD(w, check_list(s, &w->a, row.domain_id, &all, &rows, &w->err));
	assert_int_equal(rows.v[0].id, first);
	GOOD(w, check_find(s, &w->a, other.domain_id, first, &found, &w->err));
	assert_null(found);
}

static void old_checks_go_but_the_newest(void **state)
{
	struct world *w = *state;
	struct check_row row = {.cause = STR("request"), .status = STR("pending")};
	struct check_rows rows;
	int64_t removed, quiet = world_domain(w, w->account, "quiet.example");

	row.domain_id = quiet;
	add_check(w, &row, 1);
	row.domain_id = world_domain(w, w->account, "busy.example");
	for (int i = 1; i <= 6; i++)
		add_check(w, &row, i);
	GOOD(w, check_purge(&w->store, 6, 3, &removed, &w->err));
	assert_int_equal(removed, 3);
	GOOD(w, check_purge(&w->store, 6, 3, &removed, &w->err));
	assert_int_equal(removed, 2);
	GOOD(w, check_purge(&w->store, 1000, 3, &removed, &w->err));
	assert_int_equal(removed, 0);
	GOOD(w, check_list(&w->store, &w->a, row.domain_id, &all, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].at, 6);
	GOOD(w, check_list(&w->store, &w->a, quiet, &all, &rows, &w->err));
	assert_int_equal(rows.n, 1);
}

static void reviews(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct review_row row, later, *found;
	struct review_rows rows;

	fill_row(w, "review.find", &row, 1);
	row.domain_id = world_domain(w, w->account, "a.example");
	GOOD(w, review_add(s, &row, &row.id, &w->err));
	GOOD(w, review_find(s, &w->a, row.id, &found, &w->err));
	assert_same("review.find", found, &row);
	fill_row(w, "review.find", &later, 2);
	later.domain_id = row.domain_id;
	GOOD(w, review_add(s, &later, &later.id, &w->err));
	GOOD(w, review_find_newest(s, &w->a, row.domain_id, &found, &w->err));
	assert_same("review.find", found, &later);

	fill_row(w, "review.find", found, 3);
	found->id = later.id;
	found->domain_id = later.domain_id;
	found->state = row.state;
	later = *found;
	GOOD(w, review_save(s, &later, &w->err));
	GOOD(w, review_list(s, &w->a, row.state, &all, &rows, &w->err));
	assert_int_equal(rows.n, 2);
	assert_same("review.find", &rows.v[1], &later);
	GOOD(w, review_list(s, &w->a, row.state, &newest, &rows, &w->err));
	assert_same("review.find", &rows.v[1], &row);
	GOOD(w, review_list(s, &w->a, STR("none"), &all, &rows, &w->err));
	assert_int_equal(rows.n, 0);
}

static bool see_time(int64_t id, int64_t next_at, void *arg)
{
	int64_t *out = arg;

	(void)id;
	*out = next_at;
	return true;
}

/* By account, and of all; `row` is retired, and its name free for another account. */
static void check_tracking_lists(struct world *w, struct tracking_row row)
{
	struct store *s = &w->store;
	struct tracking_filter of = {.account_id = w->account};
	struct tracking_rows rows;
	int64_t id;

	row.retired_at = 0;
	GOOD(w, tracking_list(s, &w->a, &of, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	of.account_id = w->other;
	GOOD(w, tracking_list(s, &w->a, &of, &all, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	row.account_id = w->other;
	GOOD(w, tracking_add(s, &row, &id, &w->err));
	assert_true(id > row.id);
	GOOD(w, tracking_list(s, &w->a, &(struct tracking_filter){0}, &newest, &rows,
	                      &w->err));
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.v[0].id, id);
}

static void tracking_names(void **state)
{
	int64_t time = 0;
	struct world *w = *state;
	struct store *s = &w->store;
	struct tracking_row row, *found;
	struct tracking_rows rows;
	struct tracking_filter of = {.account_id = w->account};
	int64_t id;
	bool retired;

	fill_row(w, "tracking.find", &row, 1);
	row.account_id = w->account;
	row.domain_id = 0;
	row.retired_at = 0;
	GOOD(w, tracking_add(s, &row, &row.id, &w->err));
	row.account_id = w->other;
	GOOD(w, tracking_add(s, &row, &id, &w->err));
	assert_int_equal(id, 0);
	row.account_id = w->account;
	row.domain_id = of.domain_id = world_domain(w, w->account, "a.example");
	row.mode = STR("m");
	row.region = STR("r");
	row.target = STR("t");
	row.status = STR("s");
	row.seen = STR("{}");
	row.next_at = 77;
	row.http_allowed = !row.http_allowed;
	row.https = STR("green");
	GOOD(w, tracking_save(s, &row, &w->err));
	GOOD(w, tracking_schedule_load(s, see_time, &time, &w->err));
	assert_int_equal(time, 77);
	GOOD(w, tracking_find_name(s, &w->a, row.name, &found, &w->err));
	assert_same("tracking.find", found, &row);
	GOOD(w, tracking_find(s, &w->a, w->other, row.id, &found, &w->err));
	assert_null(found);

	GOOD(w, tracking_retire(s, w->other, row.id, 9, &retired, &w->err));
	assert_false(retired);
	GOOD(w, tracking_retire(s, w->account, row.id, 9, &retired, &w->err));
	assert_true(retired);
	GOOD(w, tracking_find_name(s, &w->a, row.name, &found, &w->err));
	assert_null(found);
	GOOD(w, tracking_schedule_load(s, see_time, &time, &w->err));
	assert_int_equal(time, 9);
	GOOD(w, tracking_list(s, &w->a, &of, &all, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].retired_at, 9);
	row = rows.v[0];
	row.next_at = time = 0;
	GOOD(w, tracking_save(s, &row, &w->err));
	GOOD(w, tracking_schedule_load(s, see_time, &time, &w->err));
	assert_int_equal(time, 0); /* off the schedule */
	check_tracking_lists(w, row);
}

/* ---- Logs ---- */

static size_t event_count(struct world *w, const struct event_filter *f, int64_t limit,
                          bool newest_first)
{
	struct store_page page = {.limit = limit, .newest_first = newest_first};
	struct event_rows rows;
	int64_t last = 0;
	size_t n = 0;

	do {
		GOOD(w, event_list(&w->store, &w->a, f, &page, &rows, &w->err));
		for (size_t i = 0; i < rows.n; i++, n++) {
			if (last)
				assert_true((last < rows.v[i].id) == !newest_first);
			last = rows.v[i].id;
		}
		page.cursor = rows.next;
	} while (rows.next);
	return n;
}

static void events(void **state)
{
	struct world *w = *state;
	const int64_t domains[] = {0, world_domain(w, w->account, "a.example"),
	                           world_domain(w, w->account, "b.example")};
	struct event_row row, *found;

	fill_row(w, "event.find", &row, 1);
	for (int i = 0; i < 24; i++) {
		row.account_id = i % 4 ? w->account : w->other;
		row.domain_id = domains[i % 3];
		row.type = i % 2 ? STR("odd") : STR("even");
		GOOD(w, event_append(&w->store, &row, &row.id, &w->err));
		GOOD(w, event_find(&w->store, &w->a, row.account_id, row.id, &found,
		                   &w->err));
		assert_same("event.find", found, &row);
	}
	GOOD(w, event_find(&w->store, &w->a, w->other, row.id, &found, &w->err));
	assert_null(found);
	for (int64_t limit = 1; limit < 10; limit += 4)
		for (int way = 0; way < 2; way++) {
			struct event_filter f = {0};

			assert_int_equal(event_count(w, &f, limit, way), 24);
			f.type = STR("odd");
			assert_int_equal(event_count(w, &f, limit, way), 12);
			f.account_id = w->account;
			assert_int_equal(event_count(w, &f, limit, way), 12);
			f.type = STR("even");
			assert_int_equal(event_count(w, &f, limit, way), 6);
			f.domain_id = domains[1];
			assert_int_equal(event_count(w, &f, limit, way), 2);
			f = (struct event_filter){.domain_id = domains[2]};
			assert_int_equal(event_count(w, &f, limit, way), 8);
		}
}

static void an_event_id_is_never_given_twice(void **state)
{
	struct world *w = *state;
	struct event_row row = {.type = STR("t")};
	int64_t last = 0, removed;

	for (row.at = 1; row.at <= 6; row.at++)
		GOOD(w, event_append(&w->store, &row, &last, &w->err));
	GOOD(w, event_purge(&w->store, 4, 2, &removed, &w->err));
	assert_int_equal(removed, 2);
	GOOD(w, event_purge(&w->store, 4, 2, &removed, &w->err));
	assert_int_equal(removed, 1);
	GOOD(w, event_purge(&w->store, 1000, 100, &removed, &w->err));
	assert_int_equal(removed, 2);
	assert_int_equal(event_count(w, &(struct event_filter){0}, 9, false), 1);
	GOOD(w, event_append(&w->store, &row, &row.id, &w->err));
	assert_int_equal(row.id, last + 1);
}

static void audits(void **state)
{
	struct world *w = *state;
	struct audit_row row;
	struct audit_rows rows;
	int64_t removed;

	for (int i = 0; i < 6; i++) {
		fill_row(w, "audit.list", &row, i + 1);
		row.account_id = i % 2 ? w->account : 0;
		GOOD(w, audit_append(&w->store, &row, &row.id, &w->err));
	}
	GOOD(w, audit_list(&w->store, &w->a, 0, &newest, &rows, &w->err));
	assert_int_equal(rows.n, 6);
	assert_same("audit.list", &rows.v[0], &row);
	GOOD(w, audit_list(&w->store, &w->a, w->account, &all, &rows, &w->err));
	assert_int_equal(rows.n, 3);
	assert_same("audit.list", &rows.v[2], &row);
	GOOD(w, audit_purge(&w->store, 3000, 10, &removed, &w->err));
	assert_int_equal(removed, 2);
	GOOD(w, audit_list(&w->store, &w->a, 0, &all, &rows, &w->err));
	assert_int_equal(rows.n, 4);
}

static void idempotent_answers(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct idempotency_row row, *found;
	int64_t removed;

	fill_row(w, "idempotency.find", &row, 1);
	row.account_id = w->account;
	GOOD(w, idempotency_find(s, &w->a, w->account, row.key, &found, &w->err));
	assert_null(found);
	GOOD(w, idempotency_save(s, &row, &w->err));
	GOOD(w, idempotency_find(s, &w->a, w->account, row.key, &found, &w->err));
	assert_same("idempotency.find", found, &row);
	GOOD(w, idempotency_find(s, &w->a, w->other, row.key, &found, &w->err));
	assert_null(found);
	row.status = 201;
	row.body = STR("{}");
	row.digest = STR("other");
	row.created_at = 50;
	GOOD(w, idempotency_save(s, &row, &w->err));
	GOOD(w, idempotency_find(s, &w->a, w->account, row.key, &found, &w->err));
	assert_same("idempotency.find", found, &row);

	GOOD(w, idempotency_expire(s, 50, 9, &removed, &w->err));
	assert_int_equal(removed, 0);
	GOOD(w, idempotency_expire(s, 51, 9, &removed, &w->err));
	assert_int_equal(removed, 1);
	GOOD(w, idempotency_save(s, &row, &w->err));
	GOOD(w, idempotency_remove(s, w->account, row.key, &w->err));
	GOOD(w, idempotency_find(s, &w->a, w->account, row.key, &found, &w->err));
	assert_null(found);
}

static void settings(void **state)
{
	struct world *w = *state;
	struct str value;

	GOOD(w, setting_find(&w->store, &w->a, STR("x"), &value, &w->err));
	assert_null(value.p);
	GOOD(w, setting_save(&w->store, STR("x"), STR("1"), &w->err));
	GOOD(w, setting_save(&w->store, STR("x"), STR(""), &w->err));
	GOOD(w, setting_find(&w->store, &w->a, STR("x"), &value, &w->err));
	assert_non_null(value.p);
	assert_int_equal(value.n, 0);
}

/* ---- What waits ---- */

static size_t count_unsettled(struct world *w, int64_t before)
{
	struct unsettled_key_rows rows;

	GOOD(w, unsettled_key_list(&w->store, &w->a, before, 9, &rows, &w->err));
	for (size_t i = 1; i < rows.n; i++)
		assert_true(rows.v[i - 1].since <= rows.v[i].since);
	return rows.n;
}

static void unsettled_keys(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct dkim_key_row key = {.domain_id =
	                                   world_domain(w, w->account, "a.example"),
	                           .key_ref = STR("k1"),
	                           .selector = STR("s1"),
	                           .algorithm = STR("rsa"),
	                           .public_key = STR("AA=="),
	                           .stage = STR("active")};

	GOOD(w, unsettled_key_add(s, STR("k1"), 10, &w->err));
	GOOD(w, unsettled_key_add(s, STR("k2"), 5, &w->err));
	assert_int_equal(count_unsettled(w, 5), 0);
	assert_int_equal(count_unsettled(w, 6), 1);
	assert_int_equal(count_unsettled(w, 11), 2);
	GOOD(w, dkim_key_add(s, &key, &key.id, &w->err));
	assert_int_equal(count_unsettled(w, 11), 1);
	GOOD(w, unsettled_key_add(s, STR("k2"), 20, &w->err));
	assert_int_equal(count_unsettled(w, 11), 0);
	GOOD(w, unsettled_key_remove(s, STR("k2"), &w->err));
	assert_int_equal(count_unsettled(w, 99), 0);

	/* A key in use is never given up; one that is retired is. */
	GOOD(w, unsettled_key_add(s, STR("k1"), 30, &w->err));
	assert_int_equal(count_unsettled(w, 99), 0);
	GOOD(w, dkim_key_set_stage(s, key.id, STR("retired"), 40, &w->err));
	assert_int_equal(count_unsettled(w, 99), 1);
}

static void mails(void **state)
{
	struct world *w = *state;
	struct store *s = &w->store;
	struct mail_row row, *found;
	int64_t at;
	bool full;

	GOOD(w, mail_queue_next(s, &at, &w->err));
	assert_int_equal(at, 0);
	fill_row(w, "mail_queue.find_due", &row, 1);
	row.next_at = 50;
	GOOD(w, mail_queue_add(s, &row, &row.id, &w->err));
	GOOD(w, mail_queue_find_due(s, &w->a, 50, &found, &w->err));
	assert_null(found);
	GOOD(w, mail_queue_find_due(s, &w->a, 51, &found, &w->err));
	assert_same("mail_queue.find_due", found, &row);
	row.next_at = 40;
	GOOD(w, mail_queue_add(s, &row, &at, &w->err));
	GOOD(w, mail_queue_find_due(s, &w->a, 51, &found, &w->err));
	assert_int_equal(found->id, at);
	GOOD(w, mail_queue_put_off(s, at, 90, &w->err));
	GOOD(w, mail_queue_find_due(s, &w->a, 51, &found, &w->err));
	assert_int_equal(found->id, row.id);
	GOOD(w, mail_queue_remove(s, row.id, &w->err));
	GOOD(w, mail_queue_find_due(s, &w->a, 99, &found, &w->err));
	assert_int_equal(found->tries, row.tries + 1);
	GOOD(w, mail_queue_next(s, &at, &w->err));
	assert_int_equal(at, 90);
	GOOD(w, mail_queue_add(s, &row, &at, &w->err));
	GOOD(w, mail_queue_has(s, 2, &full, &w->err));
	assert_true(full);
	GOOD(w, mail_queue_has(s, 3, &full, &w->err));
	assert_false(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(dkim_keys), WORLD_TEST(senders),
	        WORLD_TEST(checks),    WORLD_TEST(old_checks_go_but_the_newest),
	        WORLD_TEST(reviews),   WORLD_TEST(tracking_names),
	        WORLD_TEST(events),    WORLD_TEST(an_event_id_is_never_given_twice),
	        WORLD_TEST(audits),    WORLD_TEST(idempotent_answers),
	        WORLD_TEST(settings),  WORLD_TEST(unsettled_keys),
	        WORLD_TEST(mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
