/* The nouns that a customer works with: from adding a domain to its end. */
#include "api/test_api.h"

#include "api/domain_name.h"
#include "api/domain_state.h"
#include "api/layout.h"
#include "store/dkim_key.h"

static int64_t add_domain(struct fixture *f, const char *key, const char *body)
{
	assert_int_equal(ask_as(f, key, "POST", "/v1/domains", body), 201);
	return api_id_parse(str_c(got(f, "id")), "dom");
}

static void adding_gives_records_and_keys(void **state)
{
	struct fixture *f = *state;
	json_t *records;

	add_domain(f, f->key,
	           "{\"name\":\"Acme.Example\",\"tags\":[\"shop\"],\"environment\":"
	           "\"staging\",\"sender_address\":\"Hi@acme.example\"}");
	assert_string_equal(got(f, "domain"), "acme.example");
	assert_string_equal(got(f, "status"), "pending");
	assert_string_equal(got(f, "profile"), "standard");
	assert_string_equal(got(f, "environment"), "staging");
	assert_string_equal(got(f, "tracking_host"), "track.acme.example");
	assert_non_null(strstr(f->headers, "Location: /v1/domains/dom_"));
	assert_true(json_is_true(json_object_get(f->json, "has_sender")));
	records = json_object_get(f->json, "records");
	assert_int_equal(json_array_size(records), 6);
	assert_string_equal(got(f, "records.0.name"), "s1._domainkey.sg2.acme.example");
	assert_string_equal(got(f, "records.0.value"),
	                    "v=DKIM1; k=rsa; p=cHVibGljIGtleSBieXRlcw==");
	assert_string_equal(got(f, "records.0.host"), "s1._domainkey.sg2");
	assert_int_equal(f->scheduled, 1);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/keys", NULL), 200);
	assert_string_equal(got(f, "data.0.stage"), "active");
	assert_string_equal(got(f, "data.0.record_name"),
	                    "s1._domainkey.sg2.acme.example");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/events", NULL), 200);
	assert_string_equal(got(f, "data.0.type"), "domain.created");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/audit", NULL), 200);
	assert_string_equal(got(f, "data.0.action"), "domains.create");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/tracking-domains", NULL), 200);
	assert_string_equal(got(f, "data.0.name"), "track.acme.example");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains?tag=shop", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 1);
}

static void what_is_no_domain_is_refused(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} cases[] = {
	        {"{\"name\":\"co.uk\"}",	                                   "/name",    "domain_is_public_suffix"},
	        {"{\"name\":\"com\"}",	                                     "/name",    "domain_is_public_suffix"},
	        {"{\"name\":\"github.io\"}",                                       "/name",    "domain_is_public_suffix"},
	        {"{\"name\":\"192.0.2.1\"}",                                       "/name",    "domain_is_address"      },
	        {"{\"name\":\"2001:db8::1\"}",                                     "/name",    "domain_is_address"      },
	        {"{\"name\":\"[192.0.2.1]\"}",                                     "/name",    "domain_is_address"      },
	        {"{\"name\":\"p\xd0\xb0ypal.example\"}",                           "/name",
	         "domain_mixed_scripts"	                                                                         },
	        {"{\"name\":\"xn--pypal-4ve.example\"}",                           "/name",
	         "domain_mixed_scripts"	                                                                         },
	        {"{\"name\":\"a..b\"}",	                                    "/name",    "domain_invalid"         },
	        {"{\"name\":\"a b.example\"}",                                     "/name",    "domain_invalid"         },
	        {"{\"name\":\"*.example.com\"}",                                   "/name",    "domain_invalid"         },
	        {"{\"name\":\"-a.example\"}",                                      "/name",    "domain_invalid"         },
	        {"{\"name\":\".\"}",	                                       "/name",    "domain_invalid"         },
	        {"{\"name\":\"a.example\",\"profile\":\"none\"}",                  "/profile",
	         "no_such"	                                                                                      },
	        {"{\"name\":\"a.example\",\"profile\":\"/etc/passwd\"}",           "/profile",
	         "no_such"	                                                                                      },
	        {"{\"name\":\"a.example\",\"profile\":\"../x.json\"}",             "/profile",
	         "no_such"	                                                                                      },
	        {"{\"name\":\"a.example\",\"region\":\"mars\"}",                   "/region",  "no_such"                },
	        {"{\"name\":\"a.example\",\"tags\":[\"a b\"]}",                    "/tags/0",  "bad_form"               },
	        {"{\"name\":\"a.example\",\"settings\":{\"mx1\":\"x.example\"}}",
	         "/settings/mx1",	                                                      "reserved"               },
	        {"{\"name\":\"a.example\",\"settings\":{\"nope\":\"x\"}}",
	         "/settings/nope",	                                                     "unknown_member"         },
	        {"{\"name\":\"a.example\",\"settings\":{\"track_host\":\"a b\"}}",
	         "/settings/track_host",	                                               "bad_form"               },
	        {"{\"name\":\"a.example\",\"sender_address\":\"x@b.example\"}",
	         "/sender_address",	                                                    "bad_form"               },
	};
	struct fixture *f = *state;
	char body[512], name[300];

	for (size_t i = 0; i < LEN(cases); i++) {
		if (ask_as(f, f->key, "POST", "/v1/domains", cases[i].body) != 422)
			fail_msg("%s: %u", cases[i].body, f->status);
		if (strcmp(got(f, "errors.0.code"), cases[i].code) != 0)
			fail_msg("%s: %s", cases[i].body, f->text);
		assert_string_equal(got(f, "errors.0.pointer"), cases[i].pointer);
	}
	memset(name, 'a', 254);
	for (size_t i = 50; i < 250; i += 50)
		name[i] = '.';
	name[254] = 0;
	snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/domains", body), 422);
	assert_string_equal(got(f, "errors.0.pointer"), "/name");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 0);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/events", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 0);
}

