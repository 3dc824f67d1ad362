/* What comes before the handlers: routes, keys, scopes, bodies, repetition, limits. */
#include "api/test_api.h"

static void unknown_addresses_and_methods(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask_as(f, f->key, "GET", "/v1/nothing", NULL), 404);
	assert_string_equal(got(f, "code"), "route_unknown");
	assert_int_equal(ask_as(f, f->key, "PUT", "/v1/domains", NULL), 405);
	assert_non_null(strstr(f->headers, "Allow: GET, HEAD, POST\n"));
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains/", NULL), 404);
	assert_int_equal(ask_as(f, f->key, "HEAD", "/v1/domains", NULL), 200);
	assert_int_equal(ask_as(f, f->key, "OPTIONS", "/v1/domains", NULL), 405);
}

static void keys_are_needed(void **state)
{
	struct fixture *f = *state;
	char key[64];

	assert_int_equal(ask_as(f, NULL, "GET", "/v1/account", NULL), 401);
	assert_string_equal(got(f, "code"), "key_missing");
	assert_non_null(strstr(f->headers, "WWW-Authenticate: Bearer"));
	snprintf(key, sizeof(key), "%s", f->key);
	assert_int_equal(ask_as(f, key, "GET", "/v1/account", NULL), 200);
	key[10] = key[10] == 'a' ? 'b' : 'a';
	assert_int_equal(ask_as(f, key, "GET", "/v1/account", NULL), 401);
	assert_string_equal(got(f, "code"), "key_invalid");
	assert_int_equal(ask_as(f, "", "GET", "/v1/account", NULL), 401);
	assert_int_equal(ask_as(f, "sk_", "GET", "/v1/account", NULL), 401);
}

static void a_key_lives_from_making_to_revoking(void **state)
{
	struct fixture *f = *state;
	char secret[64], path[64];

	assert_int_equal(ask_as(f, f->key, "POST", "/v1/keys",
	                        "{\"name\":\"shop\",\"scopes\":[\"send\"]}"),
	                 201);
	snprintf(secret, sizeof(secret), "%s", got(f, "secret"));
	snprintf(path, sizeof(path), "/v1/keys/%s", got(f, "id"));
	assert_int_equal(strlen(secret), 35);
	assert_int_equal(ask_as(f, secret, "GET", "/v1/domains", NULL), 200);
	assert_int_equal(ask_as(f, secret, "GET", "/v1/keys", NULL), 403);
	assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
	assert_string_equal(got(f, "last_used_at"), "2027-01-15T08:00:00Z");
	assert_null(json_object_get(f->json, "secret"));
	assert_int_equal(ask_as(f, f->foreign_key, "GET", path, NULL), 404);
	assert_int_equal(ask_as(f, f->foreign_key, "DELETE", path, NULL), 404);
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 204);
	assert_int_equal(ask_as(f, secret, "GET", "/v1/domains", NULL), 401);
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 404);
}

static void operators_act_for_others(void **state)
{
	struct fixture *f = *state;
	char other[32];
	struct ask ask = {.method = "GET", .path = "/v1/account", .account = other};

	snprintf(other, sizeof(other), "acc_%lld", (long long)f->foreign);
	ask.key = f->operator_key;
	assert_int_equal(send_ask(f, &ask), 200);
	assert_string_equal(got(f, "name"), "foreign");
	ask.key = f->key;
	assert_int_equal(send_ask(f, &ask), 403);
	ask.key = f->foreign_key; /* its own */
	assert_int_equal(send_ask(f, &ask), 200);
	ask.key = f->operator_key;
	ask.account = "acc_999";
	assert_int_equal(send_ask(f, &ask), 404);
	ask.account = "999";
	assert_int_equal(send_ask(f, &ask), 404);
}

