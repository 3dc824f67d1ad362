/* The base library: tables of inputs and what they must give. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/map.h"
#include "base/option.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_str(struct str got, const char *want)
{
	char *text = strndup(got.n ? got.p : "", got.n);

	assert_string_equal(text, want);
	free(text);
}

static void test_str_cut(void **state)
{
	struct str rest = STR("a;bc;");
	struct str head;

	(void)state;
	assert_true(str_cut(&rest, ';', &head));
	assert_str(head, "a");
	assert_true(str_cut(&rest, ';', &head));
	assert_str(head, "bc");
	assert_true(str_cut(&rest, ';', &head));
	assert_str(head, "");
	assert_false(str_cut(&rest, ';', &head));
	assert_true(head.n == 0 && !head.p);
}

static void test_str_cut_word(void **state)
{
	struct str rest = STR(" acme.example\tregion=eu  x=1\r");
	struct str word;

	(void)state;
	assert_true(str_cut_word(&rest, &word) && str_eq(word, STR("acme.example")));
	assert_true(str_cut_word(&rest, &word) && str_eq(word, STR("region=eu")));
	assert_true(str_cut_word(&rest, &word) && str_eq(word, STR("x=1")));
	assert_false(str_cut_word(&rest, &word));
	rest = STR_NONE;
	assert_false(str_cut_word(&rest, &word));
}

static void test_str_parse_uint(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} cases[] = {
	        {"0",                    255,        true,  0         },
	        {"255",                  255,        true,  255       },
	        {"256",                  255,        false, 0         },
	        {"",	             255,        false, 0         },
	        {"1a",                   255,        false, 0         },
	        {"-1",                   255,        false, 0         },
	        {"007",                  255,        true,  7         },
	        {"7",                    5,          false, 0         },
	        {"18446744073709551615", UINT64_MAX, true,  UINT64_MAX},
	        {"18446744073709551616", UINT64_MAX, false, 0         },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		uint64_t value = 0;

		assert_int_equal(
		        str_parse_uint(str_c(cases[i].text), cases[i].max, &value),
		        cases[i].ok);
		if (cases[i].ok)
			assert_true(value == cases[i].value);
	}
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
	        {"*.domaincontrol.com", "ns07.domaincontrol.com", true },
	        {"*.domaincontrol.com", "domaincontrol.com",      false},
	        {"ns-*.awsdns-*.com",   "ns-12.awsdns-04.com",    true },
	        {"ns-*.awsdns-*.com",   "ns-12.awsdns-04.net",    false},
	        {"*",                   "",                       true },
	        {"a*b*c",               "aXbXbXc",                true },
	        {"a*b*c",               "aXbXbX",                 false},
	        {"NS*",                 "ns1",                    true },
	        {"",                    "",                       true },
	        {"",                    "x",                      false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_int_equal(
		        glob_match(str_c(cases[i].pattern), str_c(cases[i].text)),
		        cases[i].match);
}

static void test_ip_public(void **state)
{
	static const struct {
		const char *ip;
		bool is_public;
	} cases[] = {
	        {"8.8.8.8",          true },
	        {"100.63.255.255",   true },
	        {"223.255.255.255",  true },
	        {"2606:4700::1",     true },
	        {"2a00::1",          true },
	        {"0.0.0.0",          false},
	        {"10.1.2.3",         false},
	        {"100.64.0.1",       false},
	        {"127.0.0.1",        false},
	        {"169.254.169.254",  false},
	        {"172.31.255.255",   false},
	        {"192.168.0.1",      false},
	        {"198.19.0.1",       false},
	        {"224.0.0.1",        false},
	        {"255.255.255.255",  false},
	        {"::",               false},
	        {"::1",              false},
	        {"::ffff:127.0.0.1", false},
	        {"64:ff9b::7f00:1",  false},
	        {"fc00::1",          false},
	        {"fe80::1",          false},
	        {"ff02::1",          false},
	        {"2001:db8::1",      false},
	        {"2001::1",          false},
	        {"2002:7f00:1::",    false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct ip ip;

		assert_true(ip_parse(str_c(cases[i].ip), &ip));
		assert_int_equal(ip_is_public(ip), cases[i].is_public);
	}
	assert_false(ip_is_public((struct ip){0}));
}

static void test_ip(void **state)
{
	AUTO(arena) a = {0};
	struct ip_net net;
	struct ip ip;
	uint16_t port;

	(void)state;
	assert_true(ip_net_parse(STR("192.0.2.0/24"), &net));
	assert_true(ip_parse(STR("192.0.2.255"), &ip));
	assert_true(ip_net_has(net, ip));
	assert_true(ip_parse(STR("192.0.3.0"), &ip));
	assert_false(ip_net_has(net, ip));
	assert_true(ip_parse(STR("::ffff:192.0.2.7"), &ip));
	assert_true(ip_net_has(net, ip));
	assert_true(ip_net_parse(STR("2001:db8::/29"), &net));
	assert_true(ip_parse(STR("2001:dbf::1"), &ip));
	assert_true(ip_net_has(net, ip));
	assert_true(ip_net_parse(STR("0.0.0.0/0"), &net));
	assert_false(ip_net_has(net, ip));
	assert_false(ip_net_parse(STR("192.0.2.0/33"), &net));
	assert_false(ip_parse(STR("192.0.2"), &ip));
	assert_true(ip_parse(STR("192.0.2.1"), &ip));
	assert_str(ip_reverse_name(&a, ip), "1.2.0.192.in-addr.arpa");
	assert_true(ip_port_parse(STR("[::1]:5353"), 53, &ip, &port));
	assert_int_equal(port, 5353);
	assert_true(ip_port_parse(STR("::1"), 53, &ip, &port));
	assert_int_equal(port, 53);
	assert_true(ip_port_parse(STR("127.0.0.1:99"), 53, &ip, &port));
	assert_false(ip_port_parse(STR("127.0.0.1:0"), 53, &ip, &port));
	assert_false(ip_port_parse(STR("127.0.0.1:"), 53, &ip, &port));
	assert_false(ip_port_parse(STR("localhost"), 53, &ip, &port));
}

static void test_base64(void **state)
{
	AUTO(arena) a = {0};
	struct str out;

	(void)state;
	assert_str(base64_encode(&a, STR("fo")), "Zm8=");
	assert_str(base64url_encode(&a, STR("\xff\xfe")), "__4");
	assert_true(base64_decode(&a, STR("Zm9v Yg=="), true, &out));
	assert_str(out, "foob");
	assert_false(base64_decode(&a, STR("Zm9v Yg=="), false, &out));
	assert_false(base64_decode(&a, STR("Zm9vYg="), false, &out));
	assert_false(base64_decode(&a, STR("Zm9vY"), false, &out));
	assert_false(base64_decode(&a, STR("Zm=v"), false, &out));
	assert_true(base64url_decode(&a, STR("__4"), &out));
	assert_int_equal(out.n, 2);
}

static void test_map(void **state)
{
	AUTO(arena) a = {0};
	struct map m = map_init(&a);
	int numbers[1000];

	(void)state;
	assert_null(map_find(&m, STR("x")));
	for (size_t i = 0; i < LEN(numbers); i++)
		map_set(&m, arena_printf(&a, "key%zu", i), &numbers[i]);
	map_set(&m, STR("key5"), &numbers[6]);
	assert_int_equal(m.n, LEN(numbers));
	assert_ptr_equal(map_find(&m, STR("key5")), &numbers[6]);
	assert_ptr_equal(map_find(&m, STR("key999")), &numbers[999]);
	assert_null(map_find(&m, STR("key1000")));
	assert_str(m.entries[7].key, "key7");
}

static void test_buf_maximum(void **state)
{
	AUTO(buf) b = {.max = 10};

	(void)state;
	buf_printf(&b, "%s", "12345");
	buf_add(&b, STR("67890"));
	assert_false(b.overflowed);
	buf_add_char(&b, 'x');
	assert_true(b.overflowed);
	assert_str(buf_str(&b), "1234567890");
}

static void test_utf8(void **state)
{
	AUTO(arena) a = {0};

	(void)state;
	assert_str(utf8_printable(&a, STR("b\xc3\xbc\xff\n")), "b\xc3\xbc\\255\\010");
	assert_false(utf8_is_valid(STR("\xed\xa0\x80")));
	assert_false(utf8_is_valid(STR("\xc0\xaf")));
	assert_int_equal(utf8_columns(STR("b\xc3\xbc")), 2);
}

/* Without an arena, and one text for each sequence of bytes. */
static void test_base64url_read(void **state)
{
	static const char *const bad[] = {
	        "A",    "AAAAA",           "AB", "AAB", "A+==", "AA==", "AA/A",
	        "AAA ", "\xff\xff\xff\xff"};
	char bytes[64], text[88], back[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 37 + 200);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		size_t length = base64url_write((struct str){bytes, n}, text);

		assert_int_equal(base64url_read((struct str){text, length}, back), n);
		assert_memory_equal(back, bytes, n);
	}
	for (size_t i = 0; i < LEN(bad); i++)
		assert_int_equal(base64url_read(str_c(bad[i]), back), -1);
}

