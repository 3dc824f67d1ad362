/* The doctor: configurations and zones, and what is said of them. */
#include "doctor/machine.h"

#include "dns/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The operator's zone when all is well; a row adds records, later ones beside these. */
static const char base_zone[] =
        ". NS a.root.\n. SOA a.root. x.root. 1 3600 600 86400 60\n"
        "mail.example. SOA ns1 dns 1 3600 600 86400 60\nmail.example. NS ns1\n"
        "_spf.mail.example. TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
        "mx1.mail.example. A 192.0.2.11\nmx2.mail.example. A 192.0.2.12\n"
        "relay.mail.example. A 192.0.2.20\napi.mail.example. A 192.0.2.30\n"
        "edge.us.mail.example. A 192.0.2.80\nverify.mail.example. TXT x\n"
        "s1.dkim.mail.example. TXT x\n"
        "bounce.mail.example. MX 10 mx1.mail.example.\n"
        "bounce.mail.example. MX 10 mx2.mail.example.\n"
        "bounce.mail.example. TXT \"v=spf1 include:_spf.mail.example -all\"\n"
        "11.2.0.192.in-addr.arpa. PTR mx1.mail.example.\n"
        "12.2.0.192.in-addr.arpa. PTR mx2.mail.example.\n"
        "20.2.0.192.in-addr.arpa. PTR relay.mail.example.\n"
        "list.example. SOA ns dns 1 3600 600 86400 60\n";

static const char base_config[] =
        "instance.mx = mx1.mail.example mx2.mail.example\n"
        "api.public_url = https://api.mail.example:8443/x\n"
        "instance.spf = include:_spf.mail.example\n"
        "instance.tracking = us=edge.us.mail.example\n"
        "instance.bounce_target = bounce.mail.example\n"
        "instance.verify_target = verify.mail.example\n"
        "instance.dkim_zone = dkim.mail.example\n"
        "mail.relay = relay.mail.example:25\nmail.from = a@mail.example\n"
        "doctor.blocklists = list.example\n";

struct world {
	struct arena a;
	struct config config;
	struct doctor doctor;
};

/* The base without the line that begins with `without`, and `with` behind it. */
static struct str edit(struct arena *a, const char *text, const char *without,
                       const char *with)
{
	struct str rest = str_c(text);
	struct str line, out = STR_NONE;
	bool found = !without;

	while (str_cut(&rest, '\n', &line)) {
		if (without && str_starts(line, str_c(without))) {
			found = true;
			continue;
		}
		out = arena_printf(a, "%.*s%.*s\n", STR_ARG(out), STR_ARG(line));
	}
	assert_true(found);
	return arena_join(a, out, str_c(with));
}

static void see(struct world *w, struct str config, struct str zone_text)
{
	struct config_sources from = {STR("s.conf"), config, NULL, NULL};
	struct dns_answers answers = dns_answers_init(&w->a, 0);
	struct dns_zone zone = dns_zone_init(&w->a);
	struct err err = {0};

	if (!config_parse(&w->a, &from, &w->config, &err))
		fail_msg("%s", err.text);
	if (!dns_zone_parse(&zone, arena_join(&w->a, STR("$TTL 60\n"), zone_text),
	                    &err))
		fail_msg("%s", err.text);
	w->doctor =
	        (struct doctor){.a = &w->a, .config = &w->config, .answers = &answers};
	for (int i = 0; i < 100; i++) {
		w->doctor.found.n = 0;
		doctor_see_dns(&w->doctor);
		if (!dns_answers_pending(&answers))
			return;
		dns_zone_resolve(&zone, &answers);
	}
	fail_msg("asks without end");
}

static void test_all_is_well(void **state)
{
	struct world w = {0};

	(void)state;
	see(&w, str_c(base_config), str_c(base_zone));
	assert_int_equal(w.doctor.found.n, doctor_dns_check_count);
	for (size_t i = 0; i < w.doctor.found.n; i++) {
		const struct doctor_finding *f = &w.doctor.found.v[i];

		if (f->status != DOCTOR_OK)
			fail_msg("%s: %.*s", f->check->code, STR_ARG(f->message));
		assert_int_equal(f->fix.n, 0);
	}
	arena_done(&w.a);
}