static void a_closed_account_is_closed(void **state)
{
	struct fixture *f = *state;
	char path[64], reopen[80];

	snprintf(path, sizeof(path), "/v1/accounts/acc_%lld", (long long)f->account);
	snprintf(reopen, sizeof(reopen), "%s/reopen", path);
	assert_int_equal(ask_as(f, f->operator_key, "DELETE", path, NULL), 200);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 403);
	assert_string_equal(got(f, "code"), "account_closed");
	assert_int_equal(ask_as(f, f->operator_key, "POST", reopen, NULL), 200);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 200);
}

static void bodies_are_read_strictly(void **state)
{
	static const struct {
		const char *body, *type;
		unsigned status;
		const char *code;
	} cases[] = {
	        {"{\"name\":\"x\",\"scopes\":[\"read\"]}",                    "text/plain",       415,
	         "media_type"	                                                                                     },
	        {"{\"name\":\"x\",\"scopes\":[\"read\"]}",
	         "application/json; charset=utf-8",                                               201, NULL               },
	        {"",	                                                  "application/json", 400, "json_invalid"     },
	        {"{",	                                                 "application/json", 400, "json_invalid"     },
	        {"[1]",	                                               "application/json", 422, "validation_failed"},
	        {"\"a\"",	                                             "application/json", 422, "validation_failed"},
	        {"{} x",	                                              "application/json", 400, "json_invalid"     },
	        {"{\"name\":\"x\",\"name\":\"y\",\"scopes\":[\"read\"]}",
	         "application/json",	                                                      400, "json_invalid"     },
	        {"{\"name\":\"\xff\",\"scopes\":[\"read\"]}",                 "application/json", 400,
	         "json_invalid"	                                                                                   },
	        {"{\"name\":\"a\\u0000b\",\"scopes\":[\"read\"]}",            "application/json",
	         400,	                                                                          "json_invalid"     },
	        {"{\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}",             "application/json",
	         400,	                                                                          "json_invalid"     },
	        {"{\"name\":\"[[[[[[[[[[[[[[[[[[[[\",\"scopes\":[\"read\"]}",
	         "application/json",	                                                      201, NULL               },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct ask ask = {.method = "POST",
		                  .path = "/v1/keys",
		                  .key = f->key,
		                  .body = cases[i].body,
		                  .type = cases[i].type};

		send_ask(f, &ask);
		commit(f);
		assert_status(f, cases[i].status);
		if (cases[i].code)
			assert_string_equal(got(f, "code"), cases[i].code);
	}
}

static void large_bodies_are_refused(void **state)
{
	struct fixture *f = *state;
	size_t n = 2 << 20;
	char *body = malloc(n);
	struct ask ask = {.method = "POST",
	                  .path = "/v1/domains",
	                  .key = f->key,
	                  .body = body,
	                  .body_n = n};

	memset(body, ' ', n);
	assert_int_equal(send_ask(f, &ask), 413);
	free(body);
}

static void errors_say_where(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} cases[] = {
	        {"{\"scopes\":[\"read\"]}",                                 "/name",     "required"  },
	        {"{\"name\":\"x\"}",	                                "/scopes",   "required"  },
	        {"{\"name\":1,\"scopes\":[\"read\"]}",                      "/name",     "wrong_type"},
	        {"{\"name\":\"\",\"scopes\":[\"read\"]}",                   "/name",     "too_short" },
	        {"{\"name\":\"x\",\"scopes\":[]}",                          "/scopes",   "too_short" },
	        {"{\"name\":\"x\",\"scopes\":[\"read\",\"all\"]}",          "/scopes/1",
	         "not_allowed"	                                                               },
	        {"{\"name\":\"x\",\"scopes\":[\"read\"],\"a/b~\":1}",       "/a~1b~0",
	         "unknown_member"	                                                            },
	        {"{\"name\":\"x\\n\",\"scopes\":[\"read\"]}",               "/name",     "bad_form"  },
	        {"{\"name\":\"x\",\"scopes\":[\"read\"],\"domain\":\"q\"}", "/domain",
	         "no_such"	                                                                   },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		assert_int_equal(ask_as(f, f->key, "POST", "/v1/keys", cases[i].body),
		                 422);
		assert_string_equal(got(f, "errors.0.pointer"), cases[i].pointer);
		assert_string_equal(got(f, "errors.0.code"), cases[i].code);
	}
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/keys?limit=0", NULL), 422);
	assert_string_equal(got(f, "errors.0.parameter"), "limit");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/keys?limit=x", NULL), 422);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/keys?what=1", NULL), 422);
	assert_string_equal(got(f, "errors.0.parameter"), "what");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/keys?limit=1&limit=2", NULL),
	                 422);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/keys?cursor=AAAA", NULL), 422);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/keys?a=%zz", NULL), 422);
}

