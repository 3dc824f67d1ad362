/* CAA by RFC 8659 and RFC 8657: which set counts, and what it says. */
#include "diagnose/caa.h"
#include "dns/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NAME STR("track.acme.example")

static const struct str names[] = {STR_INIT("ca.example"), STR_INIT("ca.test")};
static const struct caa_issuer plain = {names, LEN(names), STR_INIT("http-01"), false};
static const struct caa_issuer wild = {names, LEN(names), STR_INIT("http-01"), true};

/* Records, relative to acme.example. */
static const struct {
	const char *zone;
	enum caa_verdict plain, wild;
	const char *owner;
} cases[] = {
        {"",                                                                  CAA_ALLOWED,   CAA_ALLOWED,   ""                  },
        {"@ CAA 0 issue \"ca.example\"",                                      CAA_ALLOWED,   CAA_ALLOWED,   "acme.example"      },
        {"@ CAA 0 ISSUE \" CA.test ; x=1\"",                                  CAA_ALLOWED,   CAA_ALLOWED,   "acme.example"      },
        {"@ CAA 0 issue \"other.example\"",                                   CAA_FORBIDDEN, CAA_FORBIDDEN,
         "acme.example"                                                                                                         },
        {"@ CAA 0 issue \";\"",                                               CAA_FORBIDDEN, CAA_FORBIDDEN, "acme.example"      },
 /* The nearest counts alone (§3). */
        {"@ CAA 0 issue \"other.example\"\ntrack CAA 0 issue \"ca.example\"",
         CAA_ALLOWED,                                                                        CAA_ALLOWED,   "track.acme.example"},
        {"@ CAA 0 issue \"ca.example\"\ntrack CAA 0 issue \";\"",             CAA_FORBIDDEN,
         CAA_FORBIDDEN,                                                                                     "track.acme.example"},
 /* Behind a CNAME that of its target (§3); without one there, that above. */
        {"track CNAME edge\nedge CAA 0 issue \";\"",                          CAA_FORBIDDEN, CAA_FORBIDDEN,
         "edge.acme.example"                                                                                                    },
        {"track CNAME edge\nedge A 192.0.2.1\n@ CAA 0 issue \";\"",           CAA_FORBIDDEN,
         CAA_FORBIDDEN,                                                                                     "acme.example"      },
 /* issuewild is for wildcards, and then counts alone (§4.3). */
        {"@ CAA 0 issuewild \";\"",                                           CAA_ALLOWED,   CAA_FORBIDDEN, "acme.example"      },
        {"@ CAA 0 issue \";\"\n@ CAA 0 issuewild \"ca.example\"",             CAA_FORBIDDEN,
         CAA_ALLOWED,                                                                                       "acme.example"      },
 /* Other properties restrict nothing, unless critical and unknown (§4.1, §4.5). */
        {"@ CAA 0 iodef \"mailto:a@acme.example\"",                           CAA_ALLOWED,   CAA_ALLOWED,
         "acme.example"                                                                                                         },
        {"@ CAA 128 future \"x\"\n@ CAA 0 issue \"ca.example\"",              CAA_FORBIDDEN,
         CAA_FORBIDDEN,                                                                                     "acme.example"      },
        {"@ CAA 128 issue \"ca.example\"",                                    CAA_ALLOWED,   CAA_ALLOWED,   "acme.example"      },
        {"@ CAA 0 future \"x\"",                                              CAA_ALLOWED,   CAA_ALLOWED,   "acme.example"      },
 /* RFC 8657: for an account, by a method. */
        {"@ CAA 0 issue \"ca.example; accounturi=https://ca.example/1\"",     CAA_BOUND,
         CAA_BOUND,                                                                                         "acme.example"      },
        {"@ CAA 0 issue \"ca.example; validationmethods=dns-01,http-01\"",    CAA_ALLOWED,
         CAA_ALLOWED,                                                                                       "acme.example"      },
        {"@ CAA 0 issue \"ca.example; validationmethods=dns-01\"",            CAA_FORBIDDEN,
         CAA_FORBIDDEN,                                                                                     "acme.example"      },
        {"@ CAA 0 issue \"ca.example; validationmethods=dns-01\"\n@ CAA 0 issue "
         "\"ca.example\"",                                           CAA_ALLOWED,   CAA_ALLOWED,   "acme.example"      },
};