static void labels_of_one_language_are_not_mixed(void **state)
{
	static const struct {
		const char *label;
		bool mixed;
	} cases[] = {
	        {"acme-1",	                                   false},
	        {"b\303\274cher",	                            false},
	        {"\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0",         false},
	        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae", false},
	        {"a\xe6\x97\xa5",	                            false},
	        {"a\xd0\xb0",	                                true },
	        {"\316\261b",	                                true },
	        {"\xff",	                                     true },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (label_is_mixed(str_c(cases[i].label)) != cases[i].mixed)
			fail_msg("%s", cases[i].label);
}

static void a_domain_is_once_in_an_account(void **state)
{
	struct fixture *f = *state;
	const char *body = "{\"name\":\"acme.example\"}";

	add_domain(f, f->key, body);
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/domains", body), 409);
	assert_string_equal(got(f, "errors.0.pointer"), "/name");
	assert_string_equal(got(f, "code"), "duplicate");
	add_domain(f, f->foreign_key, body);
	assert_string_equal(got(f, "records.0.name"), "s1._domainkey.sg3.acme.example");
}

static void every_profile_can_be_added(void **state)
{
	static const char *const bodies[] = {
	        "{\"name\":\"a.example\",\"profile\":\"delegated\"}",
	        "{\"name\":\"b.example\",\"profile\":\"userpilot\"}",
	        "{\"name\":\"c.example\",\"profile\":\"customerio\"}",
	        "{\"name\":\"d.example\",\"profile\":\"mailtrap\"}",
	        "{\"name\":\"e.example\",\"profile\":\"mailgun\"}",
	        "{\"name\":\"f.example\",\"profile\":\"sendgrid\"}",
	        "{\"name\":\"g.example\",\"profile\":\"postmark\"}",
	        "{\"name\":\"h.example\",\"profile\":\"brevo\"}",
	        "{\"name\":\"i.example\",\"profile\":\"ses\"}",
	        ("{\"name\":\"j.example\",\"profile\":\"sendgrid\",\"settings\":{"
	         "\"dkim_target1\":\"s1.u1.wl.sendgrid.net\",\"dkim_target2\":"
	         "\"s2.u1.wl.sendgrid.net\"}}"),
	        ("{\"name\":\"k.example\",\"ed25519\":true,\"settings\":{"
	         "\"track_host\":\"go\",\"selector\":\"k1\"}}"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LEN(bodies); i++) {
		if (ask_as(f, f->key, "POST", "/v1/domains", bodies[i]) != 201)
			fail_msg("%s: %s", bodies[i], f->text);
		assert_true(json_array_size(json_object_get(f->json, "records")) > 0);
	}
	assert_string_equal(got(f, "records.0.name"), "k1._domainkey.sg2.k.example");
	assert_string_equal(got(f, "records.1.value"),
	                    "v=DKIM1; k=ed25519; p=cHVibGljIGtleSBieXRlcw==");
	assert_string_equal(got(f, "tracking_host"), "go.k.example");
}

static void an_installation_without_names_says_so(void **state)
{
	struct fixture *f = *state;

	set_config(f, "instance.spf = include:_spf.mail.example\n");
	assert_int_equal(
	        ask_as(f, f->key, "POST", "/v1/domains", "{\"name\":\"acme.example\"}"),
	        503);
	assert_non_null(strstr(got(f, "detail"), "mx1"));
}

static void options_can_be_changed(void **state)
{
	struct fixture *f = *state;

	add_domain(f, f->key, "{\"name\":\"acme.example\",\"tags\":[\"a\"]}");
	assert_int_equal(ask_as(f, f->key, "PATCH", "/v1/domains/acme.example",
	                        "{\"open_tracking\":false,\"tags\":[],\"environment\":"
	                        "\"test\"}"),
	                 200);
	assert_true(json_is_false(json_object_get(f->json, "open_tracking")));
	assert_true(json_is_true(json_object_get(f->json, "click_tracking")));
	assert_int_equal(json_array_size(json_object_get(f->json, "tags")), 0);
	assert_int_equal(ask_as(f, f->key, "PATCH", "/v1/domains/acme.example",
	                        "{\"name\":\"b.example\"}"),
	                 422);
}

static void deleting_keeps_the_row(void **state)
{
	struct fixture *f = *state;
	char path[64];

	snprintf(path, sizeof(path), "/v1/domains/dom_%lld",
	         (long long)add_domain(f, f->key, "{\"name\":\"acme.example\"}"));
	assert_int_equal(ask_as(f, f->key, "DELETE", "/v1/domains/acme.example", NULL),
	                 204);
	assert_int_equal(f->dropped, 1);
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 404);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains/acme.example", NULL),
	                 404);
	assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
	assert_string_equal(got(f, "domain"), "acme.example (deleted)");
	assert_string_equal(got(f, "status"), "deleted");
	assert_true(json_is_false(json_object_get(f->json, "can_send")));
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/tracking-domains", NULL), 200);
	assert_string_not_equal(got(f, "data.0.retired_at"), "");
	add_domain(f, f->key, "{\"name\":\"acme.example\"}");
}