static void a_repeated_request_is_done_once(void **state)
{
	struct fixture *f = *state;
	char id[32];
	struct ask ask = {.method = "POST",
	                  .path = "/v1/keys",
	                  .key = f->key,
	                  .body = "{\"name\":\"x\",\"scopes\":[\"read\"]}",
	                  .idempotency = "one"};

	assert_int_equal(send_ask(f, &ask), 201);
	commit(f);
	snprintf(id, sizeof(id), "%s", got(f, "id"));
	assert_int_equal(send_ask(f, &ask), 201);
	commit(f);
	assert_string_equal(got(f, "id"), id);
	assert_true(json_is_null(json_object_get(f->json, "secret")));
	assert_non_null(strstr(f->headers, "Idempotency-Replayed: true\n"));
	ask.body = "{\"name\":\"y\",\"scopes\":[\"read\"]}";
	assert_int_equal(send_ask(f, &ask), 422);
	assert_string_equal(got(f, "code"), "idempotency_key_reused");
	ask.key = f->foreign_key;
	assert_int_equal(send_ask(f, &ask), 201);
	ask.idempotency = "with blank";
	assert_int_equal(send_ask(f, &ask), 400);
}

static void one_that_is_under_way_is_not_begun_again(void **state)
{
	struct fixture *f = *state;
	struct ask ask = {.method = "POST",
	                  .path = "/v1/domains",
	                  .key = f->key,
	                  .body = "{\"name\":\"acme.example\"}",
	                  .idempotency = "one",
	                  .no_pump = true};
	size_t before = f->answers;

	send_ask(f, &ask);
	assert_int_equal(f->answers, before);
	send_ask(f, &ask);
	assert_int_equal(f->answers, before + 1);
	assert_int_equal(f->status, 409);
	pump(f);
	commit(f);
	assert_int_equal(f->status, 201);
	ask.no_pump = false;
	assert_int_equal(send_ask(f, &ask), 201);
	assert_non_null(strstr(f->headers, "Idempotency-Replayed"));
}

static void an_error_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct ask ask = {.method = "POST",
	                  .path = "/v1/domains",
	                  .key = f->key,
	                  .body = "{\"name\":\"acme.example\"}",
	                  .idempotency = "one"};

	f->keys_fail = true;
	assert_int_equal(send_ask(f, &ask), 503);
	commit(f);
	f->keys_fail = false;
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 0);
	assert_int_equal(send_ask(f, &ask), 201);
}

static void guessing_of_keys_is_slowed_down(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	int n;

	set_config(f, CONFIG_TEXT "");
	f->config.api_rate_per_minute = 600;
	for (n = 0; n < 1000 && status != 429; n++)
		status = ask_as(f, "sk_nobody", "GET", "/v1/account", NULL);
	assert_int_equal(status, 429);
	assert_true(n > 100);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 200);
}

static void too_fast_is_told_when_to_return(void **state)
{
	struct fixture *f = *state;

	set_config(f, CONFIG_TEXT "");
	f->config.api_rate_per_minute = 3;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 200);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/account", NULL), 429);
	assert_non_null(strstr(f->headers, "Retry-After: "));
	assert_non_null(strstr(f->headers, "RateLimit-Limit: 3\n"));
	assert_int_equal(ask_as(f, f->foreign_key, "GET", "/v1/account", NULL), 200);
}