/* Each row breaks one thing; exactly that check says so, and the rest is well. */
static const struct {
	const char *without_record, *with_records;
	const char *without_option, *with_options;
	const char *code;
	enum doctor_status status;
	const char *message;
} what_is_wrong_cases[] = {
        {"api.mail",                       "",                                                 NULL,                "",                                                "name.api",       DOCTOR_ERROR,
         "api.mail.example (api.public_url) has no address."                                                                                                                                                                                         },
        {NULL,                             "",                                                 "api.public_url",    "api.public_url = https://192.0.2.1/\n",           NULL,
         DOCTOR_OK,                                                                                                                                                                                           NULL                                   },
        {NULL,                             "",                                                 "api.public_url",    "",                                                "name.api",       DOCTOR_SKIPPED,
         "api.public_url is not set: links to the API are not made."                                                                                                                                                                                 },
        {"edge.us",                        "",                                                 NULL,                "",                                                "name.tracking",  DOCTOR_ERROR,
         "edge.us.mail.example (instance.tracking) has no address."                                                                                                                                                                                  },
        {"edge.us",                        "edge.us.mail.example. AAAA 2001:db8::1\n",         NULL,                "",                                                NULL,
         DOCTOR_OK,                                                                                                                                                                                           NULL                                   },
        {"mx2.mail",                       "",                                                 NULL,                "",                                                "name.mx",        DOCTOR_ERROR,
         "mx2.mail.example (instance.mx) has no address."                                                                                                                                                                                            },
        {"mx2.mail",                       "mx2.mail.example. CNAME relay.mail.example.\n",    NULL,                "",
         "name.mx",                                                                                                                                                                      DOCTOR_ERROR,
         "mx2.mail.example is an alias (CNAME), and an MX must not be (RFC 2181 "
         "§10.3)."                                                                                                                                                                                                                                  },
        {"relay.mail",                     "",                                                 NULL,                "",                                                "name.relay",     DOCTOR_ERROR,
         "relay.mail.example (mail.relay) has no address."                                                                                                                                                                                           },
        {NULL,                             "",                                                 "mail.relay",        "",                                                "name.relay",     DOCTOR_WARNING,
         "mail.relay is not set: no mail is sent."                                                                                                                                                                                                   },
        {NULL,                             "",                                                 "mail.relay",        "mail.relay = 127.0.0.1:25\n",                     NULL,             DOCTOR_OK,           NULL                                   },
        {"verify.mail",                    "",                                                 NULL,                "",                                                "name.verify",    DOCTOR_WARNING,
         "verify.mail.example (instance.verify_target) does not exist."                                                                                                                                                                              },
        {"s1.dkim",                        "",                                                 NULL,                "",                                                "name.dkim_zone", DOCTOR_WARNING,
         "dkim.mail.example (instance.dkim_zone) does not exist."                                                                                                                                                                                    },
        {"bounce.mail.example. MX 10 mx2", "",                                                 NULL,                "",                                                "bounce.mx",      DOCTOR_ERROR,
         "bounce.mail.example has no MX mx2.mail.example, so bounces of "
         "delegated domains do not arrive."                                                                                                                                                                                                          },
        {"bounce.mail.example. TXT",
         "bounce.mail.example. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",                           NULL,                "",
         "bounce.spf",                                                                                                                                                                   DOCTOR_ERROR,
         "The SPF record of bounce.mail.example does not have "
         "include:_spf.mail.example."                                                                                                                                                                                                                },
        {NULL,                             "",                                                 "instance.spf",      "instance.spf = include:_spf.mail.example -all\n",
         "spf.syntax",                                                                                                                                                                   DOCTOR_ERROR,        "instance.spf has \"-all\" of its own."},
        {"20.2.0.192",                     "",                                                 NULL,                "",                                                "ptr.confirmed",  DOCTOR_ERROR,
         "192.0.2.20 of relay.mail.example has no name (PTR); large receivers "
         "refuse mail from such."                                                                                                                                                                                                                    },
        {"11.2.0.192",                     "",                                                 NULL,                "",                                                "ptr.confirmed",  DOCTOR_WARNING,
         "192.0.2.11 of mx1.mail.example has no name (PTR); large receivers "
         "refuse mail from such."                                                                                                                                                                                                                    },
        {"20.2.0.192",                     "20.2.0.192.in-addr.arpa. PTR api.mail.example.\n", NULL,                "",
         "ptr.confirmed",                                                                                                                                                                DOCTOR_ERROR,
         "The name of 192.0.2.20 is api.mail.example, which does not have that "
         "address."                                                                                                                                                                                                                                  },
        {NULL,                             "20.2.0.192.list.example. A 127.0.0.2\n",           NULL,                "",                                                "blocklist.own",
         DOCTOR_ERROR,                                                                                                                                                                                        "192.0.2.20 of relay.mail.example is listed in list.example "
         "(127.0.0.2)."                                                                                                                                                                                                        },
        {NULL,                             "20.2.0.192.list.example. A 127.255.255.254\n",     NULL,                "",
         "blocklist.own",                                                                                                                                                                DOCTOR_UNDETERMINED,
         "list.example does not answer this asker (127.255.255.254)."                                                                                                                                                                                },
        {NULL,                             "",                                                 "doctor.blocklists", "",                                                "blocklist.own",  DOCTOR_SKIPPED,
         "doctor.blocklists is not set: no list is asked."                                                                                                                                                                                           },
};

