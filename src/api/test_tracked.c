/* Events of tracked links, their statistics, and who unsubscribed, by the API. */
#include "api/test_api.h"

#include "store/track_count.h"
#include "store/track_event.h"
#include "store/unsubscribe.h"
#include "track/automated.h"

enum { CLICK = 1, OPEN = 2, UNSUBSCRIBE = 3, DAY = 20833 }; /* of T0 */

static int64_t add_domain(struct fixture *f)
{
	assert_int_equal(
	        ask_as(f, f->key, "POST", "/v1/domains", "{\"name\":\"acme.example\"}"),
	        201);
	return api_id_parse(str_c(got(f, "id")), "dom");
}

static void add_event(struct fixture *f, int64_t id, int64_t domain, int64_t type,
                      int64_t verdict, int64_t reasons)
{
	const struct track_event_row row = {
	        .id = id,
	        .account_id = f->account,
	        .domain_id = domain,
	        .type = type,
	        .at = T0 + id,
	        .message = -5, /* the highest bits */
	        .link = 3,
	        .verdict = verdict,
	        .reasons = reasons,
	        .method = 0,
	        .tls = 0x0304,
	        .answer = 302,
	        .host = STR("t.acme.example"),
	        .text = type == OPEN ? STR("") : STR("https://a.example/"),
	        .ip = STR("192.0.2.1"),
	        .agent = STR("curl/8")};

	GOOD(f, track_event_add(&f->store, &row, &f->err));
}

static void count(struct fixture *f, int64_t domain, int64_t day, int64_t type,
                  int64_t verdict, int64_t events, int64_t messages)
{
	const struct track_count_row row = {f->account, domain, day,     type,
	                                    verdict,    events, messages};

	GOOD(f, track_count_add(&f->store, &row, &f->err));
}

static size_t list(struct fixture *f, const char *path)
{
	if (ask_as(f, f->key, "GET", path, NULL) != 200)
		fail_msg("%s: %s", path, f->text);
	return json_array_size(json_object_get(f->json, "data"));
}

static json_int_t number(const struct fixture *f, const char *path)
{
	const json_t *at = f->json;
	struct str rest = str_c(path), name;

	while (str_cut(&rest, '.', &name)) {
		char text[64];

		snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
		at = json_is_array(at)
		             ? json_array_get(at, (size_t)strtol(text, NULL, 10))
		             : json_object_get(at, text);
	}
	assert_true(json_is_integer(at));
	return json_integer_value(at);
}

static void events_are_listed(void **state)
{
	struct fixture *f = *state;
	int64_t domain = add_domain(f);

	GOOD(f, store_turn_begin(&f->store, &f->err));
	add_event(f, 1, domain, CLICK, 1, REASON_HEAD | REASON_BURST);
	add_event(f, 2, domain, OPEN, 0, 0);
	add_event(f, 3, 0, CLICK, 0, 0);
	commit(f);
	assert_int_equal(list(f, "/v1/tracking-events"), 3);
	assert_string_equal(got(f, "data.0.type"), "click");
	assert_string_equal(got(f, "data.0.message"), "18446744073709551611");
	assert_string_equal(got(f, "data.0.verdict"), "machine");
	assert_string_equal(got(f, "data.0.reasons.0"), "head");
	assert_string_equal(got(f, "data.0.reasons.1"), "burst");
	assert_string_equal(got(f, "data.0.url"), "https://a.example/");
	assert_string_equal(got(f, "data.0.tls"), "1.3");
	assert_int_equal(list(f, "/v1/tracking-events?domain=acme.example"), 2);
	assert_int_equal(list(f, "/v1/tracking-events?type=open"), 1);
	assert_int_equal(list(f, "/v1/tracking-events?verdict=person"), 2);
	assert_int_equal(list(f, "/v1/tracking-events?verdict=undetermined"), 0);
	assert_int_equal(
	        list(f, "/v1/tracking-events?message=18446744073709551611&type=click"),
	        2);
	assert_int_equal(list(f, "/v1/tracking-events?message=7"), 0);
	assert_int_equal(list(f, "/v1/tracking-events?order=newest&limit=1"), 1);
	assert_string_equal(got(f, "data.0.id"), "tev_3");
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/tracking-events?message=x", NULL), 422);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/tracking-events?type=x", NULL),
	                 422);
	assert_int_equal(ask_as(f, f->foreign_key, "GET", "/v1/tracking-events", NULL),
	                 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 0);
}

