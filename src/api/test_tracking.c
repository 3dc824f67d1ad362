/* Tracking domains by the API: what is refused at once and why, whose name it is, what may
 * be changed (S0-24, S1-25, S2-14, S2-17…19, S4-15). */
#include "api/test_api.h"

#include "api/tracking_state.h"
#include "store/domain.h"

static int64_t add_domain(struct fixture *f, const char *key, const char *name)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
	assert_int_equal(ask_as(f, key, "POST", "/v1/domains", body), 201);
	return api_id_parse(str_c(got(f, "id")), "dom");
}

static void verified(struct fixture *f, int64_t id)
{
	struct domain_row *row;

	GOOD(f, domain_find(&f->store, &f->a, 0, id, &row, &f->err));
	row->life.status = STR("verified");
	row->life.verified_at = T0;
	GOOD(f, domain_save_life(&f->store, id, &row->life, &f->err));
	GOOD(f, api_domain_verified(f->api, &f->a, id, &f->err));
}

static unsigned post(struct fixture *f, const char *key, const char *name,
                     const char *domain, const char *more)
{
	char body[512];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"domain\":\"%s\"%s}", name,
	         domain, more);
	return ask_as(f, key, "POST", "/v1/tracking-domains", body);
}

static void what_is_refused_at_once(void **state)
{
	static const struct {
		const char *name, *more, *pointer, *word;
	} cases[] = {
	        {"acme.example",      "",                       "/name",   "RFC 1034"           },
	        {"other.example",     "",                       "/name",   "root"               },
	        {"co.uk",             "",                       "/name",   "register"           },
	        {"127.0.0.1",         "",                       "/name",   "address"            },
	        {"-x.acme.example",   "",                       "/name",   "hyphen"             },
	        {"mail.acme.example", "",                       "/name",   "is a sending domain"},
	        {"x.acme.example",    ",\"region\":\"mars\"",   "/region", "region"             },
	        {"x.acme.example",    ",\"mode\":\"operator\"", "/mode",   "managed"            },
	};
	struct fixture *f = *state;

	add_domain(f, f->key, "acme.example");
	add_domain(f, f->key, "mail.acme.example");
	for (size_t i = 0; i < LEN(cases); i++) {
		assert_int_equal(
		        post(f, f->key, cases[i].name, "acme.example", cases[i].more),
		        422);
		assert_string_equal(got(f, "errors.0.pointer"), cases[i].pointer);
		if (!strstr(f->text, cases[i].word))
			fail_msg("%s: %s", cases[i].name, f->text);
	}
	assert_int_equal(post(f, f->key, "x.acme.example", "nobody.example", ""), 422);
	assert_string_equal(got(f, "errors.0.pointer"), "/domain");
	/* It came with the domain. */
	assert_int_equal(post(f, f->key, "track.acme.example", "acme.example", ""),
	                 409);
}

static void it_waits_for_its_domain(void **state)
{
	struct fixture *f = *state;
	int64_t domain = add_domain(f, f->key, "acme.example");
	char path[64];

	assert_int_equal(post(f, f->key, "Click.Acme.Example.", "acme.example",
	                      ",\"environment\":\"staging\""),
	                 201);
	assert_string_equal(got(f, "name"), "click.acme.example");
	assert_string_equal(got(f, "status"), "waiting");
	assert_string_equal(got(f, "environment"), "staging");
	assert_string_equal(got(f, "record.host"), "click");
	assert_string_equal(got(f, "link.reason"), "domain_not_verified");
	assert_non_null(strstr(got(f, "reason"), "acme.example"));
	snprintf(path, sizeof(path), "/v1/tracking-domains/%s", got(f, "id"));
	f->hosts_changed = 0;
	verified(f, domain);
	assert_int_equal(f->hosts_changed, 2); /* and the one that came with it */
	assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
	assert_string_equal(got(f, "status"), "pending");
	assert_int_equal(ask_as(f, f->key, "GET",
	                        "/v1/tracking-domains/click.acme.example", NULL),
	                 200);
	assert_int_equal(ask_as(f, f->foreign_key, "GET",
	                        "/v1/tracking-domains/click.acme.example", NULL),
	                 404);
}