static void test_what_is_wrong(void **state)
{
	/* clang-format off */
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(what_is_wrong_cases); i++) {
		struct world w = {0};
		size_t said = 0;

		see(&w,
		    edit(&w.a, base_config, what_is_wrong_cases[i].without_option,
		         what_is_wrong_cases[i].with_options),
		    edit(&w.a, base_zone, what_is_wrong_cases[i].without_record,
		         what_is_wrong_cases[i].with_records));
		for (size_t k = 0; k < w.doctor.found.n; k++) {
			const struct doctor_finding *f = &w.doctor.found.v[k];

			if (f->status == DOCTOR_OK)
				continue;
			said++;
			if (!what_is_wrong_cases[i].code ||
			    strcmp(f->check->code, what_is_wrong_cases[i].code) != 0 ||
			    f->status != what_is_wrong_cases[i].status ||
			    !str_eq(f->message, str_c(what_is_wrong_cases[i].message)))
				fail_msg("row %zu: %s %s: %.*s", i, f->check->code,
				         doctor_status_name(f->status),
				         STR_ARG(f->message));
			if (f->status != DOCTOR_SKIPPED)
				assert_true(f->fix.n > 0);
		}
		if (said != (what_is_wrong_cases[i].code ? 1 : 0))
			fail_msg("row %zu: %zu said", i, said);
		arena_done(&w.a);
	}
}

/* The relay's address must be authorized; that of an MX should be. */
static void test_spf_addresses(void **state)
{
	static const struct {
		const char *spf;
		size_t errors, warnings;
	} cases[] = {
	        {"ip4:192.0.2.20",                0, 2},
	        {"ip4:192.0.2.11 ip4:192.0.2.12", 1, 0},
	        {"ip4:192.0.2.0/24",              0, 0},
	        {"include:_spf.mail.example",     0, 0},
	        {"include:nothing.mail.example",  1, 2},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct world w = {0};
		size_t errors = 0, warnings = 0;
		struct str option =
		        arena_printf(&w.a, "instance.spf = %s\n", cases[i].spf);

		see(&w, edit(&w.a, base_config, "instance.spf", option.p),
		    str_c(base_zone));
		for (size_t k = 0; k < w.doctor.found.n; k++) {
			const struct doctor_finding *f = &w.doctor.found.v[k];

			if (strcmp(f->check->code, "spf.addresses") != 0)
				continue;
			errors += f->status == DOCTOR_ERROR;
			warnings += f->status == DOCTOR_WARNING;
		}
		assert_int_equal(errors, cases[i].errors);
		assert_int_equal(warnings, cases[i].warnings);
		arena_done(&w.a);
	}
}

