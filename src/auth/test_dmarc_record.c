/* DMARC records: what each tag comes to, and what departs from the form. */
#include "auth/dmarc_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 9989 §4.8: dmarc-version. */
static void test_version(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
	        {"v=DMARC1",            true },
	        {"v=DMARC1;",           true },
	        {"V=DMARC1; p=none",    true },
	        {"v = DMARC1 ; p=none", true },
	        {"v=DMARC1;p=none",     true },
	        {"v=dmarc1; p=none",    false},
	        {"v=DMARC2; p=none",    false},
	        {"v=DMARC10; p=none",   false},
	        {"v=DMARC1 p=none",     false},
	        {" v=DMARC1; p=none",   false},
	        {"p=none; v=DMARC1",    false},
	        {";v=DMARC1",           false},
	        {"v",                   false},
	        {"",                    false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (dmarc_record_is(str_c(cases[i].text)) != cases[i].is)
			fail_msg("%s", cases[i].text);
}

/* RFC 9989 §4.7, §4.10.1. */
static void test_policy(void **state)
{
	static const struct {
		const char *text;
		bool usable, replaced;
		enum dmarc_policy p, sp, np;
	} cases[] = {
	        {"v=DMARC1; p=reject",                             true,  false, DMARC_REJECT,     0,          0},
	        {"v=DMARC1; p=Reject; sp=NONE",                    true,  false, DMARC_REJECT,     DMARC_NONE,
	         0	                                                                                      },
	        {"v=DMARC1; np=reject; p=none",                    true,  false, DMARC_NONE,       0,
	         DMARC_REJECT	                                                                           },
	        {"v=DMARC1; p=quarantine; p=none",                 true,  false, DMARC_QUARANTINE, 0,          0},
	        {"v=DMARC1; junk; p=reject;",                      true,  false, DMARC_REJECT,     0,          0},
	        {"v=DMARC1",	                               false, false, 0,                0,          0},
	        {"v=DMARC1; p=rejct",                              false, false, 0,                0,          0},
	        {"v=DMARC1; p=",	                           false, false, 0,                0,          0},
	        {"v=DMARC1; p=reject; sp=all",                     false, false, 0,                0,          0},
	        {"v=DMARC1; rua=mailto:a@b.test",                  true,  true,  DMARC_NONE,       0,          0},
	        {"v=DMARC1; p=x; rua=mailto:a@b.test",             true,  true,  DMARC_NONE,       0,          0},
	        {"v=DMARC1; p=reject; np=x; rua=mailto:a@b.test",  true,  true,
	         DMARC_NONE,	                                                               0,          0},
	        {"v=DMARC1; p=x; sp=reject; rua=https://b.test/x", true,  true,
	         DMARC_NONE,	                                                               0,          0},
	        {"v=DMARC1; p=x; rua=a@b.test",                    false, false, 0,                0,          0},
	        {"v=DMARC1; p=x; rua=mailto:",                     false, false, 0,                0,          0},
	        {"v=DMARC1; p=x; ruf=mailto:a@b.test",             false, false, 0,                0,          0},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct dmarc_record r;

		assert_true(dmarc_record_parse(&a, str_c(cases[i].text), DMARC_RFC9989,
		                               &r));
		if (r.is_usable != cases[i].usable ||
		    r.is_replaced != cases[i].replaced || r.p != cases[i].p ||
		    r.sp != cases[i].sp || r.np != cases[i].np)
			fail_msg("%s: p=%s sp=%s np=%s", cases[i].text,
			         dmarc_policy_name(r.p), dmarc_policy_name(r.sp),
			         dmarc_policy_name(r.np));
	}
}

static void test_tags(void **state)
{
	AUTO(arena) a = {0};
	struct dmarc_record r;

	(void)state;
	assert_true(dmarc_record_parse(&a,
	                               STR("v=DMARC1; p=none; ADKIM=S; aspf=s; t=y; "
	                                   "psd=n; fo=1:d:s"),
	                               DMARC_RFC9989, &r));
	assert_true(r.strict_dkim);
	assert_true(r.strict_spf);
	assert_true(r.is_testing);
	assert_int_equal(r.psd, DMARC_PSD_NO);
	assert_int_equal(r.failure_options,
	                 DMARC_FAILURE_ANY | DMARC_FAILURE_DKIM | DMARC_FAILURE_SPF);
	assert_int_equal(r.problems.n, 0);

	assert_true(
	        dmarc_record_parse(&a,
	                           STR("v=DMARC1; p=none; adkim=x; aspf=strict; t=1; "
	                               "psd=yes; fo=0:0"),
	                           DMARC_RFC9989, &r));
	assert_false(r.strict_dkim);
	assert_false(r.strict_spf);
	assert_false(r.is_testing);
	assert_int_equal(r.psd, DMARC_PSD_UNKNOWN);
	assert_int_equal(r.failure_options, DMARC_FAILURE_ALL);
	assert_int_equal(r.problems.n, 5);
}

static void test_problems(void **state)
{
	static const struct {
		const char *text;
		enum dmarc_standard standard;
		enum tag_fault fault;
		size_t at;
	} cases[] = {
	        {"v=DMARC1; p=none; pct=50",                  DMARC_RFC9989, TAG_REMOVED,   22},
	        {"v=DMARC1; p=none; ri=3600",                 DMARC_RFC9989, TAG_REMOVED,   21},
	        {"v=DMARC1; p=none; rf=afrf",                 DMARC_RFC9989, TAG_REMOVED,   21},
	        {"v=DMARC1; p=none; zz=1",                    DMARC_RFC9989, TAG_UNKNOWN,   21},
	        {"v=DMARC1; p=none; np=none",                 DMARC_RFC7489, TAG_UNKNOWN,   21},
	        {"v=DMARC1; p=none; pct=101",                 DMARC_RFC7489, TAG_VALUE,     22},
	        {"v=DMARC1; sp=none; p=none",                 DMARC_RFC7489, TAG_ORDER,     21},
	        {"v=DMARC1; p=none; p=none",                  DMARC_RFC9989, TAG_DUPLICATE, 18},
	        {"v=DMARC1; p=none; rua=mailto:a@b.test!10m", DMARC_RFC9989,
	         TAG_OBSOLETE,	                                                      22},
	        {"v=DMARC1; p=none; rua=mailto:a@b.test, x",  DMARC_RFC9989, TAG_VALUE,
	         39	                                                                   },
	        {"v=DMARC1; sp=none",                         DMARC_RFC9989, TAG_MISSING,   17},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct dmarc_record r;

		assert_true(dmarc_record_parse(&a, str_c(cases[i].text),
		                               cases[i].standard, &r));
		if (r.problems.n != 1 || r.problems.v[0].fault != cases[i].fault ||
		    r.problems.v[0].at != cases[i].at)
			fail_msg("%s: %zu problems, at %zu", cases[i].text,
			         r.problems.n, r.problems.n ? r.problems.v[0].at : 0);
	}
}

static void test_uris(void **state)
{
	AUTO(arena) a = {0};
	struct dmarc_record r;

	(void)state;
	assert_true(dmarc_record_parse(
	        &a,
	        STR("v=DMARC1; p=none; rua=mailto:x@Rep.Example!10m , "
	            "https://r.example/p?q=1,MAILTO:y@r.example?subject=a%20b!5"),
	        DMARC_RFC7489, &r));
	assert_int_equal(r.rua.n, 3);
	assert_true(r.rua.v[0].is_valid);
	assert_true(str_eq(r.rua.v[0].text, STR("mailto:x@Rep.Example")));
	assert_true(str_eq(r.rua.v[0].host, STR("rep.example")));
	assert_int_equal(r.rua.v[0].size_limit, 10 * 1024 * 1024);
	assert_true(r.rua.v[1].is_valid);
	assert_false(r.rua.v[1].is_mailto);
	assert_true(r.rua.v[2].is_valid);
	assert_true(str_eq(r.rua.v[2].host, STR("r.example")));
	assert_int_equal(r.rua.v[2].size_limit, 5);
	assert_int_equal(r.problems.n, 0);
}

static void test_broken_uris(void **state)
{
	static const char *const broken[] = {
	        "a@b.test",     "mailto:",       "mailto:@b.test",
	        "mailto:a@",    "mailto:a@b..c", "mailto:a b@c.de",
	        ":x",           "1a:x",          "http:",
	        "mailto:a@b%2", "mailto:a@b!x",
	};

	(void)state;
	for (size_t i = 0; i < LEN(broken); i++) {
		AUTO(arena) a = {0};
		struct dmarc_record r;

		assert_true(dmarc_record_parse(
		        &a, arena_printf(&a, "v=DMARC1; p=none; ruf=%s", broken[i]),
		        DMARC_RFC9989, &r));
		if (r.ruf.n != 1 || r.ruf.v[0].is_valid)
			fail_msg("%s", broken[i]);
	}
}

static void test_old_standard(void **state)
{
	AUTO(arena) a = {0};
	struct dmarc_record r;

	(void)state;
	assert_true(dmarc_record_parse(
	        &a, STR("v=DMARC1; p=reject; pct=25; ri=3600; t=y; psd=y; np=none"),
	        DMARC_RFC7489, &r));
	assert_int_equal(r.percent, 25);
	assert_int_equal(r.interval_s, 3600);
	assert_false(r.is_testing);
	assert_int_equal(r.psd, DMARC_PSD_UNKNOWN);
	assert_int_equal(r.np, DMARC_NO_POLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_version),      cmocka_unit_test(test_policy),
	        cmocka_unit_test(test_tags),         cmocka_unit_test(test_problems),
	        cmocka_unit_test(test_uris),         cmocka_unit_test(test_broken_uris),
	        cmocka_unit_test(test_old_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