static void records_in_every_form(void **state)
{
	static const struct {
		const char *query, *type, *has;
	} cases[] = {
	        {"",	                             "application/json",             "\"host\":\"sg2\"" },
	        {"?format=zone",                         "text/plain; charset=utf-8",    "sg2.acme.example."},
	        {"?format=table&provider=godaddy",       "text/plain; charset=utf-8",    "sg2"              },
	        {"?format=markdown&provider=cloudflare", "text/markdown; charset=utf-8",
	         "| `TXT` |"	                                                                        },
	};
	struct fixture *f = *state;
	char path[128];

	add_domain(f, f->key, "{\"name\":\"acme.example\"}");
	for (size_t i = 0; i < LEN(cases); i++) {
		snprintf(path, sizeof(path), "/v1/domains/acme.example/records%s",
		         cases[i].query);
		assert_int_equal(ask_as(f, f->key, "GET", path, NULL), 200);
		assert_string_equal(f->type, cases[i].type);
		if (!strstr(f->text, cases[i].has))
			fail_msg("%s: %s", path, f->text);
	}
	assert_int_equal(ask_as(f, f->key, "GET",
	                        "/v1/domains/acme.example/records?provider=nobody",
	                        NULL),
	                 422);
	assert_string_equal(got(f, "errors.0.parameter"), "provider");
}

static void a_colleague_is_mailed(void **state)
{
	struct fixture *f = *state;
	const char *path = "/v1/domains/acme.example/instructions";

	add_domain(f, f->key, "{\"name\":\"acme.example\"}");
	assert_int_equal(
	        ask_as(f, f->key, "POST", path,
	               "{\"to\":\"dns@acme.example\",\"provider\":\"godaddy\"}"),
	        202);
	assert_int_equal(f->mail_count, 1);
	assert_non_null(strstr(f->mails[0], "dns@acme.example: "));
	assert_int_equal(ask_as(f, f->key, "POST", path, "{\"to\":\"dns\"}"), 422);
}

