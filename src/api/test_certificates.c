/* Certificates of tracking domains by the API (issue 5, part 5). */
#include "api/test_api.h"

#include "store/certificate.h"
#include "store/tracking.h"

#define PEM "\"-----BEGIN CERTIFICATE-----\\nMII=\\n-----END CERTIFICATE-----\\n\""
#define OWN "/v1/tracking-domains/trk_1/certificate"

static void add_host(struct fixture *f)
{
	const struct tracking_row row = {.account_id = f->account,
	                                 .name = STR("track.acme.example"),
	                                 .mode = STR("managed"),
	                                 .region = STR("us"),
	                                 .target = STR("edge.us.mail.example"),
	                                 .status = STR("verified"),
	                                 .created_at = T0};
	int64_t id;

	GOOD(f, store_turn_begin(&f->store, &f->err));
	GOOD(f, tracking_add(&f->store, &row, &id, &f->err));
	assert_int_equal(id, 1);
	commit(f);
}

static void set_row(struct fixture *f, const char *state, const char *failure,
                    bool is_ordered)
{
	const struct certificate_row row = {
	        .id = 1,
	        .account_id = f->account,
	        .host = STR("track.acme.example"),
	        .state = str_c(state),
	        .source = *failure ? STR_NONE : STR("acme"),
	        .not_before = *failure ? 0 : T0,
	        .not_after = *failure ? 0 : T0 + INT64_C(90) * 24 * 3600 * 1000,
	        .is_ordered = is_ordered,
	        .ordered_at = T0,
	        .next_at = T0 + 3600000,
	        .failure = str_c(failure),
	        .issuer = *failure ? STR_NONE : STR("Test CA"),
	        .words = *failure ? STR("connection refused") : STR_NONE,
	        .updated_at = T0,
	};

	GOOD(f, store_turn_begin(&f->store, &f->err));
	GOOD(f, certificate_save(&f->store, &row, &f->err));
	commit(f);
}

static void ask_own(struct fixture *f, const char *method, const char *path,
                    const char *body, unsigned status)
{
	ask_as(f, f->key, method, path, body);
	if (f->status != status)
		fail_msg("%s %s: %u: %s", method, path, f->status, f->text);
}

static const char *member(struct fixture *f, const char *name)
{
	return json_string_value(json_object_get(f->json, name));
}

static void test_none_valid_failed(void **state)
{
	struct fixture *f = *state;

	ask_own(f, "GET", OWN, NULL, 404);
	add_host(f);
	ask_own(f, "GET", OWN, NULL, 200);
	assert_string_equal(member(f, "state"), "none");
	assert_non_null(strstr(member(f, "fix"), "upload"));
	set_row(f, "valid", "", false);
	ask_own(f, "GET", OWN, NULL, 200);
	assert_string_equal(member(f, "state"), "valid");
	assert_int_equal(json_integer_value(json_object_get(f->json, "days_left")), 90);
	assert_null(member(f, "fix"));
	set_row(f, "failed", "connection", false);
	ask_own(f, "GET", OWN, NULL, 200);
	assert_string_equal(member(f, "error"), "connection");
	assert_string_equal(member(f, "message"), "connection refused");
	assert_non_null(strstr(member(f, "fix"), "port 80"));
	ask_own(f, "GET", "/v1/certificates?state=failed", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 1);
	ask_own(f, "GET", "/v1/certificates?state=valid", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 0);
	ask_own(f, "GET", "/v1/certificates?state=green", NULL, 422);
}

static void test_upload(void **state)
{
	struct fixture *f = *state;
	static char large[60000];

	add_host(f);
	ask_own(f, "PUT", OWN, "{\"chain\":" PEM ",\"key\":" PEM "}", 200);
	ask_own(f, "PUT", OWN, "{\"chain\":" PEM "}", 422);
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "{\"key\":\"k\",\"chain\":\"", 20);
	memcpy(large + sizeof(large) - 3, "\"}", 3);
	ask_own(f, "PUT", OWN, large, 422);
	f->uploaded = (struct api_uploaded){
	        .is_unfit = true, .words = STR("The certificate has expired.")};
	ask_own(f, "PUT", OWN, "{\"chain\":" PEM ",\"key\":" PEM "}", 422);
	assert_non_null(strstr(f->text, "The certificate has expired."));
	f->uploaded = (struct api_uploaded){.words = STR("the keys are away")};
	ask_own(f, "PUT", OWN, "{\"chain\":" PEM ",\"key\":" PEM "}", 503);
	set_row(f, "issuing", "", true);
	ask_own(f, "PUT", OWN, "{\"chain\":" PEM ",\"key\":" PEM "}", 409);
	ask_own(f, "DELETE", OWN, NULL, 409);
}

static void test_renew_and_revoke(void **state)
{
	struct fixture *f = *state;

	add_host(f);
	set_row(f, "valid", "", false);
	ask_own(f, "POST", OWN "/renew", NULL, 409);
	assert_int_equal(f->certificates_asked, 0);
	set_config(f, CONFIG_TEXT "acme.directory = https://ca.example/dir\n");
	ask_own(f, "POST", OWN "/renew", NULL, 202);
	f->again_at = T0 + 60000;
	ask_own(f, "POST", OWN "/renew", NULL, 429);
	assert_non_null(strstr(f->headers, "Retry-After: 61"));
	ask_own(f, "DELETE", OWN, NULL, 204);
	assert_int_equal(f->certificates_withdrawn, 1);
}

static void assert_metric(struct fixture *f, const char *line, bool is_there)
{
	if (is_there != (strstr(f->text, line) != NULL))
		fail_msg("%s: %s", line, f->text);
}

/* By state, and the first that ends of those that have not. */
static void test_metrics(void **state)
{
	struct fixture *f = *state;
	char soonest[96];

	add_host(f);
	set_row(f, "renewing", "", true);
	ask_as(f, f->operator_key, "GET", "/metrics", NULL);
	snprintf(soonest, sizeof(soonest),
	         "\nsignet_certificate_not_after_seconds %lld\n",
	         (long long)(T0 / 1000 + 90 * 24 * 3600));
	assert_metric(f, "\nsignet_certificates{state=\"renewing\"} 1\n", true);
	assert_metric(f, soonest, true);
	/* It has ended: there is none. Counted anew after a while, by the machine's clock. */
	clock_set(T0 + INT64_C(91) * 24 * 3600 * 1000);
	f->api->counted_at = 0;
	ask_as(f, f->operator_key, "GET", "/metrics", NULL);
	assert_metric(f, "\nsignet_certificates{state=\"renewing\"} 1\n", true);
	assert_metric(f, "\nsignet_certificate_not_after_seconds ", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        API_TEST(test_none_valid_failed),
	        API_TEST(test_upload),
	        API_TEST(test_renew_and_revoke),
	        API_TEST(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
