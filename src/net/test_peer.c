/* Who is at the other end: PROXY headers, forwarded addresses, names of ClientHellos. */
#include "net/forwarded.h"
#include "net/proxy.h"
#include "net/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xc0\0\x02\x07\xc0\0\x02\x01\x30\x39\0\x50"
#define V6                                                                             \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x30\x39\0\x50"
#define MAPPED                                                                         \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07"                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x30\x39\0\x50"

struct proxy_case {
	const char *name;
	struct str bytes;
	enum http_read result;
	const char *client;
	bool is_local;
};

static void check_proxy_case(const struct proxy_case *t)
{
	struct proxy_header h;
	char text[IP_TEXT_MAX] = "";
	enum http_read r = proxy_header_read(t->bytes, &h);

	if (r != t->result)
		fail_msg("%s: result %d", t->name, r);
	for (size_t n = 0; r == HTTP_OK && n < h.length; n++) {
		struct proxy_header part;

		if (proxy_header_read(str_slice(t->bytes, 0, n), &part) != HTTP_MORE ||
		    part.length > h.length)
			fail_msg("%s: cut at %zu", t->name, n);
	}
	if (r != HTTP_OK)
		return;
	if (h.client.length)
		ip_write(h.client, text);
	assert_string_equal(text, t->client);
	assert_int_equal(h.is_local, t->is_local);
}

