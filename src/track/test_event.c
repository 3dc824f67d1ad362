/* The records of events, the file of the keys of tokens, and privacy. */
#include "track/event.h"
#include "track/token_keys.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct track_event an_event(void)
{
	struct track_event e = {
	        .type = TRACK_CLICK,
	        .method = TRACK_GET,
	        .hints = TRACK_NO_ACCEPT | TRACK_ONCE,
	        .tls = 0x0304,
	        .answer = 302,
	        .at = INT64_C(1795770000123),
	        .tenant = 42,
	        .message = UINT64_MAX,
	        .link = 300,
	        .host = STR("track.acme.example"),
	        .text = STR("https://acme.example/"),
	        .agent = STR("Mozilla/5.0"),
	        .language = STR("de, en;q=0.5"),
	};

	assert_true(ip_parse(STR("192.0.2.77"), &e.ip));
	return e;
}

static void assert_same(const struct track_event *a, const struct track_event *b)
{
	assert_true(a->type == b->type && a->method == b->method &&
	            a->hints == b->hints && a->tls == b->tls &&
	            a->answer == b->answer && a->at == b->at &&
	            a->tenant == b->tenant && a->message == b->message &&
	            a->link == b->link);
	assert_true(str_eq(a->host, b->host) && str_eq(a->text, b->text) &&
	            str_eq(a->agent, b->agent) && str_eq(a->language, b->language));
	assert_true(ip_eq(a->ip, b->ip));
}

static void test_record(void **state)
{
	char bytes[TRACK_RECORD_MAX];
	struct track_event e = an_event(), got;
	size_t n = track_event_encode(&e, bytes);

	(void)state;
	assert_true(track_event_decode((struct str){bytes, n}, &got));
	assert_same(&e, &got);
	for (size_t i = 0; i < n; i++)
		assert_false(track_event_decode((struct str){bytes, i}, &got));
	bytes[n] = 0;
	assert_false(track_event_decode((struct str){bytes, n + 1}, &got));
	e = (struct track_event){.type = TRACK_OPEN};
	n = track_event_encode(&e, bytes);
	assert_true(track_event_decode((struct str){bytes, n}, &got));
	assert_same(&e, &got);
}

/* Too long is cut, and a hint says so. */
static void test_cut(void **state)
{
	static char text[2 * TRACK_TEXT_MAX];
	char bytes[TRACK_RECORD_MAX];
	struct track_event e = an_event(), got;

	(void)state;
	memset(text, 'x', sizeof(text));
	e.host = e.text = e.agent = e.language = (struct str){text, sizeof(text)};
	assert_true(ip_parse(STR("2001:db8::1"), &e.ip));
	e.tenant = e.link = UINT64_MAX;
	assert_true(track_event_decode(
	        (struct str){bytes, track_event_encode(&e, bytes)}, &got));
	assert_int_equal(got.text.n, TRACK_TEXT_MAX);
	assert_int_equal(got.agent.n, TRACK_AGENT_MAX);
	assert_int_equal(got.host.n, TRACK_HOST_MAX);
	assert_int_equal(got.language.n, TRACK_LANGUAGE_MAX);
	assert_int_equal(got.hints, e.hints | TRACK_CUT_AGENT | TRACK_CUT_TEXT);
}

/* What is read is what would be written: there is one record of an event. */
static void test_one_form(void **state)
{
	char bytes[TRACK_RECORD_MAX], again[TRACK_RECORD_MAX];
	struct track_event e = an_event(), got;
	size_t n = track_event_encode(&e, bytes);
	size_t read = 0;

	(void)state;
	for (unsigned i = 0; i < 200 * 1000; i++) {
		size_t at = random_below((uint32_t)n);
		char was = bytes[at];

		bytes[at] = (char)random_below(256);
		if (track_event_decode((struct str){bytes, n}, &got)) {
			assert_int_equal(track_event_encode(&got, again), n);
			assert_memory_equal(bytes, again, n);
			read++;
		}
		bytes[at] = was;
	}
	assert_true(read > 1000);
}

static void test_words(void **state)
{
	enum track_type type;
	enum track_ip_policy policy;

	(void)state;
	assert_true(track_type_parse(STR("click_page"), &type));
	assert_int_equal(type, TRACK_CLICK_PAGE);
	assert_string_equal(track_type_name(TRACK_UNSUBSCRIBE), "unsubscribe");
	assert_null(track_type_name((enum track_type)0));
	assert_false(track_type_parse(STR("clic"), &type));
	assert_true(track_ip_policy_parse(STR("truncated"), &policy));
	assert_int_equal(policy, TRACK_IP_TRUNCATED);
	assert_false(track_ip_policy_parse(STR(""), &policy));
}