/* A fault decides nothing: every answer is a timeout. */
static void test_faults(void **state)
{
	struct world w = {0};
	struct config_sources from = {STR("s.conf"), str_c(base_config), NULL, NULL};
	struct dns_answers answers = dns_answers_init(&w.a, 0);
	struct dns_answer timeout = {.status = DNS_TIMEOUT};
	struct err err;

	(void)state;
	assert_true(config_parse(&w.a, &from, &w.config, &err));
	w.doctor = (struct doctor){.a = &w.a, .config = &w.config, .answers = &answers};
	do {
		w.doctor.found.n = 0;
		doctor_see_dns(&w.doctor);
		for (size_t i = 0; i < answers.by_key.n; i++)
			if (dns_answers_at(&answers, i)->status == DNS_PENDING)
				dns_answers_put(&answers, dns_answers_at(&answers, i),
				                &timeout);
		w.doctor.found.n = 0;
		doctor_see_dns(&w.doctor);
	} while (dns_answers_pending(&answers));
	assert_int_equal(doctor_worst(&w.doctor), DOCTOR_UNDETERMINED);
	arena_done(&w.a);
}

#define ACME                                                                           \
	"acme.directory = https://ca.letsencrypt.org:1/dir\nacme.contact = "           \
	"a@mail.example\n"
#define MEMBERS                                                                        \
	"\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\",\"revokeCert\":"   \
	"\"r\""
#define META(members) "{" MEMBERS ",\"meta\":{" members "}}"

/* What the authority answers, and what is made of it; of the checks that go by it the first
 * that is not well. */
/* clang-format off */
static const struct {
	int status;
	const char *body;
	const char *options; /* beside ACME */
	const char *code;
	enum doctor_status found;
	const char *message;
} authority_cases[] = {
        {200, "{" MEMBERS "}", "", NULL, DOCTOR_OK, NULL},
        {200, "{" MEMBERS ",\"meta\":null}", "", NULL, DOCTOR_OK, NULL},
        {200, META("\"externalAccountRequired\":false"), "", NULL, DOCTOR_OK, NULL},
        {200, META("\"caaIdentities\":[\"x.example\",\"LetsEncrypt.org\"]"), "",
         NULL, DOCTOR_OK, NULL},
        {200, META("\"caaIdentities\":[7,{}]"), "", NULL, DOCTOR_OK, NULL},
        {200, META("\"caaIdentities\":[\"pki.example\"]"), "acme.caa_names = ca.example pki.example\n",
         NULL, DOCTOR_OK, NULL},
        {200, META("\"caaIdentities\":[\"pki.example\"]"), "",
         "acme.caa_names", DOCTOR_ERROR,
         "The authority says that CAA names it pki.example, and acme.caa_names is letsencrypt.org."},
        {200, META("\"externalAccountRequired\":true"), "",
         "acme.account", DOCTOR_ERROR,
         "The authority wants an external account binding, and acme.eab_id and acme.eab_key are not set."},
        {200, "{" MEMBERS "}", "acme.eab_id = kid\n",
         "acme.account", DOCTOR_ERROR, "acme.eab_id is set, and acme.eab_key is not."},
        {200, "{" MEMBERS "}", "acme.eab_id = kid\nacme.eab_key = /nonexistent\n",
         "acme.account", DOCTOR_ERROR,
         "acme.eab_key: /nonexistent: No such file or directory."},
        {200, "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":1}", "",
         "acme.directory", DOCTOR_ERROR,
         "https://ca.letsencrypt.org:1/dir is no ACME directory: it has no newOrder."},
        {200, "<html>", "",
         "acme.directory", DOCTOR_ERROR,
         "https://ca.letsencrypt.org:1/dir answers no JSON object."},
        {200, "", "",
         "acme.directory", DOCTOR_ERROR,
         "https://ca.letsencrypt.org:1/dir answers no JSON object."},
        {200, "[]", "",
         "acme.directory", DOCTOR_ERROR,
         "https://ca.letsencrypt.org:1/dir answers no JSON object."},
        {301, "", "",
         "acme.directory", DOCTOR_ERROR,
         "https://ca.letsencrypt.org:1/dir answers 301, and no directory."},
        {503, "{" MEMBERS "}", "",
         "acme.directory", DOCTOR_ERROR,
         "https://ca.letsencrypt.org:1/dir answers 503, and no directory."},
};
/* clang-format on */

static const struct doctor_check *check_named(const char *code)
{
	for (size_t i = 0; i < doctor_machine_check_count; i++)
		if (strcmp(doctor_machine_checks[i].code, code) == 0)
			return &doctor_machine_checks[i];
	fail_msg("no check %s", code);
	return NULL;
}