static void test_proxy(void **state)
{
	static const struct proxy_case cases[] = {
	        {"TCP over IPv4",              STR_INIT(SIGNATURE "\x21\x11\0\x0c" V4),                HTTP_OK,
	         "192.0.2.7",	                                                                                          false},
	        {"TCP over IPv6",              STR_INIT(SIGNATURE "\x21\x21\0\x24" V6),                HTTP_OK,
	         "2001:db8::7",	                                                                                        false},
	        {"mapped",                     STR_INIT(SIGNATURE "\x21\x21\0\x24" MAPPED),            HTTP_OK,
	         "192.0.2.7",	                                                                                          false},
	        {"request behind it",
	         STR_INIT(SIGNATURE "\x21\x11\0\x0c" V4 "GET / HTTP/1.1"),                             HTTP_OK,
	         "192.0.2.7",	                                                                                          false},
	        {"addition",                   STR_INIT(SIGNATURE "\x21\x11\0\x11" V4 "\x04\0\x02zz"),
	         HTTP_OK,	                                                                                 "192.0.2.7", false},
	        {"addition, nothing in it",
	         STR_INIT(SIGNATURE "\x21\x11\0\x0f" V4 "\xea\0\0"),                                   HTTP_OK,
	         "192.0.2.7",	                                                                                          false},
	        {"right CRC-32c",
	         STR_INIT(SIGNATURE "\x21\x11\0\x13" V4 "\x03\0\x04\x04\xca\x56\x23"),
	         HTTP_OK,	                                                                                 "192.0.2.7", false},
	        {"local",                      STR_INIT(SIGNATURE "\x20\0\0\0"),                       HTTP_OK,   "",          true },
	        {"local with addresses",       STR_INIT(SIGNATURE "\x20\x11\0\x0c" V4),
	         HTTP_OK,	                                                                                 "",          true },
	        {"unspecified",                STR_INIT(SIGNATURE "\x21\0\0\x02xx"),                   HTTP_OK,   "",
	         false	                                                                                                      },
	        {"wrong CRC-32c",
	         STR_INIT(SIGNATURE "\x21\x11\0\x13" V4 "\x03\0\x04\0\0\0\0"),                         HTTP_BAD,
	         "",	                                                                                                   false},
	        {"addition that does not fit",
	         STR_INIT(SIGNATURE "\x21\x11\0\x10" V4 "\x04\0\x02z"),                                HTTP_BAD,  "",
	         false	                                                                                                      },
	        {"half an addition",           STR_INIT(SIGNATURE "\x21\x11\0\x0e" V4 "\x04\0"),
	         HTTP_BAD,	                                                                                "",          false},
	        {"too short for IPv4",
	         STR_INIT(SIGNATURE "\x21\x11\0\x0b\xc0\0\x02\x07\xc0\0\x02\x01\x30\x39"
	                            "\0"),
	         HTTP_BAD,	                                                                                "",          false},
	        {"datagrams",                  STR_INIT(SIGNATURE "\x21\x12\0\x0c" V4),                HTTP_BAD,  "",
	         false	                                                                                                      },
	        {"version 1 in 2",             STR_INIT(SIGNATURE "\x11\x11\0\x0c" V4),                HTTP_BAD,
	         "",	                                                                                                   false},
	        {"unknown command",            STR_INIT(SIGNATURE "\x22\x11\0\x0c" V4),                HTTP_BAD,
	         "",	                                                                                                   false},
	        {"too long",                   STR_INIT(SIGNATURE "\x21\x11\x04\0" V4),                HTTP_BAD,  "",
	         false	                                                                                                      },
	        {"version 1",                  STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n"),
	         HTTP_BAD,	                                                                                "",          false},
	        {"a request",                  STR_INIT("GET / HTTP/1.1\r\n"),                         HTTP_BAD,  "",          false},
	        {"nothing",                    STR_INIT(""),	                                   HTTP_MORE, "",          false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_proxy_case(&cases[i]);
}

struct forwarded_case {
	const char *fields[4]; /* "name: value" */
	const char *client;
	int scheme; /* 0: not said, 1: http, 2: https */
};

/* The proxies are 10.0.0.0/8 and 2001:db8:ff::/48; 10.0.0.1 asks, where `peer` is not
 * another. */
static void check_forwarded(const struct forwarded_case *t, const char *peer)
{
	static struct http_head head;
	struct ip_net trusted[2];
	struct forwarded f;
	struct ip ip;
	char text[IP_TEXT_MAX];

	assert_true(ip_net_parse(STR("10.0.0.0/8"), &trusted[0]));
	assert_true(ip_net_parse(STR("2001:db8:ff::/48"), &trusted[1]));
	assert_true(ip_parse(str_c(peer), &ip));
	head.field_count = 0;
	for (size_t i = 0; i < LEN(t->fields) && t->fields[i]; i++) {
		struct str rest = str_c(t->fields[i]), name;

		str_cut(&rest, ':', &name);
		head.fields[head.field_count++] =
		        (struct http_field){name, str_trim(rest)};
	}
	f = forwarded_read(&head, ip, trusted, LEN(trusted));
	ip_write(f.client, text);
	if (strcmp(text, t->client) != 0)
		fail_msg("%s: client %s", t->fields[0], text);
	if ((f.has_scheme ? 1 + f.is_https : 0) != t->scheme)
		fail_msg("%s: scheme %d %d", t->fields[0], f.has_scheme, f.is_https);
}

static void test_forwarded(void **state)
{
	static const struct forwarded_case cases[] = {
	        {{"Accept: */*"},	                                            "10.0.0.1",    0},
	        {{"X-Forwarded-For: 192.0.2.7"},                                     "192.0.2.7",   0},
	        {{"x-forwarded-for: 192.0.2.7:1234"},                                "192.0.2.7",   0},
	        {{"X-Forwarded-For: 2001:db8::7"},                                   "2001:db8::7", 0},
	        {{"X-Forwarded-For: [2001:db8::7]:80"},                              "2001:db8::7", 0},
 /* The left is what the client says. */
	        {{"X-Forwarded-For: 6.6.6.6, 192.0.2.7"},                            "192.0.2.7",   0},
	        {{"X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.2.0.1,2001:db8:ff::1"},
	         "192.0.2.7",	                                                               0},
	        {{"X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.7"},
	         "192.0.2.7",	                                                               0},
	        {{"X-Forwarded-For: 10.0.0.9, 10.0.0.8"},                            "10.0.0.9",    0},
	        {{"X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.8"},                  "10.0.0.8",    0},
	        {{"X-Forwarded-For: garbage"},                                       "10.0.0.1",    0},
	        {{"X-Forwarded-For: 192.0.2.7, "},                                   "10.0.0.1",    0},
	        {{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"},
	         "192.0.2.7",	                                                               2},
	        {{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https, http"},
	         "192.0.2.7",	                                                               1},
	        {{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: gopher"},
	         "192.0.2.7",	                                                               0},
	        {{"Forwarded: for=192.0.2.7"},                                       "192.0.2.7",   0},
	        {{"Forwarded: For=\"[2001:db8::7]:4711\"; proto=HTTPS;by=10.0.0.1"},
	         "2001:db8::7",	                                                             2},
	        {{"Forwarded: for=6.6.6.6;proto=https, for=192.0.2.7;proto=http"},
	         "192.0.2.7",	                                                               1},
	        {{"Forwarded: for=192.0.2.7, for=_hidden"},                          "10.0.0.1",    0},
 /* A quote that swallows what comes behind it. */
	        {{"Forwarded: for=\"6.6.6.6", "Forwarded: for=192.0.2.7"},
	         "10.0.0.1",	                                                                0},
	        {{"Forwarded: for=\"6.6.6.6, for=192.0.2.7"},                        "10.0.0.1",    0},
	        {{"Forwarded: proto=https"},                                         "10.0.0.1",    2},
	        {{"Forwarded: for"},	                                         "10.0.0.1",    0},
	        {{"Forwarded: "},	                                            "10.0.0.1",    0},
 /* Both: they have to agree. */
	        {{"Forwarded: for=6.6.6.6", "X-Forwarded-For: 192.0.2.7"},
	         "10.0.0.1",	                                                                0},
	        {{"Forwarded: for=192.0.2.7", "X-Forwarded-For: 192.0.2.7"},
	         "192.0.2.7",	                                                               0},
	};
	static const struct forwarded_case untrusted = {
	        {"X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"},
	        "203.0.113.5",
	        0
        };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_forwarded(&cases[i], "10.0.0.1");
	check_forwarded(&untrusted, "203.0.113.5");
}

static void test_forwarded_many(void **state)
{
	char field[4096] = "X-Forwarded-For: 192.0.2.7";
	struct forwarded_case t = {{field}, "10.0.0.1", 0};

	(void)state;
	for (size_t i = 1; i <= FORWARDED_HOPS_MAX; i++) {
		size_t n = strlen(field);

		snprintf(field + n, sizeof(field) - n, ", 10.0.1.%zu", i);
	}
	check_forwarded(&t, "10.0.0.1");
}

static void test_name(void **state)
{
	static const struct {
		struct str extension;
		const char *name; /* NULL: none */
	} cases[] = {
	        {STR_INIT("\0\x0c\0\0\x09t.example"),   "t.example"},
	        {STR_INIT("\0\x0c\0\0\x09T.Example"),   "t.example"},
	        {STR_INIT("\0\x04\0\0\x01x"),           "x"        },
	        {STR_INIT(""),                          NULL       },
	        {STR_INIT("\0\x03\0\0\0"),              NULL       },
	        {STR_INIT("\0\x0c\x01\0\x09t.example"), NULL       },
	        {STR_INIT("\0\x0c\0\0\x08t.example"),   NULL       },
	        {STR_INIT("\0\x0b\0\0\x09t.example"),   NULL       },
	        {STR_INIT("\0\x0c\0\0\x09t.exampl\0"),  NULL       },
	        {STR_INIT("\0\x0c\0\0\x09t/example"),   NULL       },
	        {STR_INIT("\0\x0c\0\0\x09.xexample"),   NULL       },
	        {STR_INIT("\0\x0c\0\0\x09t.exampl."),   NULL       },
	};
	char text[TLS_NAME_MAX + 1];
	struct str name;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		bool ok = tls_name_read(cases[i].extension, text, &name);

		if (ok != (cases[i].name != NULL))
			fail_msg("name %zu", i);
		if (ok)
			assert_string_equal(text, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_proxy),
	        cmocka_unit_test(test_forwarded),
	        cmocka_unit_test(test_forwarded_many),
	        cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
