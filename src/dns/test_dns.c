/* Names, zone text as an authority, messages and zone cuts. */
#include "dns/cut.h"
#include "dns/message.h"
#include "dns/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_str(struct str got, const char *want)
{
	char *text = strndup(got.n ? got.p : "", got.n);

	assert_string_equal(text, want);
	free(text);
}

static void test_name_parse(void **state)
{
	static const struct {
		const char *text, *name; /* name NULL: refused */
	} cases[] = {
	        {"ACME.Example.",	                                              "acme.example"         },
	        {"acme.example",	                                               "acme.example"         },
	        {"b\xc3\xbc"
	         "cher.example",	                              "xn--bcher-kva.example"},
	        {"B\xc3\x9c"
	         "CHER.example",	                              "xn--bcher-kva.example"},
	        {"\xe4\xbe\x8b\xe3\x81\x88.test",                                      "xn--r8jz45g.test"     },
	        {"_dmarc.acme.example",	                                        "_dmarc.acme.example"  },
	        {"a b.example",	                                                "a\\032b.example"      },
	        {"a\xff.example",	                                              "a\\255.example"       },
	        {"a\\.b.example",	                                              "a\\.b.example"        },
	        {"a\\046b.example",	                                            "a\\.b.example"        },
	        {".",	                                                          "."                    },
	        {"",	                                                           NULL                   },
	        {"a..example",	                                                 NULL                   },
	        {".example",	                                                   NULL                   },
	        {"a\\25.example",	                                              NULL                   },
	        {"a\\256.example",	                                             NULL                   },
	        {"a\\",	                                                        NULL                   },
	        {"0123456789012345678901234567890123456789012345678901234567890123.x",
	         NULL	                                                                                 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct err err;
		struct str name;
		bool ok = dns_name_parse(&a, str_c(cases[i].text), &name, &err);

		assert_int_equal(ok, cases[i].name != NULL);
		if (ok)
			assert_str(name, cases[i].name);
		else
			assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void test_name_length(void **state)
{
	AUTO(arena) a = {0};
	struct str longest = STR("a");
	struct str name;
	struct err err;

	(void)state;
	while (longest.n < 253)
		longest = arena_printf(&a, "%.*s.a", STR_ARG(longest));
	assert_true(dns_name_make(&a, longest, &name));
	assert_false(
	        dns_name_make(&a, arena_printf(&a, "b%.*s", STR_ARG(longest)), &name));
	assert_false(dns_name_parse(&a, arena_printf(&a, "%.*s.bb", STR_ARG(longest)),
	                            &name, &err));
	assert_non_null(strstr(err.text, "longer than 253"));
}

static void test_name_parts(void **state)
{
	AUTO(arena) a = {0};
	struct str name = STR("x\\.y.acme.example");
	uint8_t wire[DNS_NAME_WIRE_MAX];
	struct str again;
	size_t used;

	(void)state;
	assert_int_equal(dns_name_labels(name), 3);
	assert_str(dns_name_first(name), "x\\.y");
	assert_str(dns_name_parent(name), "acme.example");
	assert_str(dns_name_parent(STR("example")), ".");
	assert_str(dns_name_tail(name, 1), "example");
	assert_true(dns_name_is_within(name, STR("acme.example")));
	assert_true(dns_name_is_within(name, STR(".")));
	assert_false(dns_name_is_within(STR("xacme.example"), STR("acme.example")));
	assert_false(dns_name_is_within(STR("x\\.acme.example"), STR("acme.example")));
	assert_str(dns_name_host(name, STR("acme.example")), "x\\.y");
	assert_str(dns_name_host(name, name), "");
	assert_int_equal(dns_name_encode(name, wire), 5 + 13 - 1 + 1);
	assert_true(dns_name_decode(&a, (struct str){(char *)wire, 18}, &again, &used));
	assert_true(str_eq(again, name));
}

static const char zone_text[] =
        "$ORIGIN acme.example.\n$TTL 600\n"
        "@ SOA ns1.dns.test. host.dns.test. 7 7200 3600 1209600 300\n"
        "@ NS ns1.dns.test.\n@ NS ns2.dns.test.\n"
        "@ TXT \"v=spf1 \" \"-all\"\n"
        "track CNAME edge.mail.example.\n"
        "loop CNAME loop\n"
        "gone CNAME nowhere.mail.example.\n"
        "deep.ent A 192.0.2.1\n"
        "*.wild TXT \"w\"\n"
        "real.wild A 192.0.2.2\n"
        "_domainkey NS ns.keys.test.\n"
        "$ORIGIN _domainkey.acme.example.\n"
        "@ SOA ns.keys.test. host.keys.test. 1 7200 3600 1209600 60\n"
        "s1 TXT \"v=DKIM1; p=\"\n"
        "$ORIGIN mail.example.\n"
        "@ SOA ns1.mail.example. host.mail.example. 1 7200 3600 1209600 300\n"
        "edge A 192.0.2.80\n"
        "$ORIGIN test.\n"
        "ns1.dns A 127.0.0.1\nns2.dns AAAA ::1\nns.keys A 127.0.0.3\n";

static struct dns_zone load(struct arena *a, const char *text)
{
	struct dns_zone zone = dns_zone_init(a);
	struct err err;

	if (!dns_zone_parse(&zone, str_c(text), &err))
		fail_msg("%s", err.text);
	return zone;
}

static void test_zone_answers(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum dns_status status;
		size_t records, chain;
	} cases[] = {
	        {"acme.example",           DNS_TXT,   DNS_FOUND,    1, 0 },
	        {"acme.example",           DNS_NS,    DNS_FOUND,    2, 0 },
	        {"acme.example",           DNS_MX,    DNS_NODATA,   0, 0 },
	        {"track.acme.example",     DNS_A,     DNS_FOUND,    1, 1 },
	        {"track.acme.example",     DNS_CNAME, DNS_FOUND,    1, 0 },
	        {"track.acme.example",     DNS_TXT,   DNS_NODATA,   0, 1 },
	        {"gone.acme.example",      DNS_A,     DNS_NXDOMAIN, 0, 1 },
	        {"loop.acme.example",      DNS_A,     DNS_SERVFAIL, 0, 16},
	        {"ent.acme.example",       DNS_A,     DNS_NODATA,   0, 0 },
	        {"nothing.acme.example",   DNS_A,     DNS_NXDOMAIN, 0, 0 },
	        {"x.y.wild.acme.example",  DNS_TXT,   DNS_FOUND,    1, 0 },
	        {"real.wild.acme.example", DNS_TXT,   DNS_NODATA,   0, 0 },
	        {"wild.acme.example",      DNS_TXT,   DNS_NODATA,   0, 0 },
	};
	AUTO(arena) a = {0};
	struct dns_zone zone = load(&a, zone_text);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dns_question q = {str_c(cases[i].name), cases[i].type,
		                         DNS_RECURSION, STR_NONE};
		struct dns_answer answer;

		dns_zone_answer(&zone, &a, &q, &answer);
		assert_int_equal(answer.status, cases[i].status);
		assert_int_equal(answer.records.n, cases[i].records);
		assert_int_equal(answer.chain.n, cases[i].chain);
	}
}

static void test_zone_txt_joined(void **state)
{
	AUTO(arena) a = {0};
	struct dns_zone zone = load(&a, zone_text);
	struct dns_answers answers = dns_answers_init(&a, 1000);
	const struct dns_answer *answer =
	        dns_ask(&answers, STR("acme.example"), DNS_TXT);

	(void)state;
	assert_int_equal(answer->status, DNS_PENDING);
	assert_ptr_equal(dns_ask(&answers, STR("acme.example"), DNS_TXT), answer);
	assert_true(dns_answers_pending(&answers));
	dns_zone_resolve(&zone, &answers);
	assert_false(dns_answers_pending(&answers));
	assert_str(answer->records.v[0].txt.text, "v=spf1 -all");
	assert_int_equal(answer->records.v[0].txt.count, 2);
	assert_str(dns_record_format(&a, &answer->records.v[0]),
	           "\"v=spf1 \" \"-all\"");
	assert_int_equal(answer->id, 1);
	assert_int_equal(answer->at, 1000);
}

static void test_negative_until(void **state)
{
	AUTO(arena) a = {0};
	struct dns_zone zone = load(&a, zone_text);
	struct dns_answers answers = dns_answers_init(&a, 1000);
	const struct dns_answer *answer =
	        dns_ask(&answers, STR("x.acme.example"), DNS_A);

	(void)state;
	dns_zone_resolve(&zone, &answers);
	assert_int_equal(dns_answer_negative_until(answer), 1000 + 300 * 1000);
}

static void test_question_limit(void **state)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, 1000);

	(void)state;
	answers.max = 2;
	dns_ask(&answers, STR("a.example"), DNS_A);
	dns_ask(&answers, STR("b.example"), DNS_A);
	assert_int_equal(dns_ask(&answers, STR("c.example"), DNS_A)->status,
	                 DNS_REFUSED);
	assert_int_equal(answers.pending, 2);
	assert_int_equal(dns_ask(&answers, STR("a.example"), DNS_A)->status,
	                 DNS_PENDING);
}