/* A check as core stores it. */
static void store_check(struct fixture *f, int64_t domain, const char *status,
                        const char *record_name, const char *record_status)
{
	struct str document = arena_printf(
	        &f->a,
	        "{\"domain\":\"acme.example\",\"profile\":\"standard\",\"status\":\"%"
	        "s\","
	        "\"can_send\":true,\"reasons\":[],\"provider\":null,\"records\":[{"
	        "\"purpose\":\"dkim\",\"type\":\"TXT\",\"name\":\"%s\",\"host\":\"h\","
	        "\"value\":\"v\",\"priority\":null,\"ttl\":60,\"required\":true,"
	        "\"status\":\"%s\",\"found\":[],\"diagnosis\":[],\"servers\":{\"with\":"
	        "1,"
	        "\"asked\":1},\"checked_at\":null,\"next_check_at\":null}],"
	        "\"advice\":[],\"checked_at\":null,\"evidence\":[]}",
	        status, record_name, record_status);
	struct check_row row = {.domain_id = domain,
	                        .at = clock_now(),
	                        .cause = STR("request"),
	                        .status = str_c(status),
	                        .digest = document,
	                        .document = document};

	GOOD(f, check_add(&f->store, &row, &row.id, &f->err));
}

static void set_life(struct fixture *f, int64_t domain, enum life_status status)
{
	struct domain_row *row;
	struct life life;

	GOOD(f, domain_find(&f->store, &f->a, 0, domain, &row, &f->err));
	life = domain_life_of(row);
	life.status = status;
	domain_life_set(&row->life, &life);
	GOOD(f, domain_save_life(&f->store, domain, &row->life, &f->err));
}

static void verified(struct fixture *f, int64_t id)
{
	set_life(f, id, LIFE_VERIFIED);
	GOOD(f, store_turn_savepoint(&f->store, &f->err));
	GOOD(f, api_domain_verified(f->api, &f->a, id, &f->err));
	GOOD(f, store_turn_release(&f->store, &f->err));
	commit(f);
}

static void verifying_waits_or_not(void **state)
{
	struct fixture *f = *state;
	const char *path = "/v1/domains/acme.example/verify";
	int64_t id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");

	assert_int_equal(ask_as(f, f->key, "POST", path, NULL), 202);
	assert_int_equal(f->checks_asked, 1);
	assert_int_equal(ask_as(f, f->key, "POST", path, NULL), 429);
	assert_non_null(strstr(f->headers, "Retry-After: 6"));
	clock_set(T0 + 61000);
	store_check(f, id, "verified", "x.acme.example", "verified");
	set_life(f, id, LIFE_VERIFIED);
	f->how = API_VERIFIED_DONE;
	assert_int_equal(ask_as(f, f->key, "POST",
	                        "/v1/domains/acme.example/verify?wait=10s", NULL),
	                 200);
	assert_string_equal(got(f, "status"), "verified");
	assert_string_equal(got(f, "records.0.status"), "verified");
	assert_true(json_is_true(json_object_get(f->json, "can_send")));
	clock_set(T0 + 122000);
	f->how = API_VERIFIED_TIMEOUT;
	assert_int_equal(ask_as(f, f->key, "POST",
	                        "/v1/domains/acme.example/verify?wait=1", NULL),
	                 202);
	assert_int_equal(ask_as(f, f->key, "POST",
	                        "/v1/domains/acme.example/verify?wait=1h", NULL),
	                 422);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/checks", NULL), 200);
	assert_string_equal(got(f, "data.0.cause"), "request");
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/checks/chk_1", NULL),
	        200);
	assert_string_equal(got(f, "verdict.status"), "verified");
}

static void retrying_starts_the_time_again(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");

	set_life(f, id, LIFE_FAILED);
	assert_int_equal(
	        ask_as(f, f->key, "POST", "/v1/domains/acme.example/retry", NULL), 202);
	assert_string_equal(got(f, "status"), "pending");
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/events?order=newest", NULL),
	                 200);
	assert_string_equal(got(f, "data.0.type"), "domain.pending");
}

static void permission_has_reasons(void **state)
{
	struct fixture *f = *state;
	const char *base = "/v1/domains/acme.example/can-send";
	int64_t id = add_domain(f, f->key,
	                        "{\"name\":\"acme.example\",\"sender_address\":"
	                        "\"hi@acme.example\"}");

	assert_int_equal(ask_as(f, f->key, "GET", base, NULL), 200);
	assert_string_equal(got(f, "reasons.0"), "domain_pending");
	set_life(f, id, LIFE_WARNING);
	assert_int_equal(
	        ask_as(f, f->key, "GET",
	               "/v1/domains/acme.example/can-send?from=HI@acme.example", NULL),
	        200);
	assert_true(json_is_true(json_object_get(f->json, "can_send")));
	assert_int_equal(ask_as(f, f->key, "GET",
	                        "/v1/domains/acme.example/can-send?from=x@acme.example",
	                        NULL),
	                 200);
	assert_string_equal(got(f, "reasons.0"), "sender_unknown");
	assert_int_equal(
	        ask_as(f, f->key, "POST", "/v1/domains/acme.example/suspend", NULL),
	        403);
	assert_int_equal(
	        send_ask(f, &(struct ask){.method = "POST",
	                                  .path = "/v1/domains/acme.example/suspend",
	                                  .key = f->operator_key,
	                                  .account = "acc_2"}),
	        200);
	assert_string_equal(got(f, "status"), "suspended");
	assert_int_equal(ask_as(f, f->key, "GET", base, NULL), 200);
	assert_string_equal(got(f, "reasons.0"), "domain_suspended");
}