static void buckets_fill_up_again(void **state)
{
	AUTO(arena) a = {0};
	struct rate_table t = rate_init(&a);

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_true(rate_take(&t, 5, 60, 1000).ok);
	assert_int_equal(rate_take(&t, 5, 60, 1000).retry_s, 1);
	assert_true(rate_take(&t, 6, 60, 1000).ok);
	assert_false(rate_take(&t, 5, 60, 1900).ok);
	assert_true(rate_take(&t, 5, 60, 2100).ok);
	assert_int_equal(rate_take(&t, 5, 60, 10000000).remaining, 59);
	assert_true(rate_owner(RATE_KEY, 1) != rate_owner(RATE_VERIFY, 1));
}

/* Who waits as long as was said may go on, and not a second less is enough. */
static void the_time_to_wait_is_right(void **state)
{
	AUTO(arena) a = {0};
	struct rate_table t = rate_init(&a);

	(void)state;
	for (int64_t limit = 1; limit < 200; limit++) {
		uint64_t owner = 1000 + (uint64_t)limit;
		int64_t now = 1000 + 17 * limit;
		struct rate_result r;

		while ((r = rate_take(&t, owner, limit, now)).ok)
			;
		if (limit == 1)
			assert_int_equal(r.retry_s, 60);
		assert_false(
		        r.retry_s > 1 &&
		        rate_take(&t, owner, limit, now + (r.retry_s - 1) * 1000).ok);
		assert_true(rate_take(&t, owner, limit, now + r.retry_s * 1000).ok);
	}
}

static void lists_come_in_pages(void **state)
{
	struct fixture *f = *state;
	char path[128];
	size_t rows = 0, pages = 0;

	for (int i = 0; i < 5; i++)
		add_key(f, f->account, API_READ, 0);
	snprintf(path, sizeof(path), "/v1/keys?limit=2");
	do {
		assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
		rows += json_array_size(json_object_get(f->json, "data"));
		pages++;
		snprintf(path, sizeof(path), "/v1/keys?limit=2&cursor=%s",
		         got(f, "next_cursor"));
	} while (*got(f, "next_cursor"));
	assert_int_equal(rows, 6);
	assert_int_equal(pages, 3);
}

static void documents_are_there(void **state)
{
	static const char *const paths[] = {"/v1/openapi.json", "/llms.txt",
	                                    "/docs/api.md", "/docs/profiles.md",
	                                    "/healthz"};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(paths); i++) {
		assert_int_equal(ask_as(f, NULL, "GET", paths[i], NULL), 200);
		assert_true(strlen(f->text) > 50);
	}
	assert_int_equal(ask_as(f, NULL, "GET", "/docs/none.md", NULL), 404);
	assert_int_equal(ask_as(f, NULL, "GET", "/docs/..%2fsecret.md", NULL), 404);
	assert_int_equal(ask_as(f, f->operator_key, "GET", "/metrics", NULL), 200);
	assert_non_null(strstr(f->text, "signet_checks_total 7\n"));
	assert_non_null(
	        strstr(f->text, "signet_role_up{role=\"keys\",process=\"0\"} 1\n"));
	assert_non_null(strstr(f->text,
	                       "signet_api_requests_total{route=\"about.health\","
	                       "status=\"200\"} 1\n"));
}

/* Every row of the table is there, with its type, and no name twice. */
static void all_metrics_are_there(void **state)
{
	struct fixture *f = *state;
	const struct api_metric_row *row;

	assert_int_equal(ask_as(f, f->operator_key, "GET", "/metrics", NULL), 200);
	for (size_t i = 0; (row = api_metric_at(i)); i++) {
		char line[256];
		const char *at;

		snprintf(line, sizeof(line),
		         "# HELP signet_%s %s\n# TYPE signet_%s %s\n", row->name,
		         row->help, row->name, row->type);
		at = strstr(f->text, line);
		if (!at || strstr(at + 1, line))
			fail_msg("%s is not there once", row->name);
		/* What Prometheus asks of a name. */
		assert_int_equal(str_ends(str_c(row->name), STR("_total")),
		                 !strcmp(row->type, "counter"));
	}
	assert_non_null(strstr(f->text, "signet_ingest_lag_seconds 1.250\n"));
	assert_null(strstr(f->text, "signet_certificate_not_after_seconds 1"));
}