static void test_cut(void **state)
{
	static const struct {
		const char *name, *zone;
		size_t servers;
	} cases[] = {
	        {"acme.example",               "acme.example",            2},
	        {"sg42.acme.example",          "acme.example",            2},
	        {"track.acme.example",         "acme.example",            2},
	        {"s1._domainkey.acme.example", "_domainkey.acme.example", 1},
	};
	AUTO(arena) a = {0};
	struct dns_zone zone = load(&a, zone_text);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dns_answers answers = dns_answers_init(&a, 0);
		struct dns_cut cut;

		for (;;) {
			cut = dns_cut_find(&answers, str_c(cases[i].name));
			dns_cut_servers(&a, &answers, &cut);
			if (!dns_answers_pending(&answers))
				break;
			dns_zone_resolve(&zone, &answers);
		}
		assert_str(cut.zone, cases[i].zone);
		assert_int_equal(cut.server_count, cases[i].servers);
	}
}

static void test_zone_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	        {"a.example. IN A 192.0.2.1\nb.example. IN A 192.0.2.999\n", "line 2"  },
	        {"a.example. IN MX mx.example.\n",                           "line 1"  },
	        {"$INCLUDE other.zone\n",                                    "$INCLUDE"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct dns_zone zone = dns_zone_init(&a);
		struct err err;

		assert_false(dns_zone_parse(&zone, str_c(cases[i].text), &err));
		assert_non_null(strstr(err.text, cases[i].error));
	}
}