static void whoever_proves_more_has_it(void **state)
{
	struct fixture *f = *state;
	int64_t theirs = add_domain(f, f->foreign_key, "evil.example");
	int64_t ours;

	/* Somebody else's sub-domain is taken, under a domain that is proven … */
	verified(f, theirs);
	assert_int_equal(post(f, f->foreign_key, "go.acme.example", "evil.example", ""),
	                 201);
	assert_string_equal(got(f, "advice.0.code"), "tracking.other_organization");
	ours = add_domain(f, f->key, "acme.example");
	assert_int_equal(post(f, f->key, "go.acme.example", "acme.example", ""), 409);
	assert_non_null(strstr(f->text, "prove"));
	/* … until the owner proves to be that. */
	verified(f, ours);
	assert_int_equal(post(f, f->key, "go.acme.example", "acme.example", ""), 201);
	assert_int_equal(ask_as(f, f->foreign_key, "GET",
	                        "/v1/events?type=tracking.retired", NULL),
	                 200);
	assert_string_equal(got(f, "data.0.data.cause"), "claimed");
	/* Nobody gets it back by the same means. */
	assert_int_equal(post(f, f->foreign_key, "go.acme.example", "evil.example", ""),
	                 409);
}

static void changes(void **state)
{
	struct fixture *f = *state;
	const char *path = "/v1/tracking-domains/go.acme.example";

	verified(f, add_domain(f, f->key, "acme.example"));
	assert_int_equal(post(f, f->key, "go.acme.example", "acme.example", ""), 201);
	assert_int_equal(ask_as(f, f->key, "PATCH", path, "{\"assetlinks\":\"{}\"}"),
	                 422);
	assert_string_equal(got(f, "errors.0.pointer"), "/assetlinks");
	assert_int_equal(ask_as(f, f->key, "PATCH", path,
	                        "{\"apple_app_site_association\":\"{\"}"),
	                 422);
	assert_int_equal(ask_as(f, f->key, "PATCH", path,
	                        "{\"apple_app_site_association\":\"{}\",\"assetlinks\":"
	                        "\"[]\",\"http_allowed\":true}"),
	                 200);
	assert_string_equal(got(f, "apple_app_site_association"), "{}");
	assert_int_equal(ask_as(f, f->key, "PATCH", path, "{\"assetlinks\":null}"),
	                 200);
	assert_true(json_is_null(json_object_get(f->json, "assetlinks")));
	assert_string_equal(got(f, "apple_app_site_association"), "{}");
	/* S0-21: at a CDN, our host is the origin. */
	assert_int_equal(ask_as(f, f->key, "PATCH", path, "{\"mode\":\"own_cdn\"}"),
	                 200);
	assert_string_equal(got(f, "status"), "pending");
	assert_true(json_is_null(
	        json_object_get(json_object_get(f->json, "record"), "value")));
	f->hosts_changed = 0;
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 204);
	assert_int_equal(f->hosts_changed, 1);
	assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 404);
	assert_int_equal(post(f, f->key, "go.acme.example", "acme.example", ""), 201);
}

static void looked_at_on_request(void **state)
{
	struct fixture *f = *state;
	const char *path = "/v1/tracking-domains/go.acme.example/verify";

	verified(f, add_domain(f, f->key, "acme.example"));
	assert_int_equal(post(f, f->key, "go.acme.example", "acme.example", ""), 201);
	assert_int_equal(ask_as(f, f->key, "POST", path, NULL), 202);
	assert_int_equal(f->looks_asked, 1);
	assert_int_equal(ask_as(f, f->key, "POST", path, NULL), 429);
	clock_set(clock_now() + 61000);
	f->how = API_VERIFIED_DONE;
	assert_int_equal(ask_as(f, f->key, "POST",
	                        "/v1/tracking-domains/go.acme.example/verify?wait=10s",
	                        NULL),
	                 200);
}

/* Words of rows that an older version wrote, or none at all. */
static void rows_become_states(void **state)
{
	struct tracking_row row = {.status = STR("cname"), .mode = STR("cname")};
	struct tracking t = tracking_state_of(&row);

	(void)state;
	assert_int_equal(t.status, TRACKING_WAITING);
	assert_int_equal(t.https, TRACKING_UNKNOWN);
	assert_int_equal(tracking_mode_of(&row), TRACKING_MODE_MANAGED);
	t = tracking_begin(true, T0);
	t.https = TRACKING_GREEN;
	tracking_state_set(&row, &t);
	assert_true(str_eq(row.status, STR("pending")));
	assert_int_equal(tracking_state_of(&row).https, TRACKING_GREEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        API_TEST(what_is_refused_at_once),
	        API_TEST(it_waits_for_its_domain),
	        API_TEST(whoever_proves_more_has_it),
	        API_TEST(changes),
	        API_TEST(looked_at_on_request),
	        cmocka_unit_test(rows_become_states),
	};

	return cmocka_run_group_tests_name("api_tracking", tests, NULL, NULL);
}
