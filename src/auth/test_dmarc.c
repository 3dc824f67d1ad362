/* DMARC evaluation and report consent over zone text (RFC 9989 §4.10, RFC 7489 §6.6).
 */
#include "auth/dmarc.h"
#include "auth/dmarc_report.h"
#include "dns/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] =
        "$TTL 60\n"
        ". SOA ns.test. host.test. 1 60 60 60 60\n"
        "_dmarc.plain.example. TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.sub.plain.example. TXT \"v=DMARC1; p=none\"\n"
        "www.plain.example. A 192.0.2.1\n"
        "_dmarc.full.example. TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\n"
        "www.full.example. A 192.0.2.1\n"
        "txt.full.example. TXT \"only text\"\n"
        "_dmarc.strict.example. TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
        "_dmarc.test.example. TXT \"v=DMARC1; p=reject; sp=quarantine; np=none; t=y\"\n"
        "www.test.example. A 192.0.2.1\n"
        "_dmarc.two.example. TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.two.example. TXT \"v=DMARC1; p=none\"\n"
        "_dmarc.x.two.example. TXT \"v=DMARC1; p=quarantine\"\n"
        "_dmarc.other.example. TXT \"some text\"\n"
        "_dmarc.other.example. TXT \"v=DMARC1; p=quarantine\"\n"
        "_dmarc.broken.example. TXT \"v=DMARC1; p=rejct\"\n"
        "_dmarc.rua.example. TXT \"v=DMARC1; sp=reject; rua=mailto:a@rua.example\"\n"
        "_dmarc.bank. TXT \"v=DMARC1; p=none; sp=quarantine; np=reject; psd=y\"\n"
        "_dmarc.one.bank. TXT \"v=DMARC1; p=none\"\n"
        "www.two.bank. A 192.0.2.1\n"
        "_dmarc.a.bank. TXT \"v=DMARC1; p=none\"\n"
        "_dmarc.x.a.bank. TXT \"v=DMARC1; p=quarantine\"\n"
        "_dmarc.corp.example. TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.unit.corp.example. TXT \"v=DMARC1; p=quarantine; psd=n\"\n"
        "_dmarc.c.d.e.f.g.h.deep.example. TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.d.e.f.g.h.deep.example. TXT \"v=DMARC1; p=quarantine\"\n"
        "_dmarc.co.uk. TXT \"v=DMARC1; p=none\"\n"
        "_dmarc.top.example. TXT \"v=DMARC1; p=reject; np=none\"\n"
        "_dmarc.own.fault. TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.stop.fault. TXT \"v=DMARC1; p=reject; psd=n\"\n"
        "_dmarc.ext.example. TXT \"v=DMARC1; p=none; rua=mailto:a@ext.example,"
        "mailto:b@sub.ext.example,mailto:c@yes.test,mailto:d@no.test,mailto:e@any.test,"
        "mailto:f@down.servfail,mailto:h@quiet.fault; "
        "ruf=mailto:g@yes.test,https://x.test/\"\n"
        "ext.example._report._dmarc.yes.test. TXT \"v=DMARC1\"\n"
        "*._report._dmarc.any.test. TXT \"v=DMARC1;\"\n"
        "ext.example._report._dmarc.no.test. TXT \"v=spf1 -all\"\n";

static const char suffix_text[] = "com\nuk\nco.uk\nexample\n";

/* Names that answer with SERVFAIL. */
static const struct {
	const char *name;
	bool and_below;
} faulty[] = {
        {"servfail",          true },
        {"_dmarc.fault",      false},
        {"_dmarc.down.fault", false},
        {"ghost.top.example", false},
};

static bool is_faulty(struct str name)
{
	for (size_t i = 0; i < LEN(faulty); i++)
		if (str_eq(name, str_c(faulty[i].name)) ||
		    (faulty[i].and_below &&
		     dns_name_is_within(name, str_c(faulty[i].name))))
			return true;
	return false;
}