static void test_message_query(void **state)
{
	AUTO(arena) a = {0};
	struct dns_question q = {STR("acme.example"), DNS_TXT, DNS_RECURSION, STR_NONE};
	uint8_t bytes[512];
	size_t n = dns_message_encode(&q, 0x1234, bytes);
	struct dns_answer answer;
	bool truncated;

	(void)state;
	assert_int_equal(n, 12 + 14 + 4 + 11);
	assert_int_equal(bytes[2], 0x01);
	bytes[2] |= 0x80; /* the same message as an empty response */
	dns_message_decode(&a, &q, (struct str){(char *)bytes, n}, &answer, &truncated);
	assert_int_equal(answer.status, DNS_NODATA);
	bytes[3] = 3;
	dns_message_decode(&a, &q, (struct str){(char *)bytes, n}, &answer, &truncated);
	assert_int_equal(answer.status, DNS_NXDOMAIN);
	bytes[2] |= 0x02;
	dns_message_decode(&a, &q, (struct str){(char *)bytes, n}, &answer, &truncated);
	assert_true(truncated);
	q.type = DNS_MX;
	dns_message_decode(&a, &q, (struct str){(char *)bytes, n}, &answer, &truncated);
	assert_int_equal(answer.status, DNS_SERVFAIL);
	dns_message_decode(&a, &q, STR("garbage"), &answer, &truncated);
	assert_int_equal(answer.status, DNS_SERVFAIL);
	assert_str(answer.why, "the response is malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_name_parse),
	        cmocka_unit_test(test_name_length),
	        cmocka_unit_test(test_name_parts),
	        cmocka_unit_test(test_zone_answers),
	        cmocka_unit_test(test_zone_txt_joined),
	        cmocka_unit_test(test_negative_until),
	        cmocka_unit_test(test_question_limit),
	        cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_zone_errors),
	        cmocka_unit_test(test_message_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