static void see_authority(struct world *w, struct str options, int status,
                          const char *body)
{
	struct config_sources from = {STR("s.conf"), options, NULL, NULL};
	struct doctor *d = &w->doctor;
	struct err err;

	if (!config_parse(&w->a, &from, &w->config, &err))
		fail_msg("%s", err.text);
	*d = (struct doctor){.a = &w->a, .config = &w->config};
	d->check = check_named("acme.directory");
	doctor_read_directory(d, status, str_c(body));
	d->check = check_named("acme.account");
	doctor_check_account(d);
	d->check = check_named("acme.caa_names");
	doctor_check_caa_names(d);
}

static void test_authority(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(authority_cases); i++) {
		struct world w = {0};
		const struct doctor_finding *wrong = NULL;

		see_authority(&w,
		              arena_printf(&w.a, ACME "%s", authority_cases[i].options),
		              authority_cases[i].status, authority_cases[i].body);
		for (size_t k = w.doctor.found.n; k--;)
			if (w.doctor.found.v[k].status != DOCTOR_OK)
				wrong = &w.doctor.found.v[k];
		if (!authority_cases[i].code) {
			if (wrong)
				fail_msg("row %zu: %.*s", i, STR_ARG(wrong->message));
		} else if (!wrong ||
		           strcmp(wrong->check->code, authority_cases[i].code) != 0 ||
		           wrong->status != authority_cases[i].found ||
		           !str_eq(wrong->message, str_c(authority_cases[i].message))) {
			fail_msg("row %zu: %s %.*s", i,
			         wrong ? wrong->check->code : "nothing",
			         STR_ARG(wrong ? wrong->message : STR("")));
		} else {
			assert_true(wrong->fix.n > 0);
		}
		arena_done(&w.a);
	}
}

/* Without its directory nobody knows what the authority wants; a binding answers that. */
static void test_authority_unknown(void **state)
{
	struct world w = {0};

	(void)state;
	see_authority(&w, STR(ACME), 503, "");
	assert_int_equal(w.doctor.found.n, 3);
	assert_int_equal(w.doctor.found.v[1].status, DOCTOR_UNDETERMINED);
	assert_int_equal(w.doctor.found.v[2].status, DOCTOR_OK);
	arena_done(&w.a);
}

/* What the options leave out: the name in CAA of an authority that is not the usual one. */
static void test_authority_of_others(void **state)
{
	static const struct {
		const char *options;
		enum doctor_status account, caa;
	} cases[] = {
	        {"acme.directory = https://ca.example/dir\n",                                          DOCTOR_WARNING,
	         DOCTOR_WARNING	                                                                                         },
	        {"acme.directory = https://notletsencrypt.org/dir\n",                                  DOCTOR_WARNING,
	         DOCTOR_WARNING	                                                                                         },
	        {"acme.directory = https://LetsEncrypt.org\n",                                         DOCTOR_WARNING,
	         DOCTOR_OK	                                                                                              },
	        {"acme.directory = https://ca.example/dir\n"
	         "acme.caa_names = letsencrypt.org\nacme.contact = a@mail.example\n", DOCTOR_OK,      DOCTOR_OK},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct world w = {0};

		see_authority(&w, str_c(cases[i].options), 200, "{" MEMBERS "}");
		assert_int_equal(w.doctor.found.n, 3);
		assert_int_equal(w.doctor.found.v[1].status, cases[i].account);
		assert_int_equal(w.doctor.found.v[2].status, cases[i].caa);
		arena_done(&w.a);
	}
}

/* Codes are names that scripts know: each once, and each with a question. */
static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < doctor_dns_check_count; i++) {
		assert_true(strchr(doctor_dns_checks[i].question, '?') != NULL);
		for (size_t k = 0; k < doctor_machine_check_count; k++)
			assert_string_not_equal(doctor_dns_checks[i].code,
			                        doctor_machine_checks[k].code);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(doctor_dns_checks[i].code,
			                        doctor_dns_checks[k].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_all_is_well),
	        cmocka_unit_test(test_what_is_wrong),
	        cmocka_unit_test(test_spf_addresses),
	        cmocka_unit_test(test_faults),
	        cmocka_unit_test(test_authority),
	        cmocka_unit_test(test_authority_unknown),
	        cmocka_unit_test(test_authority_of_others),
	        cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
