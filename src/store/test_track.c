/* Events of tracked links, their counts and cursors, and who unsubscribed. */
#include "store/test_store.h"

#include "store/track_count.h"
#include "store/track_cursor.h"
#include "store/track_event.h"
#include "store/track_message.h"
#include "store/tracking.h"
#include "store/unsubscribe.h"

static struct track_event_row an_event(const struct world *w, int64_t id)
{
	return (struct track_event_row){.id = id,
	                                .account_id = w->account,
	                                .domain_id = 7,
	                                .type = 1 + id % 2,
	                                .at = id * 1000,
	                                .message = 500 + id % 3,
	                                .link = 1,
	                                .verdict = id % 3,
	                                .reasons = 9,
	                                .source = 11,
	                                .method = 1,
	                                .tls = 0x304,
	                                .answer = 302,
	                                .hints = 3,
	                                .host = STR("t.acme.example"),
	                                .text = STR("https://acme.example/"),
	                                .ip = STR("192.0.2.1"),
	                                .agent = STR("curl")};
}

static void add_events(struct world *w, int64_t n)
{
	for (int64_t id = 1; id <= n; id++) {
		struct track_event_row row = an_event(w, id);

		GOOD(w, track_event_add(&w->store, &row, &w->err));
	}
}

static void an_event_comes_back(void **state)
{
	struct world *w = *state;
	struct track_event_row row = an_event(w, 4), *got;
	int64_t newest;

	GOOD(w, track_event_newest(&w->store, &newest, &w->err));
	assert_int_equal(newest, 0);
	GOOD(w, track_event_add(&w->store, &row, &w->err));
	GOOD(w, track_event_newest(&w->store, &newest, &w->err));
	assert_int_equal(newest, 4);
	GOOD(w, track_event_find(&w->store, &w->a, w->account, 4, &got, &w->err));
	assert_text(got->host, "t.acme.example");
	assert_text(got->text, "https://acme.example/");
	assert_text(got->ip, "192.0.2.1");
	assert_text(got->agent, "curl");
	got->host = row.host;
	got->text = row.text;
	got->ip = row.ip;
	got->agent = row.agent;
	assert_memory_equal(got, &row, sizeof(row));
	GOOD(w, track_event_relabel(&w->store, 4, 2, 77, &w->err));
	GOOD(w, track_event_find(&w->store, &w->a, 0, 4, &got, &w->err));
	assert_true(got->verdict == 2 && got->reasons == 77);
	GOOD(w, track_event_find(&w->store, &w->a, w->other, 4, &got, &w->err));
	assert_null(got);
	assert_false(track_event_add(&w->store, &row, &w->err));
}

/* Goes through all pages; checks the order; how many rows there were. */
static size_t count_rows(struct world *w, const struct track_event_filter *filter,
                         struct store_page page)
{
	struct track_event_rows rows;
	size_t n = 0;

	do {
		int64_t last = page.cursor;

		GOOD(w,
		     track_event_list(&w->store, &w->a, filter, &page, &rows, &w->err));
		for (size_t i = 0; i < rows.n; i++) {
			int64_t id = rows.v[i].id;

			assert_true(!last ||
			            (page.newest_first ? id < last : id > last));
			last = id;
		}
		n += rows.n;
		page.cursor = rows.next;
	} while (rows.next);
	return n;
}

static void lists_are_filtered(void **state)
{
	static const struct {
		struct track_event_filter filter;
		size_t n;
	} cases[] = {
	        {{.domain_id = 0},                               30},
	        {{.domain_id = 7},                               30},
	        {{.domain_id = 8},                               0 },
	        {{.message = 501},                               10},
	        {{.message = 501, .type = 1},                    5 },
	        {{.type = 2},	                            15},
	        {{.has_verdict = true},                          10},
	        {{.has_verdict = true, .verdict = 2},            10},
	        {{.type = 1, .has_verdict = true, .verdict = 1}, 5 },
	        {{.domain_id = 7, .type = 1},                    15},
	};
	struct world *w = *state;

	add_events(w, 30);
	for (size_t i = 0; i < LEN(cases); i++)
		for (int64_t limit = 1; limit < 50; limit += 6)
			for (int newest = 0; newest < 2; newest++) {
				struct track_event_filter f = cases[i].filter;

				f.account_id = w->account;
				assert_int_equal(
				        count_rows(w, &f,
				                   (struct store_page){.limit = limit,
				                                       .newest_first =
				                                               newest}),
				        cases[i].n);
				f.account_id = w->other;
				assert_int_equal(
				        count_rows(w, &f,
				                   (struct store_page){.limit = limit}),
				        0);
			}
}

