/* Who is a machine: by one request, and by several of a message (C16, S3-36). */
#include "track/classify.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SENT INT64_C(1795770000000)
#define BROWSER                                                                        \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "   \
	"Gecko) Chrome/131.0.0.0 Safari/537.36"

static struct agents *agents;

static int load(void **state)
{
	AUTO(arena) a = {0};
	struct str text;
	struct err err;
	const char *path =
	        arena_printf(&a, "%s/data/agents.json", getenv("SIGNET_SOURCE")).p;

	(void)state;
	assert_true(file_read(&a, path, 1 << 20, &text, &err));
	if (!agents_load(text, &agents, &err))
		fail_msg("%s", err.text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	agents_free(agents);
	return 0;
}

static const struct {
	const char *agent, *id;
} known[] = {
        {BROWSER,                                                                        NULL                 },
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",         NULL                 },
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
         NULL                                                                                                 },
        {"Mozilla/4.0 (compatible; ms-office; MSOffice 16)",                             NULL                 },
        {"Mozilla/5.0 (Linux; Android 7.0; CUBOT DINOSAUR) AppleWebKit/537.36",          NULL                 },
        {"Mozilla/5.0",                                                                  "apple_privacy_relay"},
        {"Mozilla/5.0 ",                                                                 NULL                 },
        {"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
         "GoogleImageProxy)",                                                   "google_image_proxy" },
        {"YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
         "yahoo_mail_proxy"                                                                                   },
        {"curl/8.5.0",                                                                   "curl"               },
        {"Wget/1.21.4",                                                                  "wget"               },
        {"python-requests/2.31.0",                                                       "python"             },
        {"Python-urllib/3.11",                                                           "python"             },
        {"Go-http-client/2.0",                                                           "go"                 },
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "HeadlessChrome/120.0.0.0 Safari/537.36",                              "headless_chrome"    },
        {"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
         "facebook"                                                                                           },
        {"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",                   "slack"              },
        {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
         "google"                                                                                             },
        {"Mozilla/5.0 (compatible; SomethingNew/1.0; +https://new.example/)",
         "names_itself"                                                                                       },
        {"BarracudaCentral",                                                             "barracuda"          },
        {"MIMECAST",                                                                     "mimecast"           },
        {"",                                                                             NULL                 },
};

static void test_agents(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(known); i++) {
		const struct agent_row *row = agent_look(agents, str_c(known[i].agent));

		if (!known[i].id != !row ||
		    (row && !str_eq(row->id, str_c(known[i].id))))
			fail_msg("%s: %.*s", known[i].agent,
			         STR_ARG(row ? row->id : STR("none")));
	}
}

/* Pieces within pieces, and where one begins in the middle of another. */
static void test_automaton(void **state)
{
	static const char json[] =
	        "[{\"id\":\"a\",\"name\":\"A\",\"kind\":\"tool\",\"contains\":["
	        "\"abcd\"]},"
	        "{\"id\":\"b\",\"name\":\"B\",\"kind\":\"tool\",\"contains\":[\"bc\"]},"
	        "{\"id\":\"c\",\"name\":\"C\",\"kind\":\"relay\",\"contains\":["
	        "\"cabcx\"]}]";
	static const char *const texts[][2] = {
	        {"abcd",     "a" },
                {"ABC",      "b" },
                {"ababcd",   "a" },
                {"cabcabcx", "b" },
	        {"acx",      NULL},
                {"bbc",      "b" },
                {"cabcd",    "a" }
        };
	struct agents *t;
	struct err err;

	(void)state;
	assert_true(agents_load(STR(json), &t, &err));
	for (size_t i = 0; i < LEN(texts); i++) {
		const struct agent_row *row = agent_look(t, str_c(texts[i][0]));

		if (!row != !texts[i][1] ||
		    (row && !str_eq(row->id, str_c(texts[i][1]))))
			fail_msg("%s", texts[i][0]);
	}
	agents_free(t);
}