static void a_bound_key_sees_its_domain_alone(void **state)
{
	struct fixture *f = *state;
	int64_t mine = add_domain(f, f->key, "{\"name\":\"a.example\"}");
	const char *key;

	add_domain(f, f->key, "{\"name\":\"b.example\"}");
	key = add_key(f, f->account, API_FULL, mine);
	assert_int_equal(ask_as(f, key, "GET", "/v1/domains/a.example", NULL), 200);
	assert_int_equal(ask_as(f, key, "GET", "/v1/domains/b.example", NULL), 404);
	assert_int_equal(ask_as(f, key, "GET", "/v1/domains", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 1);
	assert_int_equal(ask_as(f, key, "GET", "/v1/events", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 1);
	assert_int_equal(ask_as(f, key, "GET", "/v1/events?domain=b.example", NULL),
	                 404);
	assert_int_equal(ask_as(f, key, "GET", "/v1/keys", NULL), 403);
	assert_int_equal(
	        ask_as(f, key, "POST", "/v1/domains", "{\"name\":\"c.example\"}"), 403);
	assert_int_equal(
	        ask_as(f, key, "POST", "/v1/senders", "{\"address\":\"x@b.example\"}"),
	        422);
	assert_int_equal(
	        ask_as(f, key, "POST", "/v1/senders", "{\"address\":\"x@a.example\"}"),
	        201);
}

static void senders_follow_their_domain(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");

	assert_int_equal(
	        ask_as(f, f->key, "POST", "/v1/senders",
	               "{\"address\":\"Hi@Acme.Example\",\"display_name\":\"H\"}"),
	        201);
	assert_string_equal(got(f, "address"), "hi@acme.example");
	assert_string_equal(got(f, "status"), "unverified");
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/senders",
	                        "{\"address\":\"hi@acme.example\"}"),
	                 409);
	assert_string_equal(got(f, "errors.0.pointer"), "/address");
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/senders",
	                        "{\"address\":\"hi@other.example\"}"),
	                 422);
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/senders",
	                        "{\"address\":\"hi@{{ customer.domain }}\"}"),
	                 201);
	assert_string_equal(got(f, "status"), "undetermined");
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/senders",
	                        "{\"address\":\"hi@{% if a %}x{% endif %}.example\"}"),
	                 201);
	assert_string_equal(got(f, "status"), "undetermined");
	set_life(f, id, LIFE_VERIFIED);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/senders?domain=acme.example", NULL), 200);
	assert_string_equal(got(f, "data.0.status"), "verified");
	assert_int_equal(ask_as(f, f->foreign_key, "GET", "/v1/senders/snd_1", NULL),
	                 404);
	assert_int_equal(ask_as(f, f->key, "DELETE", "/v1/senders/snd_1", NULL), 204);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/senders/snd_1", NULL), 404);
}

static void a_key_is_rotated(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");
	const char *rotate = "/v1/domains/acme.example/dkim/rotate";
	const char *activate = "/v1/domains/acme.example/keys/dkm_2/activate";
	const char *finish = "/v1/domains/acme.example/keys/dkm_1/finish";

	assert_int_equal(ask_as(f, f->key, "POST", rotate, NULL), 201);
	assert_string_equal(got(f, "stage"), "pending");
	assert_string_equal(got(f, "selector"), "s2");
	assert_string_equal(got(f, "record_name"), "s2._domainkey.sg2.acme.example");
	assert_int_equal(ask_as(f, f->key, "POST", rotate, NULL), 409);
	assert_int_equal(ask_as(f, f->key, "POST", activate, NULL), 409);
	store_check(f, id, "verified", "s2._domainkey.sg2.acme.example", "verified");
	assert_int_equal(ask_as(f, f->key, "POST", activate, NULL), 200);
	assert_string_equal(got(f, "stage"), "active");
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/records", NULL),
	        200);
	assert_string_equal(got(f, "records.0.name"), "s2._domainkey.sg2.acme.example");
	assert_string_equal(got(f, "records.1.name"), "s1._domainkey.sg2.acme.example");
	assert_int_equal(ask_as(f, f->key, "POST", finish, NULL), 409);
	clock_set(T0 + (int64_t)8 * 24 * 3600 * 1000);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/keys", NULL), 200);
	assert_true(json_is_true(
	        json_object_get(json_array_get(json_object_get(f->json, "data"), 0),
	                        "safe_to_remove")));
	assert_int_equal(ask_as(f, f->key, "POST", finish, NULL), 200);
	assert_string_equal(got(f, "stage"), "retired");
	assert_int_equal(f->dropped, 1);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/records", NULL),
	        200);
	assert_int_equal(json_array_size(json_object_get(f->json, "records")), 6);
	assert_int_equal(ask_as(f, f->key, "POST", rotate, NULL), 201);
}