static const struct dns_answer *find(struct arena *a, struct dns_answers *answers,
                                     const char *text, bool follow)
{
	struct dns_zone zone = dns_zone_init(a);
	const struct dns_answer *set;
	struct err err;

	if (!dns_zone_parse(&zone,
	                    arena_printf(a,
	                                 "$ORIGIN acme.example.\n$TTL 60\n"
	                                 "@ SOA ns h 1 2 3 4 5\n%s\n",
	                                 text),
	                    &err))
		fail_msg("%s", err.text);
	set = caa_find(answers, NAME, follow);
	assert_true(dns_answers_pending(answers));
	assert_int_equal(caa_judge(&(struct caa_permission){.is_unknown = true}),
	                 CAA_UNKNOWN);
	if (set) {
		struct caa_permission p = caa_read(set, &plain);

		assert_int_equal(caa_judge(&p), CAA_UNKNOWN);
	}
	dns_zone_resolve(&zone, answers);
	return caa_find(answers, NAME, follow);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct dns_answers answers = dns_answers_init(&a, 0);
		const struct dns_answer *set = find(&a, &answers, cases[i].zone, true);
		struct caa_permission p = caa_read(set, &plain);
		struct caa_permission w = caa_read(set, &wild);

		if (caa_judge(&p) != cases[i].plain || caa_judge(&w) != cases[i].wild ||
		    !str_eq(p.owner, str_c(cases[i].owner)))
			fail_msg("case %zu: %d, %d, %.*s", i, caa_judge(&p),
			         caa_judge(&w), STR_ARG(p.owner));
		if (caa_judge(&p) == CAA_FORBIDDEN)
			assert_true(caa_words(&a, &p, &plain).n > 0);
	}
}

/* Who is named, and the record that lets in: the first name of the issuer's. */
static const struct {
	struct caa_issuer issuer;
	const char *words, *record;
} said[] = {
        {{names, 2, STR_INIT("http-01"), false},
         "does not let ca.example issue", "flags 0, tag \"issue\", value \"ca.example\""    },
        {{names + 1, 1, STR_INIT("http-01"), false},
         "does not let ca.test issue",    "flags 0, tag \"issue\", value \"ca.test\""       },
        {{names, 1, STR_INIT("http-01"), true},
         "does not let ca.example issue", "flags 0, tag \"issuewild\", value \"ca.example\""},
};

static void test_words(void **state)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, 0);
	const struct dns_answer *set =
	        find(&a, &answers, "@ CAA 0 issue \"other.example\"", true);

	(void)state;
	for (size_t i = 0; i < LEN(said); i++) {
		const struct caa_issuer *issuer = &said[i].issuer;
		struct caa_permission p = caa_read(set, issuer);

		assert_int_equal(caa_judge(&p), CAA_FORBIDDEN);
		assert_string_equal(caa_words(&a, &p, issuer).p, said[i].words);
		assert_string_equal(caa_record(&a, issuer).p, said[i].record);
	}
}

/* A CNAME that is still to be changed is not looked behind. */
static void test_not_followed(void **state)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, 0);
	const struct dns_answer *set =
	        find(&a, &answers, "track CNAME edge\nedge CAA 0 issue \";\"", false);

	(void)state;
	assert_null(set);
}

/* A fault below hides what stands above: an authority must not issue (§3). */
static void test_faults(void **state)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, 0);
	struct caa_permission p;

	(void)state;
	(void)caa_find(&answers, NAME, true);
	for (size_t i = 0; i < answers.by_key.n; i++) {
		struct dns_answer *one = dns_answers_at(&answers, i);
		bool is_own = str_eq(one->question.name, NAME);
		struct dns_answer learned = {.status = is_own ? DNS_SERVFAIL
		                                              : DNS_NODATA};

		dns_answers_put(&answers, one, &learned);
	}
	p = caa_read(caa_find(&answers, NAME, true), &plain);
	assert_int_equal(caa_judge(&p), CAA_UNKNOWN);
	assert_true(str_eq(p.owner, NAME));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_words),
	        cmocka_unit_test(test_not_followed),
	        cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