static void test_bad_agents(void **state)
{
	static const char two_words[] =
	        "[{\"id\":\"a\",\"name\":\"A\",\"kind\":\"tool\","
	        "\"is\":[\"a\",\"b\"]}]";
	static const char *const bad[] = {
	        "",
	        "[]",
	        "{}",
	        "[{}]",
	        "[{\"id\":\"a\",\"name\":\"A\",\"kind\":\"x\",\"contains\":[\"a\"]}]",
	        "[{\"id\":\"a\",\"name\":\"A\",\"kind\":\"tool\",\"contains\":[\"\"]}]",
	        "[{\"id\":\"a\",\"name\":\"A\",\"kind\":\"tool\",\"contains\":[5]}]",
	        two_words,
	        "[{\"id\":\"a\",\"name\":\"A\",\"kind\":\"tool\",\"other\":[\"a\"]}]"};
	struct agents *t;
	struct err err;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(agents_load(str_c(bad[i]), &t, &err));
}

static struct track_event request(enum track_type type)
{
	return (struct track_event){.type = type,
	                            .at = SENT + 60 * 1000,
	                            .message = token_message(SENT, 1),
	                            .agent = STR(BROWSER),
	                            .language = STR("en")};
}

static void test_one_request(void **state)
{
	struct track_event e = request(TRACK_CLICK);

	(void)state;
	assert_int_equal(looks_automated(agents, &e), 0);
	e.method = TRACK_HEAD;
	assert_int_equal(looks_automated(agents, &e), REASON_HEAD);
	e = request(TRACK_CLICK);
	e.agent = STR_NONE;
	e.language = STR_NONE;
	assert_int_equal(looks_automated(agents, &e),
	                 REASON_NO_AGENT | REASON_NO_LANGUAGE);
	e = request(TRACK_CLICK);
	e.agent = STR("curl/8");
	e.hints = TRACK_PREFETCH | TRACK_NO_ACCEPT;
	assert_int_equal(looks_automated(agents, &e),
	                 REASON_TOOL | REASON_PREFETCH | REASON_NO_ACCEPT);
	/* Before it arrived, and within a second. */
	e = request(TRACK_CLICK);
	e.at = SENT + 999;
	assert_int_equal(looks_automated(agents, &e), REASON_SOON);
	e.at = SENT - 5000;
	assert_int_equal(looks_automated(agents, &e), REASON_SOON);
	e.at = SENT + 1000;
	assert_int_equal(looks_automated(agents, &e), 0);
	/* A mail program that unsubscribes for its user is no machine (RFC 8058). */
	e = request(TRACK_UNSUBSCRIBE);
	e.agent = e.language = STR_NONE;
	e.hints = TRACK_ONE_CLICK | TRACK_NO_ACCEPT;
	assert_int_equal(track_verdict(looks_automated(agents, &e)), TRACK_PERSON);
}

static void test_opens(void **state)
{
	struct track_event e = request(TRACK_OPEN);

	(void)state;
	e.language = STR_NONE;
	assert_int_equal(track_verdict(looks_automated(agents, &e)), TRACK_PERSON);
	e.agent = STR("x (via ggpht.com GoogleImageProxy)");
	assert_int_equal(looks_automated(agents, &e), REASON_IMAGE_PROXY);
	assert_int_equal(track_verdict(REASON_IMAGE_PROXY), TRACK_PERSON);
	e.agent = STR("Mozilla/5.0");
	assert_int_equal(looks_automated(agents, &e), REASON_IMAGE_RELAY);
	assert_int_equal(track_verdict(REASON_IMAGE_RELAY), TRACK_UNDETERMINED);
	assert_int_equal(track_verdict(REASON_IMAGE_PROXY | REASON_SOON),
	                 TRACK_MACHINE);
}

static struct near_event click_at(int64_t ms, uint64_t link, uint64_t source)
{
	return (struct near_event){.type = TRACK_CLICK,
	                           .at = SENT + 60 * 1000 + ms,
	                           .link = link,
	                           .source = source};
}

/* Three links within three seconds, in whatever order they are read: all of them, and no
 * click beside them. */
static void test_burst(void **state)
{
	struct near_event near[] = {click_at(-3100, 9, 1), click_at(0, 1, 1),
	                            click_at(2500, 2, 2)};
	struct near_event fresh = click_at(1000, 2, 1);

	(void)state;
	classify(&fresh, near, 3);
	assert_int_equal(fresh.reasons, 0);
	fresh = click_at(2900, 3, 3);
	classify(&fresh, near, 3);
	assert_int_equal(fresh.reasons, REASON_BURST);
	assert_int_equal(near[0].reasons, 0);
	assert_false(near[0].is_changed);
	assert_int_equal(near[1].reasons, REASON_BURST);
	assert_true(near[1].is_changed && near[2].is_changed);
	/* Late to be read, in the middle by time. */
	near[1] = click_at(0, 1, 1);
	near[2] = click_at(2500, 2, 2);
	fresh = click_at(1200, 5, 1);
	classify(&fresh, near, 3);
	assert_int_equal(fresh.reasons, REASON_BURST);
	assert_int_equal(near[2].reasons, REASON_BURST);
}