static void a_delegated_key_is_rotated(void **state)
{
	struct fixture *f = *state;
	const char *rotate = "/v1/domains/acme.example/dkim/rotate";
	int64_t id = add_domain(
	        f, f->key, "{\"name\":\"acme.example\",\"profile\":\"delegated\"}");

	assert_int_equal(ask_as(f, f->key, "POST", rotate, NULL), 409);
	store_check(f, id, "verified", "s2._domainkey.acme.example", "verified");
	assert_int_equal(ask_as(f, f->key, "POST",
	                        "/v1/domains/acme.example/keys/dkm_2/activate", NULL),
	                 200);
	assert_int_equal(ask_as(f, f->key, "POST",
	                        "/v1/domains/acme.example/keys/dkm_1/finish",
	                        "{\"force\":true}"),
	                 200);
	assert_int_equal(ask_as(f, f->key, "POST", rotate, NULL), 201);
	assert_string_equal(got(f, "selector"), "s1");
	assert_string_equal(got(f, "stage"), "pending");
	assert_string_equal(got(f, "record_name"), "s1._domainkey.acme.example");
}

static void whoever_proves_a_domain_has_its_tracking_host(void **state)
{
	struct fixture *f = *state;
	const char *body = "{\"name\":\"acme.example\"}";
	int64_t first = add_domain(f, f->foreign_key, body);
	int64_t second = add_domain(f, f->key, body);

	assert_int_equal(ask_as(f, f->key, "GET", "/v1/tracking-domains", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 0);
	verified(f, second);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/tracking-domains", NULL), 200);
	assert_string_equal(got(f, "data.0.status"), "pending"); /* looked at now */
	assert_int_equal(f->hosts_changed, 2);
	verified(f, first);
	assert_int_equal(ask_as(f, f->foreign_key, "GET", "/v1/tracking-domains", NULL),
	                 200);
	assert_string_not_equal(got(f, "data.0.retired_at"), "");
	assert_int_equal(json_array_size(json_object_get(f->json, "data")), 1);
}

static void users_sign_in(void **state)
{
	struct fixture *f = *state;
	char session[64];
	const char *login =
	        "{\"email\":\"ann@acme.example\",\"password\":\"correct horse\"}";

	assert_int_equal(
	        ask_as(f, f->key, "POST", "/v1/users",
	               "{\"email\":\"Ann@acme.example\",\"password\":\"correct "
	               "horse\",\"role\":\"member\"}"),
	        201);
	assert_null(strstr(f->text, "horse"));
	assert_int_equal(
	        ask_as(f, NULL, "POST", "/v1/sessions",
	               "{\"email\":\"ann@acme.example\",\"password\":\"wrong\"}"),
	        401);
	assert_int_equal(
	        ask_as(f, NULL, "POST", "/v1/sessions",
	               "{\"email\":\"bob@acme.example\",\"password\":\"wrong\"}"),
	        401);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/audit?limit=1", NULL), 200);
	assert_string_equal(got(f, "data.0.action"), "sessions.refuse");
	assert_string_equal(got(f, "data.0.object"), "usr_1");
	assert_string_equal(got(f, "data.0.actor"), "");
	assert_non_null(strstr(f->text, "\"from\":\""));
	assert_int_equal(ask_as(f, NULL, "POST", "/v1/sessions", login), 201);
	snprintf(session, sizeof(session), "%s", got(f, "secret"));
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/audit?limit=1", NULL), 200);
	assert_string_equal(got(f, "data.0.action"), "sessions.create");
	assert_string_equal(got(f, "data.0.actor"), "usr_1");
	assert_int_equal(ask_as(f, session, "GET", "/v1/domains", NULL), 200);
	assert_int_equal(ask_as(f, session, "GET", "/v1/keys", NULL), 403);
	assert_int_equal(
	        ask_as(f, f->key, "PATCH", "/v1/users/usr_1", "{\"role\":\"admin\"}"),
	        200);
	assert_int_equal(ask_as(f, session, "GET", "/v1/keys", NULL), 200);
	assert_int_equal(
	        ask_as(f, session, "PATCH", "/v1/users/usr_1", "{\"role\":\"owner\"}"),
	        403);
	assert_int_equal(ask_as(f, session, "DELETE", "/v1/users/usr_1", NULL), 409);
	assert_int_equal(ask_as(f, session, "DELETE", "/v1/sessions/current", NULL),
	                 204);
	assert_int_equal(ask_as(f, session, "GET", "/v1/domains", NULL), 401);
	assert_int_equal(ask_as(f, NULL, "POST", "/v1/sessions", login), 201);
	snprintf(session, sizeof(session), "%s", got(f, "secret"));
	assert_int_equal(ask_as(f, f->key, "PATCH", "/v1/users/usr_1",
	                        "{\"password\":\"another horse\"}"),
	                 200);
	assert_int_equal(ask_as(f, session, "GET", "/v1/domains", NULL), 401);
	assert_int_equal(ask_as(f, NULL, "POST", "/v1/sessions", login), 401);
}

static void each_account_has_a_demo_domain(void **state)
{
	struct fixture *f = *state;
	struct ask ask = {.method = "GET", .key = f->operator_key};
	char account[32], path[128];

	assert_int_equal(ask_as(f, f->operator_key, "POST", "/v1/accounts",
	                        "{\"name\":\"New\",\"owner_email\":\"o@new.example\"}"),
	                 201);
	snprintf(account, sizeof(account), "%s", got(f, "id"));
	ask.account = account;
	ask.path = "/v1/domains";
	assert_int_equal(send_ask(f, &ask), 200);
	assert_string_equal(got(f, "data.0.domain"), "demo-4.mail.example");
	assert_string_equal(got(f, "data.0.status"), "verified");
	ask.path = "/v1/domains/demo-4.mail.example";
	assert_int_equal(send_ask(f, &ask), 200);
	assert_true(json_is_true(json_object_get(f->json, "can_send")));
	snprintf(path, sizeof(path), "%s/can-send?to=o@new.example&from=%s", ask.path,
	         "hello@demo-4.mail.example");
	ask.path = path;
	assert_int_equal(send_ask(f, &ask), 200);
	assert_true(json_is_true(json_object_get(f->json, "can_send")));
	ask.path = "/v1/domains/demo-4.mail.example/can-send?to=x@else.example";
	assert_int_equal(send_ask(f, &ask), 200);
	assert_string_equal(got(f, "reasons.0"), "demo_recipient");
	ask.method = "POST";
	ask.path = "/v1/domains/demo-4.mail.example/verify";
	assert_int_equal(send_ask(f, &ask), 409);
	ask.method = "DELETE";
	ask.path = "/v1/domains/demo-4.mail.example";
	assert_int_equal(send_ask(f, &ask), 204);
	commit(f);
}

#define FORM_BUSINESS                                                                  \
	"{\"kind\":\"business\",\"name\":\"A\",\"address\":\"1 "                       \
	"St\",\"country\":\"US\","                                                     \
	"\"website\":\"https://www.acme.example/\"}"
#define FORM_PERSONAL                                                                  \
	"{\"kind\":\"personal\",\"name\":\"A\",\"address\":\"1 "                       \
	"St\",\"country\":\"US\"}"

static void a_business_is_reviewed_by_itself(void **state)
{
	struct fixture *f = *state;
	const char *form = "/v1/domains/acme.example/review/form";
	const char *submit = "/v1/domains/acme.example/review/submit";
	int64_t id;

	f->config.compliance_required = true;
	id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");
	assert_string_equal(got(f, "review"), "form");
	assert_int_equal(ask_as(f, f->key, "POST", submit, NULL), 409);
	assert_int_equal(ask_as(f, f->key, "PUT", form, FORM_PERSONAL), 200);
	assert_int_equal(ask_as(f, f->key, "PUT", form, FORM_BUSINESS), 200);
	assert_true(json_is_false(json_object_get(f->json, "may_switch")));
	assert_int_equal(ask_as(f, f->key, "PUT", form, FORM_PERSONAL), 422);
	assert_int_equal(ask_as(f, f->key, "POST", submit, NULL), 200);
	assert_string_equal(got(f, "state"), "waiting");
	assert_int_equal(ask_as(f, f->key, "PUT", form, FORM_BUSINESS), 409);
	verified(f, id);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains/acme.example", NULL),
	                 200);
	assert_string_equal(got(f, "review"), "approved");
	assert_true(json_is_true(json_object_get(f->json, "can_send")));
	assert_int_equal(f->mail_count, 2);
	assert_non_null(strstr(f->mails[1], "owner@acme.example: "));
}