/* People and machines apart; a deleted domain keeps its own (S3-50). */
static void statistics_of_a_domain(void **state)
{
	struct fixture *f = *state;
	int64_t domain = add_domain(f);
	char path[128];

	GOOD(f, store_turn_begin(&f->store, &f->err));
	count(f, domain, DAY, CLICK, 0, 5, 2);
	count(f, domain, DAY, CLICK, 1, 7, 3);
	count(f, domain, DAY - 1, CLICK, 0, 1, 1);
	count(f, domain, DAY - 40, OPEN, 2, 100, 100);
	count(f, 0, DAY, OPEN, 0, 9, 9);
	commit(f);
	snprintf(path, sizeof(path), "/v1/domains/dom_%lld/statistics",
	         (long long)domain);
	for (int deleted = 0; deleted < 2; deleted++) {
		assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
		assert_string_equal(got(f, "domain"), deleted ? "acme.example (deleted)"
		                                              : "acme.example");
		assert_int_equal(number(f, "total.click.person.events"), 6);
		assert_int_equal(number(f, "total.click.person.messages"), 3);
		assert_int_equal(number(f, "total.click.machine.events"), 7);
		assert_int_equal(number(f, "total.open.undetermined.events"), 0);
		assert_string_equal(got(f, "days.0.date"), "2027-01-14");
		assert_string_equal(got(f, "days.1.date"), "2027-01-15");
		assert_int_equal(number(f, "days.1.click.machine.messages"), 3);
		assert_int_equal(list(f, "/v1/statistics"), 2);
		assert_int_equal(number(f, "data.0.total.open.person.events"), 9);
		assert_string_equal(got(f, "data.1.domain"),
		                    deleted ? "acme.example (deleted)"
		                            : "acme.example");
		if (!deleted)
			assert_int_equal(ask_as(f, f->key, "DELETE",
			                        "/v1/domains/acme.example", NULL),
			                 204);
	}
	snprintf(path, sizeof(path),
	         "/v1/domains/dom_%lld/statistics?from=2026-11-01&to=2027-01-14",
	         (long long)domain);
	assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
	assert_int_equal(number(f, "total.open.undetermined.events"), 100);
	assert_int_equal(number(f, "total.click.person.events"), 1);
}

static void days_that_are_none(void **state)
{
	static const char *const bad[] = {
	        "from=2027-01-32", "from=2027-02-01&to=2027-01-31", "to=yesterday00",
	        "from=2020-01-01&to=2027-01-01", "from=2027-1-1"};
	struct fixture *f = *state;
	char path[128];

	add_domain(f);
	for (size_t i = 0; i < LEN(bad); i++) {
		snprintf(path, sizeof(path), "/v1/domains/acme.example/statistics?%s",
		         bad[i]);
		assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 422);
	}
}

static void who_unsubscribed(void **state)
{
	struct fixture *f = *state;
	int64_t domain = add_domain(f);
	struct unsubscribe_row row = {.account_id = f->account,
	                              .domain_id = domain,
	                              .address = STR("ann@there.example"),
	                              .message = 9,
	                              .at = T0};
	char path[64];
	int64_t id;

	GOOD(f, store_turn_begin(&f->store, &f->err));
	GOOD(f, unsubscribe_add(&f->store, &row, &id, &f->err));
	commit(f);
	assert_int_equal(list(f, "/v1/unsubscribes?domain=acme.example"), 1);
	assert_string_equal(got(f, "data.0.address"), "ann@there.example");
	snprintf(path, sizeof(path), "/v1/unsubscribes/%s", got(f, "data.0.id"));
	assert_int_equal(ask_as(f, f->foreign_key, "DELETE", path, NULL), 404);
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 204);
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 404);
	assert_int_equal(list(f, "/v1/unsubscribes"), 0);
}

static void what_is_kept_of_addresses(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 200);
	assert_string_equal(got(f, "addresses"), "full");
	assert_int_equal(ask_as(f, f->key, "PATCH", "/v1/account",
	                        "{\"addresses\":\"truncated\"}"),
	                 200);
	assert_string_equal(got(f, "addresses"), "truncated");
	assert_int_equal(
	        ask_as(f, f->key, "PATCH", "/v1/account", "{\"addresses\":\"some\"}"),
	        422);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 200);
	assert_string_equal(got(f, "addresses"), "truncated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        API_TEST(events_are_listed),         API_TEST(statistics_of_a_domain),
	        API_TEST(days_that_are_none),        API_TEST(who_unsubscribed),
	        API_TEST(what_is_kept_of_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
