/* What Signet mails: the letter's form, addresses, and that no text becomes markup or a
 * header field. */
#include "notice/letter.h"

#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is_address;
	} cases[] = {
	        {"ann@acme.example",               true },
	        {"a.b+c@acme.example",             true },
	        {"",	                       false},
	        {"ann",	                    false},
	        {"@acme.example",                  false},
	        {"ann@",	                   false},
	        {".ann@acme.example",              false},
	        {"ann.@acme.example",              false},
	        {"a..b@acme.example",              false},
	        {"ann@acme..example",              false},
	        {"ann@acme.example.",              false},
	        {"ann@b@acme.example",             false},
	        {"a nn@acme.example",              false},
	        {"ann@acme.example\r\nBcc: x@y.z", false},
	        {"<ann@acme.example>",             false},
	        {"ann@acme.example, b@c.d",        false},
	        {"ann@[192.0.2.1]",                false},
	        {"\"a\"@acme.example",             false},
	        {"a\"b@acme.example",              false},
	        {"ann@ac_me.example",              false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (notice_is_address(str_c(cases[i].text)) != cases[i].is_address)
			fail_msg("%s", cases[i].text);
}

static struct str make(struct arena *a, struct notice_head *head, struct notice *n)
{
	struct str out = STR_NONE;
	struct err err = {0};

	head->from = STR("signet@mail.example");
	head->to = STR("ann@acme.example");
	head->id = STR("abc123");
	head->now = 1764201600000;
	if (!notice_letter(a, head, n, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

static bool has(struct str text, const char *part)
{
	return str_find(text, str_c(part)) >= 0;
}

static void test_letter(void **state)
{
	AUTO(arena) a = {0};
	struct notice n = {STR("Hello"), STR("text\n"), STR("<p>html</p>\n")};
	struct notice_head head = {.from_name = STR("The \"Shop\"")};
	struct str letter = make(&a, &head, &n);

	(void)state;
	assert_true(has(letter, "From: \"The Shop\" <signet@mail.example>\r\n"));
	assert_true(has(letter, "Subject: Hello\r\n"));
	assert_true(has(letter, "Date: Thu, 27 Nov 2025 00:00:00 +0000\r\n"));
	assert_true(has(letter, "Message-ID: <abc123@mail.example>\r\n"));
	assert_true(has(letter, "\r\n\r\ndGV4dAo=\r\n--=_abc123\r\n"));
	assert_true(str_ends(letter, STR("--=_abc123--\r\n")));
	for (size_t i = 0; i < letter.n; i++)
		if (letter.p[i] == '\n')
			assert_true(i && letter.p[i - 1] == '\r');
}

static void test_header_words(void **state)
{
	AUTO(arena) a = {0};
	struct notice n = {STR("a\r\nBcc: eve@evil.example"), STR("x"), STR("x")};
	struct notice_head head = {.from_name = STR("B\r\nX: y")};
	struct str letter = make(&a, &head, &n);

	(void)state;
	assert_false(has(letter, "\nBcc:"));
	assert_false(has(letter, "\nX:"));
	n.subject = STR("Einträge für bücher.example, und noch mehr Wörter, "
	                "damit es zwei werden");
	letter = make(&a, &head, &n);
	assert_true(has(letter, "Subject: =?utf-8?B?"));
	assert_true(has(letter, "?=\r\n =?utf-8?B?"));
	assert_true(str_is_ascii(letter));
}

static void test_wrong_address(void **state)
{
	AUTO(arena) a = {0};
	struct notice n = {STR("s"), STR("t"), STR("h")};
	struct notice_head head = {.from = STR("signet@mail.example"),
	                           .to = STR("nobody")};
	struct str out;
	struct err err = {0};

	(void)state;
	assert_false(notice_letter(&a, &head, &n, &out, &err));
	assert_string_equal(err.text, "nobody: no address");
}

static void test_review(void **state)
{
	AUTO(arena) a = {0};
	struct notice n = notice_reviewed(&a, NOTICE_REVIEW_REJECTED,
	                                  STR("acme.example"), STR("Signet"),
	                                  STR("<b>no</b>"), STR("help@mail.example"));

	(void)state;
	assert_true(str_eq(n.subject, STR("acme.example was not accepted")));
	assert_true(has(n.html, "&lt;b&gt;no&lt;/b&gt;"));
	assert_false(has(n.html, "<b>"));
	assert_true(has(n.text, "<b>no</b>"));
	assert_true(has(n.text, "Questions: help@mail.example"));
}

static void test_instructions(void **state)
{
	AUTO(arena) a = {0};
	struct plan_record record = {.purpose = PLAN_SPF,
	                             .type = DNS_TXT,
	                             .name = STR("sg42.acme.example"),
	                             .value = STR("v=spf1 include:<x> -all"),
	                             .priority = -1,
	                             .ttl = 3600,
	                             .required = true};
	struct plan plan = {
	        .domain = STR("acme.example"), .records = &record, .record_count = 1};
	struct field_place at = {provider_generic(), STR("acme.example")};
	struct notice n = notice_instructions(
	        &a, &(struct notice_records){.plan = &plan,
	                                     .at = &at,
	                                     .account = STR("Acme & Sons"),
	                                     .instance = STR("Signet"),
	                                     .message = STR("Hi Bob,\n\nplease.")});

	(void)state;
	assert_true(str_eq(n.subject, STR("DNS records for acme.example")));
	assert_true(has(n.text, "sg42"));
	assert_true(has(n.text, "v=spf1 include:<x> -all"));
	assert_true(has(n.html, "<code>sg42</code>"));
	assert_true(has(n.html, "include:&lt;x&gt;"));
	assert_true(has(n.html, "Acme &amp; Sons"));
	assert_true(has(n.html, "<p>Hi Bob,</p>\n<p>please.</p>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_letter),
	        cmocka_unit_test(test_header_words),
	        cmocka_unit_test(test_wrong_address),
	        cmocka_unit_test(test_review),
	        cmocka_unit_test(test_instructions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