static void test_clock_parse(void **state)
{
	static const char *const bad[] = {
	        "",
	        "2026-11-21",
	        "2026-11-21T02:30:00",
	        "2026-11-21T02:30:00z",
	        "2026-13-21T02:30:00Z",
	        "2026-02-29T02:30:00Z",
	        "2026-11-21T24:00:00Z",
	        "2026-11-21T02:60:00Z",
	        "1969-12-31T23:59:59Z",
	        "2026-11-21T02:30:00Z ",
	        "2026-11-2x02:30:00Zxx",
	};
	AUTO(arena) a = {0};
	int64_t at = 7;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(clock_parse(str_c(bad[i]), &at));
	assert_int_equal(at, 7);
	for (int64_t t = 0; t < INT64_C(253402300800000); t += INT64_C(123456789000)) {
		assert_true(clock_parse(clock_format(&a, t), &at));
		assert_int_equal(at, t);
	}
	assert_true(clock_parse(STR("2028-02-29T23:59:59Z"), &at));
}

static void test_clock(void **state)
{
	AUTO(arena) a = {0};

	(void)state;
	clock_set(1795228200000);
	assert_str(clock_format(&a, clock_now()), "2026-11-21T02:30:00Z");
	clock_set(-1);
	assert_true(clock_now() > 1795228200000 / 2);
}