static void a_person_is_asked_and_decided_on(void **state)
{
	struct fixture *f = *state;
	const char *answers = "/v1/domains/acme.example/review/answers";
	int64_t id;

	f->config.compliance_required = true;
	id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");
	ask_as(f, f->key, "PUT", "/v1/domains/acme.example/review/form", FORM_PERSONAL);
	ask_as(f, f->key, "POST", "/v1/domains/acme.example/review/submit", NULL);
	verified(f, id);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/review", NULL), 200);
	assert_string_equal(got(f, "state"), "questions");
	assert_int_equal(json_array_size(json_object_get(f->json, "questions")), 3);
	assert_int_equal(ask_as(f, f->key, "POST", answers, "{\"answers\":[\"a\"]}"),
	                 422);
	assert_int_equal(
	        ask_as(f, f->key, "POST", answers, "{\"answers\":[\"a\",\"b\",\"c\"]}"),
	        200);
	assert_int_equal(ask_as(f, f->operator_key, "GET", "/v1/reviews", NULL), 200);
	assert_string_equal(got(f, "data.0.id"), "rev_1");
	assert_int_equal(ask_as(f, f->key, "POST", "/v1/reviews/rev_1/approve", NULL),
	                 403);
	assert_int_equal(ask_as(f, f->operator_key, "POST", "/v1/reviews/rev_1/ask",
	                        "{\"questions\":[\"Who?\"]}"),
	                 200);
	assert_int_equal(ask_as(f, f->key, "POST", answers, "{\"answers\":[\"me\"]}"),
	                 200);
	assert_int_equal(ask_as(f, f->operator_key, "POST", "/v1/reviews/rev_1/reject",
	                        "{\"reason\":\"No.\"}"),
	                 200);
	assert_int_equal(ask_as(f, f->key, "GET", "/v1/domains/acme.example", NULL),
	                 200);
	assert_string_equal(got(f, "status"), "rejected");
	assert_int_equal(
	        ask_as(f, f->operator_key, "POST", "/v1/reviews/rev_1/approve", NULL),
	        200);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/can-send", NULL),
	        200);
	assert_true(json_is_true(json_object_get(f->json, "can_send")));
	assert_int_equal(f->mail_count, 5);
}