static void resolve(const struct dns_zone *zone, struct dns_answers *answers)
{
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *answer = dns_answers_at(answers, i);
		struct dns_answer fault = {.status = DNS_SERVFAIL};

		if (answer->status == DNS_PENDING && is_faulty(answer->question.name))
			dns_answers_put(answers, answer, &fault);
	}
	dns_zone_resolve(zone, answers);
}

struct world {
	struct arena arena;
	struct dns_zone zone;
	struct dns_answers answers;
	struct suffixes *suffixes;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err err;

	if (!w)
		return -1;
	w->zone = dns_zone_init(&w->arena);
	if (!dns_zone_parse(&w->zone, str_c(zone_text), &err) ||
	    !suffixes_parse(str_c(suffix_text), &w->suffixes, &err))
		fail_msg("%s", err.text);
	w->answers = dns_answers_init(&w->arena, 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	suffixes_free(w->suffixes);
	arena_done(&w->arena);
	free(w);
	return 0;
}

static struct dmarc check(struct world *w, struct dmarc_input *in)
{
	struct dmarc out;

	in->suffixes = w->suffixes;
	for (int round = 0; round < 5; round++) {
		dmarc_check(&w->arena, &w->answers, in, &out);
		if (!dns_answers_pending(&w->answers))
			return out;
		resolve(&w->zone, &w->answers);
	}
	fail_msg("asks without end");
	return out;
}

struct row {
	const char *from, *spf, *dkim; /* names that passed, or NULL */
	enum dmarc_result result;
	enum dmarc_policy policy, disposition;
	const char *org, *record; /* "" is none */
};

static void check_row(struct world *w, const struct row *row,
                      enum dmarc_standard standard)
{
	struct str spf = str_c(row->spf);
	struct str dkim = str_c(row->dkim);
	struct dmarc_input in = {
	        .from = str_c(row->from),
	        .spf = {&spf,  row->spf ? 1 : 0 },
	        .dkim = {&dkim, row->dkim ? 1 : 0},
	        .standard = standard
        };
	struct dmarc out = check(w, &in);

