/* The failures of uacme 1.7.4 as it prints them, most of them with pebble 2.4; the others
 * in the words of Let's Encrypt (issue 5, part 5). The outputs are the fuzzer's seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "acme/report.h"
#include "base/file.h"

/* 2026-11-27T08:59:08Z */
#define NOW INT64_C(1795769948000)

static const struct {
	const char *file;
	enum acme_failure kind;
	int64_t retry_in_s;
	const char *text; /* it begins so */
} cases[] = {
        {"unauthorized", ACME_UNAUTHORIZED, 0,
         "Non-200 status code from HTTP: http://t404"                                              },
        {"connection",   ACME_CONNECTION,   0,
         "Get \"http://gone.acme.example:5002/.well-known"                                         },
        {"servfail",     ACME_DNS,          0,      "Get \"http://nx.acme.example:5002/"           },
        {"dns",          ACME_DNS,          0,
         "DNS problem: NXDOMAIN looking up A for track.acme.example"                               },
        {"caa",          ACME_CAA,          0,      "CAA record for acme.example prevents issuance"},
        {"rejected",     ACME_REJECTED,     0,
         "Order included an identifier for which issuance"                                         },
        {"subproblem",   ACME_REJECTED,     0,      "This authority does not certify"              },
        {"rate_names",   ACME_RATE_LIMITED, 178252,
         "too many certificates (5) already issued"                                                },
        {"rate_orders",  ACME_ALL_LIMITED,  3600,   "too many new orders (300)"                    },
        {"rate_date",    ACME_RATE_LIMITED, 82852,  ""                                             },
        {"server_fault", ACME_SERVER,       0,      "The service is down"                          },
        {"polling",      ACME_DEADLINE,     0,      "timeout while polling challenge status"       },
        {"eab_required", ACME_ACCOUNT,      0,      "the authority wants an external account"      },
        {"eab_wrong",    ACME_ACCOUNT,      0,      "external account binding JWS verification"    },
        {"no_account",   ACME_ACCOUNT,      0,      "no account associated with conf/private"      },
        {"noca",         ACME_UNREACHABLE,  0,
         "curl_get: GET https://127.0.0.1:14999/dir failed: Couldn't connect"                      },
        {"untrusted",    ACME_UNREACHABLE,  0,
         "the certificate of the authority's own server"                                           },
        {"nodirectory",  ACME_UNREACHABLE,  0,
         "what answers at acme.directory is no ACME"                                               },
        {"declined",     ACME_INTERNAL,     0,      "no challenge could be answered"               },
        {"nohook",       ACME_INTERNAL,     0,      "./nothere: No such file"                      },
        {"badcsr",       ACME_INTERNAL,     0,      "csr_load: gnutls_x509_crq_import"             },
        {"empty",        ACME_INTERNAL,     0,      "uacme said nothing"                           },
        {"cut",          ACME_INTERNAL,     0,      ""                                             },
};

static struct acme_report read_file(struct arena *a, const char *name)
{
	char path[512];
	struct str text;
	struct err err;

	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/acme_report/%s",
	         getenv("SIGNET_SOURCE") ? getenv("SIGNET_SOURCE") : ".", name);
	if (!file_read(a, path, 1 << 20, &text, &err))
		fail_msg("%s", err.text);
	return acme_report_read(a, text, NOW);
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct acme_report r = read_file(&a, cases[i].file);
		int64_t retry_in = r.retry_at ? (r.retry_at - NOW) / 1000 : 0;

		if (r.kind != cases[i].kind ||
		    !str_starts(r.text, str_c(cases[i].text)) ||
		    retry_in != cases[i].retry_in_s)
			fail_msg("%s: kind %d, again in %lld s, \"%.*s\"",
			         cases[i].file, r.kind, (long long)retry_in,
			         STR_ARG(r.text));
	}
}

static void test_what_is_no_failure(void **state)
{
	AUTO(arena) a = {0};

	(void)state;
	assert_true(read_file(&a, "new_again").is_account_there);
	assert_true(read_file(&a, "revoke_again").is_revoked_already);
	assert_true(read_file(&a, "no_account").is_account_missing);
	assert_false(read_file(&a, "unauthorized").is_account_there);
	assert_false(read_file(&a, "eab_wrong").is_account_missing);
}

/* Nobody keeps us waiting for years, or writes into our log. */
static void test_bounds(void **state)
{
	static const char year[] =
	        "uacme: the server reported the following error:\n"
	        "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
	        "\"detail\":\"retry after 2099-01-01 00:00:00 UTC\"}";
	AUTO(arena) a = {0};
	struct acme_report r = acme_report_read(&a, STR(year), NOW);

	(void)state;
	assert_int_equal((r.retry_at - NOW) / 1000, 8 * 24 * 3600);
	r = read_file(&a, "subproblem");
	for (size_t i = 0; i < r.text.n; i++)
		assert_true(r.text.p[i] >= ' ');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_kinds),
	        cmocka_unit_test(test_what_is_no_failure),
	        cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