static bool has_reference(json_t *value, json_t *components, const char **missing)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		const char *ref = json_string_value(json_object_get(value, "$ref"));
		const char *slash = ref ? strrchr(ref, '/') : NULL;

		if (slash && strstr(ref, "/schemas/") &&
		    !json_object_get(components, slash + 1)) {
			*missing = ref;
			return false;
		}
		json_object_foreach(value, name, member)
		{
			if (!has_reference(member, components, missing))
				return false;
		}
	}
	json_array_foreach(value, i, member)
	{
		if (!has_reference(member, components, missing))
			return false;
	}
	return true;
}

static void the_table_is_whole(void **state)
{
	AUTO_JSON json_t *openapi = api_openapi(STR("1"));
	json_t *components =
	        json_object_get(json_object_get(openapi, "components"), "schemas");
	const char *missing = "";
	const struct route *r, *s;

	(void)state;
	if (!has_reference(openapi, components, &missing))
		fail_msg("%s", missing);
	for (size_t i = 0; (r = route_at(i)); i++) {
		assert_true(i < API_ROUTES_MAX);
		assert_true(r->handler && r->summary && r->status);
		assert_true(r->scope != API_NOBODY || (r->flags & ROUTE_PUBLIC));
		for (size_t j = 0; j < i && (s = route_at(j)); j++) {
			assert_string_not_equal(r->id, s->id);
			assert_false(r->method == s->method &&
			             strcmp(r->pattern, s->pattern) == 0);
		}
	}
}

static void the_clock_moves_in_tests_alone(void **state)
{
	struct fixture *f = *state;
	const char *body = "{\"shift_ms\":3600000}";

	assert_int_equal(ask_as(f, f->operator_key, "POST", "/v1/test/clock", body),
	                 200);
	assert_string_equal(got(f, "now"), "2027-01-15T09:00:00Z");
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/test/clock", body), 403);
	f->config.clock_test = false;
	assert_int_equal(ask_as(f, f->operator_key, "POST", "/v1/test/clock", body),
	                 404);
}

static void the_first_start_makes_a_key(void **state)
{
	struct fixture *f = *state;
	struct str secret;

	GOOD(f, api_bootstrap(f->api, &f->a, STR("a@b.example"), &secret, &f->err));
	assert_int_equal(secret.n, 0); /* there are accounts */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        API_TEST(unknown_addresses_and_methods),
	        API_TEST(keys_are_needed),
	        API_TEST(a_key_lives_from_making_to_revoking),
	        API_TEST(operators_act_for_others),
	        API_TEST(a_closed_account_is_closed),
	        API_TEST(bodies_are_read_strictly),
	        API_TEST(large_bodies_are_refused),
	        API_TEST(errors_say_where),
	        API_TEST(a_repeated_request_is_done_once),
	        API_TEST(one_that_is_under_way_is_not_begun_again),
	        API_TEST(an_error_leaves_nothing),
	        API_TEST(too_fast_is_told_when_to_return),
	        API_TEST(guessing_of_keys_is_slowed_down),
	        cmocka_unit_test(buckets_fill_up_again),
	        cmocka_unit_test(the_time_to_wait_is_right),
	        API_TEST(lists_come_in_pages),
	        API_TEST(documents_are_there),
	        API_TEST(all_metrics_are_there),
	        cmocka_unit_test(the_table_is_whole),
	        API_TEST(the_clock_moves_in_tests_alone),
	        API_TEST(the_first_start_makes_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