/* The same link again and again is impatience. */
static void test_no_burst(void **state)
{
	struct near_event near[] = {click_at(0, 1, 1), click_at(100, 1, 1),
	                            click_at(200, 2, 1), click_at(250, 2, 1)};
	struct near_event fresh = click_at(300, 1, 1);

	(void)state;
	classify(&fresh, near, LEN(near));
	assert_int_equal(fresh.reasons, 0);
	near[3].type = TRACK_OPEN;
	near[3].link = 7;
	classify(&fresh, near, LEN(near));
	assert_int_equal(fresh.reasons, 0);
}

static void test_same_source(void **state)
{
	struct near_event near[] = {click_at(0, 1, 5), click_at(0, 1, 6)};
	struct near_event fresh = click_at(4000, 1, 5);

	(void)state;
	near[0].reasons = REASON_HEAD;
	classify(&fresh, near, 2);
	assert_int_equal(fresh.reasons, REASON_SAME_SOURCE);
	/* The other way round, and not to a source without a name. */
	near[0].reasons = 0;
	fresh = click_at(4000, 1, 6);
	fresh.reasons = REASON_TOOL;
	classify(&fresh, near, 2);
	assert_int_equal(near[0].reasons, 0);
	assert_int_equal(near[1].reasons, REASON_SAME_SOURCE);
	fresh = click_at(0, 1, 0);
	near[0].source = 0;
	near[0].reasons = REASON_HEAD;
	classify(&fresh, near, 1);
	assert_int_equal(fresh.reasons, 0);
	/* What was concluded is not concluded from. */
	fresh = click_at(9000, 1, 6);
	classify(&fresh, near, 2);
	assert_int_equal(fresh.reasons, 0);
	/* Minutes later it is somebody else behind the same address. */
	near[1].reasons = REASON_TOOL;
	fresh = click_at(SOURCE_MS + 1, 1, 6);
	classify(&fresh, near, 2);
	assert_int_equal(fresh.reasons, 0);
}

static void test_later_click(void **state)
{
	struct near_event near[] = {click_at(-90000, 0, 5), click_at(500, 0, 5)};
	struct near_event fresh = click_at(0, 1, 6);

	(void)state;
	near[0].type = near[1].type = TRACK_OPEN;
	near[0].reasons = near[1].reasons = REASON_IMAGE_RELAY;
	fresh.reasons = REASON_HEAD;
	classify(&fresh, near, 2);
	assert_false(near[0].is_changed);
	fresh.reasons = 0;
	classify(&fresh, near, 2);
	assert_int_equal(near[0].reasons, REASON_IMAGE_RELAY | REASON_LATER_CLICK);
	assert_int_equal(track_verdict(near[0].reasons), TRACK_PERSON);
	assert_false(near[1].is_changed);
	assert_true(classify_needs_near(&fresh, 0, true));
	assert_false(classify_needs_near(&fresh, 0, false));
	assert_true(classify_needs_near(&fresh, fresh.at - SOURCE_MS, false));
}

static void test_source(void **state)
{
	struct ip one = {0}, two = {0};

	(void)state;
	assert_true(ip_parse(STR("192.0.2.1"), &one) &&
	            ip_parse(STR("192.0.2.2"), &two));
	assert_true(source_of(one, STR("a")) == source_of(one, STR("a")));
	assert_true(source_of(one, STR("a")) != source_of(two, STR("a")));
	assert_true(source_of(one, STR("a")) != source_of(one, STR("b")));
	assert_true(source_of((struct ip){0}, STR_NONE) == 0);
	assert_true(source_of((struct ip){0}, STR("a")) != 0);
	assert_true((int64_t)source_of(one, STR("a")) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_agents),      cmocka_unit_test(test_automaton),
	        cmocka_unit_test(test_bad_agents),  cmocka_unit_test(test_one_request),
	        cmocka_unit_test(test_opens),       cmocka_unit_test(test_burst),
	        cmocka_unit_test(test_no_burst),    cmocka_unit_test(test_same_source),
	        cmocka_unit_test(test_later_click), cmocka_unit_test(test_source),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