	if (out.result != row->result || out.policy != row->policy ||
	    out.disposition != row->disposition ||
	    !str_eq(out.org_domain, str_c(row->org)) ||
	    !str_eq(out.record_domain, str_c(row->record)))
		fail_msg("%s spf=%s dkim=%s: %s policy=%s disposition=%s org=%.*s "
		         "record=%.*s",
		         row->from, row->spf ? row->spf : "",
		         row->dkim ? row->dkim : "", dmarc_result_name(out.result),
		         dmarc_policy_name(out.policy),
		         dmarc_policy_name(out.disposition), STR_ARG(out.org_domain),
		         STR_ARG(out.record_domain));
}

#define PASS       DMARC_RESULT_PASS
#define FAIL       DMARC_RESULT_FAIL
#define NONE       DMARC_RESULT_NONE
#define TEMP       DMARC_RESULT_TEMPERROR
#define NOTHING    DMARC_NO_POLICY
#define P_NONE     DMARC_NONE
#define QUARANTINE DMARC_QUARANTINE
#define REJECT     DMARC_REJECT

/* RFC 9989. */
static const struct row rows[] = {
  /* No record anywhere; several; text that is none. */
        {"void.example",               NULL,               "void.example",       NONE,                   NOTHING,    P_NONE,     "void.example",
         ""                                                                                                                                                               },
        {"two.example",                NULL,               NULL,                 NONE,                   NOTHING,    P_NONE,     "two.example",   ""                      },
        {"x.two.example",              NULL,               NULL,                 FAIL,                   QUARANTINE, QUARANTINE, "x.two.example",
         "x.two.example"                                                                                                                                                  },
        {"other.example",              NULL,               NULL,                 FAIL,                   QUARANTINE, QUARANTINE, "other.example",
         "other.example"                                                                                                                                                  },
        {"broken.example",             NULL,               "broken.example",     NONE,                   NOTHING,    P_NONE,
         "broken.example",                                                                                                                        "broken.example"        },
        {"rua.example",                NULL,               NULL,                 FAIL,                   P_NONE,     P_NONE,     "rua.example",   "rua.example"           },
        {"x.rua.example",              NULL,               NULL,                 FAIL,                   P_NONE,     P_NONE,     "rua.example",
         "rua.example"                                                                                                                                                    },
 /* Alignment, relaxed and strict. */
        {"plain.example",              "plain.example",    NULL,                 PASS,                   REJECT,     REJECT,     "plain.example",
         "plain.example"                                                                                                                                                  },
        {"plain.example",              "b.plain.example",  NULL,                 PASS,                   REJECT,     REJECT,
         "plain.example",                                                                                                                         "plain.example"         },
        {"www.plain.example",          NULL,               "mail.plain.example", PASS,                   REJECT,     REJECT,
         "plain.example",                                                                                                                         "plain.example"         },
        {"sub.plain.example",          NULL,               "plain.example",      PASS,                   P_NONE,     P_NONE,
         "plain.example",                                                                                                                         "sub.plain.example"     },
        {"plain.example",              "full.example",     "example",            FAIL,                   REJECT,     REJECT,
         "plain.example",                                                                                                                         "plain.example"         },
        {"plain.example",              "xplain.example",   NULL,                 FAIL,                   REJECT,     REJECT,     "plain.example",
         "plain.example"                                                                                                                                                  },
        {"strict.example",             "m.strict.example", "m.strict.example",   FAIL,                   REJECT,     REJECT,
         "strict.example",                                                                                                                        "strict.example"        },
        {"strict.example",             NULL,               "strict.example",     PASS,                   REJECT,     REJECT,
         "strict.example",                                                                                                                        "strict.example"        },
        {"m.strict.example",           NULL,               "m.strict.example",   PASS,                   REJECT,     REJECT,
         "strict.example",                                                                                                                        "strict.example"        },
 /* p, sp and np; a name that only holds TXT exists. */
        {"full.example",               NULL,               NULL,                 FAIL,                   REJECT,     REJECT,     "full.example",
         "full.example"                                                                                                                                                   },
        {"www.full.example",           NULL,               NULL,                 FAIL,                   QUARANTINE, QUARANTINE, "full.example",
         "full.example"                                                                                                                                                   },
        {"txt.full.example",           NULL,               NULL,                 FAIL,                   QUARANTINE, QUARANTINE, "full.example",
         "full.example"                                                                                                                                                   },
        {"ghost.full.example",         NULL,               NULL,                 FAIL,                   P_NONE,     P_NONE,     "full.example",
         "full.example"                                                                                                                                                   },
 /* t=y: one level down. */
        {"test.example",               NULL,               NULL,                 FAIL,                   REJECT,     QUARANTINE, "test.example",
         "test.example"                                                                                                                                                   },
        {"www.test.example",           NULL,               NULL,                 FAIL,                   QUARANTINE, P_NONE,     "test.example",
         "test.example"                                                                                                                                                   },
        {"ghost.test.example",         NULL,               NULL,                 FAIL,                   P_NONE,     P_NONE,     "test.example",
         "test.example"                                                                                                                                                   },
 /* psd=y above; psd=n ends the walk. */
        {"two.bank",                   NULL,               "www.two.bank",       PASS,                   QUARANTINE, QUARANTINE, "two.bank",
         "bank"                                                                                                                                                           },
        {"none.bank",                  NULL,               NULL,                 FAIL,                   REJECT,     REJECT,     "none.bank",     "bank"                  },
        {"x.none.bank",                NULL,               "other.bank",         FAIL,                   REJECT,     REJECT,     "none.bank",     "bank"                  },
        {"one.bank",                   NULL,               "x.one.bank",         PASS,                   P_NONE,     P_NONE,     "one.bank",      "one.bank"              },
        {"bank",                       NULL,               "one.bank",           FAIL,                   P_NONE,     P_NONE,     "bank",          "bank"                  },
        {"bank",                       NULL,               "bank",               PASS,                   P_NONE,     P_NONE,     "bank",          "bank"                  },
        {"y.x.a.bank",                 NULL,               NULL,                 FAIL,                   P_NONE,     P_NONE,     "a.bank",        "a.bank"                },
        {"x.unit.corp.example",        NULL,               "unit.corp.example",  PASS,                   QUARANTINE, QUARANTINE,
         "unit.corp.example",                                                                                                                     "unit.corp.example"     },
        {"x.unit.corp.example",        NULL,               "corp.example",       FAIL,                   QUARANTINE, QUARANTINE,
         "unit.corp.example",                                                                                                                     "unit.corp.example"     },
        {"corp.example",               NULL,               "unit.corp.example",  FAIL,                   REJECT,     REJECT,
         "corp.example",                                                                                                                          "corp.example"          },
 /* More than eight labels: the walk jumps to the last seven. */
        {"b.c.d.e.f.g.h.deep.example", NULL,               NULL,                 FAIL,                   QUARANTINE, QUARANTINE,
         "d.e.f.g.h.deep.example",                                                                                                                "d.e.f.g.h.deep.example"},
 /* DNS faults count only where something depends on them. */
        {"x.down.fault",               NULL,               "x.down.fault",       TEMP,                   NOTHING,    P_NONE,     "",              ""                      },
        {"own.fault",                  NULL,               "own.fault",          PASS,                   REJECT,     REJECT,     "",              "own.fault"             },
        {"own.fault",                  NULL,               "elsewhere.example",  FAIL,                   REJECT,     REJECT,     "",              "own.fault"             },
        {"own.fault",                  NULL,               "x.own.fault",        TEMP,                   REJECT,     REJECT,     "",              "own.fault"             },
        {"stop.fault",                 NULL,               "x.stop.fault",       PASS,                   REJECT,     REJECT,     "stop.fault",
         "stop.fault"                                                                                                                                                     },
        {"ghost.top.example",          NULL,               NULL,                 TEMP,                   REJECT,     REJECT,     "top.example",
         "top.example"                                                                                                                                                    },
        {"ghost.top.example",          NULL,               "top.example",        PASS,                   REJECT,     REJECT,     "top.example",
         "top.example"                                                                                                                                                    },
        {"a.servfail",                 NULL,               "a.servfail",         TEMP,                   NOTHING,    P_NONE,     "",              ""                      },
        {".",                          NULL,               NULL,                 DMARC_RESULT_PERMERROR, NOTHING,    P_NONE,     "",              ""                      },
};

static void test_rfc9989(void **state)
{
	for (size_t i = 0; i < LEN(rows); i++)
		check_row(*state, &rows[i], DMARC_RFC9989);
}

/* RFC 7489: the list decides; np, t and psd mean nothing. */
static const struct row old_rows[] = {
        {"plain.example",       NULL, "b.plain.example", PASS, REJECT,     REJECT,
         "plain.example",                                                                              "plain.example"},
        {"ghost.full.example",  NULL, NULL,              FAIL, QUARANTINE, QUARANTINE, "full.example",
         "full.example"                                                                                               },
        {"test.example",        NULL, NULL,              FAIL, REJECT,     REJECT,     "test.example",
         "test.example"                                                                                               },
        {"a.b.co.uk",           NULL, "x.b.co.uk",       NONE, NOTHING,    P_NONE,     "b.co.uk",      ""             },
        {"x.unit.corp.example", NULL, "corp.example",    PASS, REJECT,     REJECT,
         "corp.example",                                                                               "corp.example" },
        {"two.example",         NULL, NULL,              NONE, NOTHING,    P_NONE,     "two.example",  ""             },
        {"y.x.two.example",     NULL, NULL,              NONE, NOTHING,    P_NONE,     "two.example",  ""             },
        {"x.rua.example",       NULL, NULL,              FAIL, P_NONE,     P_NONE,     "rua.example",
         "rua.example"                                                                                                },
        {"a.servfail",          NULL, NULL,              TEMP, NOTHING,    P_NONE,     "a.servfail",   ""             },
        {"own.fault",           NULL, "x.own.fault",     PASS, REJECT,     REJECT,     "own.fault",
         "own.fault"                                                                                                  },
};

static void test_rfc7489(void **state)
{
	for (size_t i = 0; i < LEN(old_rows); i++)
		check_row(*state, &old_rows[i], DMARC_RFC7489);
}

static void test_receivers_differ(void **state)
{
	static const struct {
		const char *from;
		bool differ;
	} cases[] = {
	        {"plain.example",       false},
                {"test.example",        true },
	        {"ghost.full.example",  true },
                {"x.unit.corp.example", true },
	        {"void.example",        false},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct dmarc_input in = {.from = str_c(cases[i].from)};
		struct dmarc now = check(*state, &in);
		struct dmarc old;

		in.standard = DMARC_RFC7489;
		old = check(*state, &in);
		assert_int_equal(dmarc_differs(&now, &old), cases[i].differ);
	}
}

static void test_eight_questions(void **state)
{
	struct world *w = *state;
	struct dmarc_input in = {.from = STR("a.b.c.d.e.f.g.h.i.j.mail.example.com")};

	dmarc_check(&w->arena, &w->answers, &in, &(struct dmarc){0});
	assert_int_equal(w->answers.by_key.n, DMARC_WALK_MAX);
	assert_true(str_eq(dns_answers_at(&w->answers, 1)->question.name,
	                   STR("_dmarc.g.h.i.j.mail.example.com")));
	assert_true(str_eq(dns_answers_at(&w->answers, 7)->question.name,
	                   STR("_dmarc.com")));
}

static void test_reports(void **state)
{
	static const struct {
		const char *host;
		enum dmarc_consent consent;
	} want[] = {
	        {"ext.example",     DMARC_CONSENT_INTERNAL    },
	        {"sub.ext.example", DMARC_CONSENT_INTERNAL    },
	        {"yes.test",        DMARC_CONSENT_GIVEN       },
	        {"no.test",         DMARC_CONSENT_MISSING     },
	        {"any.test",        DMARC_CONSENT_GIVEN       },
	        {"down.servfail",   DMARC_CONSENT_UNDETERMINED},
	        {"quiet.fault",     DMARC_CONSENT_UNDETERMINED},
	        {"yes.test",        DMARC_CONSENT_GIVEN       },
	};
	struct world *w = *state;
	struct dmarc_report_targets targets = {0};

	for (int round = 0; round < 4; round++) {
		struct dmarc_step step = dmarc_look(&w->arena, &w->answers,
		                                    STR("ext.example"), DMARC_RFC9989);

		if (step.record)
			targets = dmarc_report_check(&w->arena, &w->answers,
			                             step.record, STR("ext.example"));
		resolve(&w->zone, &w->answers);
	}
	assert_int_equal(targets.n, LEN(want));
	for (size_t i = 0; i < targets.n; i++) {
		assert_true(str_eq(targets.v[i].uri->host, str_c(want[i].host)));
		assert_int_equal(targets.v[i].consent, want[i].consent);
		assert_int_equal(targets.v[i].is_failure, i == 7);
	}
}

static void test_suffixes_refuse(void **state)
{
	struct suffixes *s;
	struct err err;

	(void)state;
	assert_false(suffixes_parse(STR(""), &s, &err));
	assert_false(suffixes_parse(STR("// nothing but a comment\n"), &s, &err));
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(test_rfc9989),
	        WORLD_TEST(test_rfc7489),
	        WORLD_TEST(test_receivers_differ),
	        WORLD_TEST(test_eight_questions),
	        WORLD_TEST(test_reports),
	        cmocka_unit_test(test_suffixes_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