struct options {
	bool json;
	struct str name;
	int64_t count;
	struct option_list dns;
};

static const struct option rows[] = {
        {"json",  OPTION_FLAG,   offsetof(struct options, json),  NULL,   "", 0, 0},
        {"name",  OPTION_TEXT,   offsetof(struct options, name),  "NAME", "", 0, 0},
        {"count", OPTION_NUMBER, offsetof(struct options, count), "N",    "", 1, 9},
        {"dns",   OPTION_LIST,   offsetof(struct options, dns),   "ADDR", "", 0, 0},
};

static bool parse_options(struct arena *a, struct options *o, struct option_list *args,
                          const char *const *argv, struct err *err)
{
	struct option_table table = {rows, LEN(rows)};
	int argc = 0;

	while (argv[argc])
		argc++;
	return option_parse(a, &table, 1, o, argc, argv, args, err);
}

static void test_options(void **state)
{
	AUTO(arena) a = {0};
	struct options o = {0};
	struct option_list args = {0};
	struct err err;
	const char *good[] = {"x",       "--json", "--dns", "1", "--count=3",
	                      "--dns=2", "--",     "--y",   NULL};

	(void)state;
	assert_true(parse_options(&a, &o, &args, good, &err));
	assert_true(o.json);
	assert_int_equal(o.count, 3);
	assert_int_equal(o.dns.n, 2);
	assert_str(o.dns.v[1], "2");
	assert_int_equal(args.n, 2);
	assert_str(args.v[1], "--y");
}

static void test_option_errors(void **state)
{
	static const struct {
		const char *argv[3];
		const char *error;
	} cases[] = {
	        {{"--jsn"},            "--jsn: unknown option, did you mean --json?"},
	        {{"--zzzzz"},          "--zzzzz: unknown option"                    },
	        {{"--name"},           "--name: needs a value, NAME"                },
	        {{"--name="},          "--name: the value is empty, not NAME"       },
	        {{"--count=10"},       "--count: \"10\" is not a number from 1 to 9"},
	        {{"--count=x"},        "--count: \"x\" is not a number from 1 to 9" },
	        {{"--json=1"},         "--json: takes no value"                     },
	        {{"--json", "--json"}, "--json: given twice"                        },
	        {{"-j"},               "-j: unknown option"                         },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct options o = {0};
		struct option_list args = {0};
		struct err err;
		const char *argv[3];

		memcpy(argv, cases[i].argv, sizeof(argv));
		assert_false(parse_options(&a, &o, &args, argv, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_json_errors(void **state)
{
	AUTO(arena) a = {0};
	AUTO_JSON json_t *j = NULL;
	struct err err;
	struct str text;
	static const char *const known[] = {"a", NULL};

	(void)state;
	assert_false(json_parse(STR("{\"a\": }"), &j, &err));
	assert_non_null(strstr(err.text, "line 1, column"));
	assert_true(json_parse(STR("{\"a\": 1, \"b\": 2}"), &j, &err));
	assert_false(json_get_text(&a, j, "$", "a", &text, &err));
	assert_string_equal(err.text, "$.a: must be a string");
	assert_false(json_get_text(&a, j, "$.x[1]", "z", &text, &err));
	assert_string_equal(err.text, "$.x[1].z: missing");
	assert_false(json_check_members(j, "$", known, &err));
	assert_string_equal(err.text, "$.b: unknown member");
}

static void test_file_write(void **state)
{
	AUTO(arena) a = {0};
	char folder[] = "/tmp/signet-test-XXXXXX";
	struct err err;
	struct str path;
	struct str text;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = arena_printf(&a, "%s/secret", folder);
	assert_true(file_write(path.p, STR("key"), 0600, &err));
	assert_int_equal(stat(path.p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(file_read(&a, path.p, 100, &text, &err));
	assert_str(text, "key");
	assert_false(file_read(&a, path.p, 2, &text, &err));
	assert_non_null(strstr(err.text, "larger than 2 bytes"));
	assert_false(file_write("/nonexistent/x", STR("key"), 0600, &err));
	unlink(path.p);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_str_cut),
	        cmocka_unit_test(test_str_cut_word),
	        cmocka_unit_test(test_str_parse_uint),
	        cmocka_unit_test(test_glob),
	        cmocka_unit_test(test_ip),
	        cmocka_unit_test(test_ip_public),
	        cmocka_unit_test(test_base64),
	        cmocka_unit_test(test_map),
	        cmocka_unit_test(test_buf_maximum),
	        cmocka_unit_test(test_utf8),
	        cmocka_unit_test(test_clock),
	        cmocka_unit_test(test_clock_parse),
	        cmocka_unit_test(test_base64url_read),
	        cmocka_unit_test(test_options),
	        cmocka_unit_test(test_option_errors),
	        cmocka_unit_test(test_json_errors),
	        cmocka_unit_test(test_file_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