static void a_broken_questionnaire_stops_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	f->config.compliance_required = true;
	f->config.compliance_questionnaire = STR("/nonexistent/questions.json");
	id = add_domain(f, f->key, "{\"name\":\"acme.example\"}");
	ask_as(f, f->key, "PUT", "/v1/domains/acme.example/review/form", FORM_PERSONAL);
	ask_as(f, f->key, "POST", "/v1/domains/acme.example/review/submit", NULL);
	verified(f, id);
	assert_int_equal(
	        ask_as(f, f->key, "GET", "/v1/domains/acme.example/review", NULL), 200);
	assert_string_equal(got(f, "state"), "manual");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        API_TEST(adding_gives_records_and_keys),
	        API_TEST(what_is_no_domain_is_refused),
	        cmocka_unit_test(labels_of_one_language_are_not_mixed),
	        API_TEST(a_domain_is_once_in_an_account),
	        API_TEST(every_profile_can_be_added),
	        API_TEST(an_installation_without_names_says_so),
	        API_TEST(options_can_be_changed),
	        API_TEST(deleting_keeps_the_row),
	        API_TEST(records_in_every_form),
	        API_TEST(a_colleague_is_mailed),
	        API_TEST(verifying_waits_or_not),
	        API_TEST(retrying_starts_the_time_again),
	        API_TEST(permission_has_reasons),
	        API_TEST(a_bound_key_sees_its_domain_alone),
	        API_TEST(senders_follow_their_domain),
	        API_TEST(a_key_is_rotated),
	        API_TEST(a_delegated_key_is_rotated),
	        API_TEST(whoever_proves_a_domain_has_its_tracking_host),
	        API_TEST(users_sign_in),
	        API_TEST(each_account_has_a_demo_domain),
	        API_TEST(a_business_is_reviewed_by_itself),
	        API_TEST(a_person_is_asked_and_decided_on),
	        API_TEST(a_broken_questionnaire_stops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