/* What is rare is found in the end, though no page reads through everything. */
static void a_page_reads_a_bounded_part(void **state)
{
	struct world *w = *state;
	struct track_event_filter f = {.account_id = w->account, .type = 3};
	struct store_page page = {.limit = 10};
	struct track_event_rows rows;

	GOOD(w, sql_begin(w->store.sql, &w->err));
	add_events(w, 25000);
	for (int64_t id = 25001; id < 25003; id++) {
		struct track_event_row row = an_event(w, id);

		row.type = 3;
		GOOD(w, track_event_add(&w->store, &row, &w->err));
	}
	GOOD(w, sql_commit(w->store.sql, &w->err));
	GOOD(w, track_event_list(&w->store, &w->a, &f, &page, &rows, &w->err));
	assert_int_equal(rows.n, 0);
	assert_int_equal(rows.next, 10001);
	assert_int_equal(count_rows(w, &f, page), 2);
	page.newest_first = true;
	assert_int_equal(count_rows(w, &f, page), 2);
}

static void the_near_ones_are_the_newest(void **state)
{
	struct world *w = *state;
	struct track_near_rows rows;

	add_events(w, 30);
	GOOD(w, track_event_near(&w->store, &w->a, 501, 3, &rows, &w->err));
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.v[0].id, 28);
	assert_int_equal(rows.v[0].domain_id, 7);
	assert_int_equal(rows.v[0].at, 28000);
	assert_int_equal(rows.v[0].source, 11);
}

static void the_oldest_are_purged(void **state)
{
	struct world *w = *state;
	struct track_event_filter f = {.account_id = w->account};
	int64_t removed, newest;

	add_events(w, 30);
	GOOD(w, track_event_purge(&w->store, 21000, 5, &removed, &w->err));
	assert_int_equal(removed, 5);
	GOOD(w, track_event_purge(&w->store, 21000, 100, &removed, &w->err));
	assert_int_equal(removed, 15);
	assert_int_equal(count_rows(w, &f, (struct store_page){.limit = 7}), 10);
	GOOD(w, track_event_purge(&w->store, INT64_MAX, 100, &removed, &w->err));
	GOOD(w, track_event_newest(&w->store, &newest, &w->err));
	assert_int_equal(newest, 30);
}

static void a_message_is_kept(void **state)
{
	struct world *w = *state;
	struct track_message_row row = {.id = 500, .last_at = 9}, *got;
	int64_t removed;

	for (int t = 0; t < TRACK_TALLY_TYPES; t++)
		for (int v = 0; v < TRACK_TALLY_VERDICTS; v++)
			row.tally[t][v] = (struct track_tally){t * 10 + v, 100 + v};
	GOOD(w, track_message_find(&w->store, &w->a, 500, &got, &w->err));
	assert_null(got);
	for (int again = 0; again < 2; again++) {
		row.last_at += again;
		row.tally[1][2].events += again;
		GOOD(w, track_message_save(&w->store, &row, &w->err));
		GOOD(w, track_message_find(&w->store, &w->a, 500, &got, &w->err));
		assert_memory_equal(got, &row, sizeof(row));
	}
	GOOD(w, track_message_purge(&w->store, 5, 501, 9, &removed, &w->err));
	assert_int_equal(removed, 0);
	GOOD(w, track_message_purge(&w->store, 50, 500, 9, &removed, &w->err));
	assert_int_equal(removed, 0);
	GOOD(w, track_message_purge(&w->store, 50, 501, 9, &removed, &w->err));
	assert_int_equal(removed, 1);
}

static void counts_add_up(void **state)
{
	struct world *w = *state;
	struct track_count_row row = {.account_id = w->account,
	                              .domain_id = 7,
	                              .day = 20000,
	                              .type = 1,
	                              .events = 5,
	                              .messages = 2};
	struct track_count_rows rows;
	int64_t domain;

	GOOD(w, track_count_add(&w->store, &row, &w->err));
	row.events = -2;
	row.messages = 0;
	GOOD(w, track_count_add(&w->store, &row, &w->err));
	row.day++;
	row.verdict = 1;
	GOOD(w, track_count_add(&w->store, &row, &w->err));
	GOOD(w, track_count_list(&w->store, &w->a, w->account, 7, 20000, 20001, 10,
	                         &rows, &w->err));
	assert_int_equal(rows.n, 2);
	assert_true(rows.v[0].events == 3 && rows.v[0].messages == 2);
	assert_true(rows.v[1].day == 20001 && rows.v[1].verdict == 1);
	GOOD(w, track_count_list(&w->store, &w->a, w->account, 7, 20001, 20001, 10,
	                         &rows, &w->err));
	assert_int_equal(rows.n, 1);
	GOOD(w, track_count_list(&w->store, &w->a, w->other, 7, 0, 99999, 10, &rows,
	                         &w->err));
	assert_int_equal(rows.n, 0);
	GOOD(w, track_count_next_domain(&w->store, w->account, 1, &domain, &w->err));
	assert_int_equal(domain, 7);
	GOOD(w, track_count_next_domain(&w->store, w->account, 8, &domain, &w->err));
	assert_int_equal(domain, 0);
}