static void test_privacy(void **state)
{
	static const struct {
		enum track_ip_policy policy;
		const char *ip, *kept;
	} cases[] = {
	        {TRACK_IP_FULL,      "192.0.2.77",           "192.0.2.77"          },
	        {TRACK_IP_TRUNCATED, "192.0.2.77",           "192.0.2.0"           },
	        {TRACK_IP_NONE,      "192.0.2.77",           ""                    },
	        {TRACK_IP_FULL,      "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
	        {TRACK_IP_TRUNCATED, "2001:db8:1:2:3:4:5:6", "2001:db8:1::"        },
	        {TRACK_IP_NONE,      "2001:db8:1:2:3:4:5:6", ""                    },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct ip ip, kept;

		assert_true(ip_parse(str_c(cases[i].ip), &ip));
		kept = track_ip_apply(cases[i].policy, ip);
		if (!cases[i].kept[0])
			assert_int_equal(kept.length, 0);
		else
			assert_true(str_eq(ip_format(&a, kept), str_c(cases[i].kept)));
	}
}

static void test_keys_file(void **state)
{
	AUTO(token_keys) keys = {0}, got = {0};
	AUTO(secret) text = {0}, again = {0};
	struct err err;

	(void)state;
	assert_true(token_keys_add(&keys, INT64_C(1795770000000), &err));
	assert_true(token_keys_add(&keys, INT64_C(1795770001000), &err));
	token_keys_format(&keys, &text);
	assert_true(token_keys_parse(secret_str(&text), &got, &err));
	assert_int_equal(got.n, 2);
	assert_int_equal(got.v[1].id, 2);
	assert_int_equal(got.v[1].created_at, INT64_C(1795770001000));
	assert_memory_equal(token_keys_bytes(&got, 1), token_keys_bytes(&keys, 1), 64);
	token_keys_format(&got, &again);
	assert_true(str_eq(secret_str(&text), secret_str(&again)));
}

/* Ids go round and skip what is in use; 32 is all. */
static void test_keys_full(void **state)
{
	AUTO(token_keys) keys = {0};
	struct err err;

	(void)state;
	assert_true(token_keys_add(&keys, 0, &err));
	keys.v[0].id = 250;
	while (keys.n < TOKEN_KEYS_MAX)
		assert_true(token_keys_add(&keys, 0, &err));
	assert_int_equal(keys.v[6].id, 0);
	assert_false(token_keys_add(&keys, 0, &err));
	for (size_t i = 0; i < keys.n; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(keys.v[i].id, keys.v[k].id);
}

#define KEY64                                                                          \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAA"                                                                         \
	"AAAAAA=="
#define LINE "signet-token-key 7 " KEY64 " 2026-11-27T09:00:00Z"

static void test_bad_keys(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
	        {"",	                                          "no key"         },
	        {"# nothing\n\n",	                             "no key"         },
	        {"signet-token-keys 7",                               "line 1: does"   },
	        {"\nsignet-token-key 256 x",                          "line 2: the id" },
	        {"signet-token-key -1 x",                             "id"             },
	        {"signet-token-key 7 AAAA 2026-11-27T09:00:00Z",      "64 bytes"       },
	        {"signet-token-key 7 " KEY64,                         "no time"        },
	        {"signet-token-key 7 " KEY64 " 2026-02-30T09:00:00Z", "no time"        },
	        {LINE " x",	                                   "behind"         },
	        {LINE "\n" LINE,	                              "line 2: this id"},
	};
	AUTO(token_keys) keys = {0};
	struct err err;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		assert_false(token_keys_parse(str_c(bad[i].text), &keys, &err));
		if (!strstr(err.text, bad[i].why))
			fail_msg("%s: %s", bad[i].text, err.text);
	}
	assert_true(token_keys_parse(STR("# x\r\n\n" LINE "\r\n"), &keys, &err));
	assert_int_equal(keys.v[0].id, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_record),    cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_one_form),  cmocka_unit_test(test_words),
	        cmocka_unit_test(test_privacy),   cmocka_unit_test(test_keys_file),
	        cmocka_unit_test(test_keys_full), cmocka_unit_test(test_bad_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