static void a_cursor_is_kept(void **state)
{
	struct world *w = *state;
	struct track_cursor_row row = {.journal = STR("edge-1"),
	                               .folder = -5, /* 64 bits of chance */
	                               .sequence = 3,
	                               .segment = 1,
	                               .position = 4096,
	                               .missing = 2};
	struct track_cursor_row *got;

	for (int again = 0; again < 2; again++) {
		row.sequence += again;
		GOOD(w, track_cursor_save(&w->store, &row, &w->err));
		GOOD(w,
		     track_cursor_find(&w->store, &w->a, STR("edge-1"), &got, &w->err));
		assert_true(got->folder == -5 && got->sequence == row.sequence &&
		            got->segment == 1 && got->position == 4096 &&
		            got->missing == 2);
	}
	GOOD(w, track_cursor_find(&w->store, &w->a, STR("edge-2"), &got, &w->err));
	assert_null(got);
}

/* For that domain and no other (S3-42), or for all where the host was of none. */
static void unsubscribed_from_one_domain(void **state)
{
	struct world *w = *state;
	struct unsubscribe_row row = {.account_id = w->account,
	                              .domain_id = 7,
	                              .address = STR("ann@there.example"),
	                              .message = 5,
	                              .at = 9};
	struct store_page page = {.limit = 10};
	struct unsubscribe_filter f = {.account_id = w->account};
	struct unsubscribe_rows rows;
	int64_t id, again;
	bool has, removed;

	GOOD(w, unsubscribe_add(&w->store, &row, &id, &w->err));
	assert_true(id > 0);
	GOOD(w, unsubscribe_add(&w->store, &row, &again, &w->err));
	assert_int_equal(again, 0);
	GOOD(w, unsubscribe_has(&w->store, w->account, 7, row.address, &has, &w->err));
	assert_true(has);
	GOOD(w, unsubscribe_has(&w->store, w->account, 8, row.address, &has, &w->err));
	assert_false(has);
	GOOD(w, unsubscribe_has(&w->store, w->other, 7, row.address, &has, &w->err));
	assert_false(has);
	row.domain_id = 0;
	GOOD(w, unsubscribe_add(&w->store, &row, &again, &w->err));
	GOOD(w, unsubscribe_has(&w->store, w->account, 8, row.address, &has, &w->err));
	assert_true(has);
	GOOD(w, unsubscribe_list(&w->store, &w->a, &f, &page, &rows, &w->err));
	assert_int_equal(rows.n, 2);
	f.domain_id = 7;
	GOOD(w, unsubscribe_list(&w->store, &w->a, &f, &page, &rows, &w->err));
	assert_int_equal(rows.n, 1);
	assert_text(rows.v[0].address, "ann@there.example");
	GOOD(w, unsubscribe_remove(&w->store, w->other, id, &removed, &w->err));
	assert_false(removed);
	GOOD(w, unsubscribe_remove(&w->store, w->account, id, &removed, &w->err));
	assert_true(removed);
}

static void a_host_has_a_domain(void **state)
{
	struct world *w = *state;
	struct tracking_row row = {.account_id = w->account,
	                           .name = STR("t.acme.example")};
	int64_t id, domain;
	bool retired;

	row.domain_id = world_domain(w, w->account, "acme.example");
	GOOD(w, tracking_add(&w->store, &row, &id, &w->err));
	GOOD(w,
	     track_domain_of_host(&w->store, row.name, w->account, &domain, &w->err));
	assert_int_equal(domain, row.domain_id);
	GOOD(w, tracking_retire(&w->store, w->account, id, 5, &retired, &w->err));
	GOOD(w,
	     track_domain_of_host(&w->store, row.name, w->account, &domain, &w->err));
	assert_int_equal(domain, row.domain_id);
	GOOD(w, track_domain_of_host(&w->store, row.name, w->other, &domain, &w->err));
	assert_int_equal(domain, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(an_event_comes_back),
	        WORLD_TEST(lists_are_filtered),
	        WORLD_TEST(a_page_reads_a_bounded_part),
	        WORLD_TEST(the_near_ones_are_the_newest),
	        WORLD_TEST(the_oldest_are_purged),
	        WORLD_TEST(a_message_is_kept),
	        WORLD_TEST(counts_add_up),
	        WORLD_TEST(a_cursor_is_kept),
	        WORLD_TEST(unsubscribed_from_one_domain),
	        WORLD_TEST(a_host_has_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
