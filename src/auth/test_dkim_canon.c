/* Canonicalisation: the examples of RFC 6376 §3.4.5 and odd ends, over every cut of the
 * text into pieces. */
#include "auth/dkim_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct result {
	uint8_t digest[SHA256_BYTES];
	uint64_t length;
};

static struct result plain(const char *text)
{
	AUTO(sha256) h = {0};
	struct result r = {.length = strlen(text)};

	sha256_init(&h);
	sha256_add(&h, str_c(text));
	sha256_finish(&h, r.digest);
	return r;
}

static struct result canonical(enum dkim_canon canon, const struct iov *text,
                               struct dkim_place from)
{
	AUTO(dkim_hash) h = {0};
	struct result r;

	dkim_hash_init(&h, DKIM_NO_LIMIT);
	dkim_hash_body(&h, canon, text, from);
	dkim_hash_finish(&h, r.digest);
	r.length = h.total;
	return r;
}

static void expect(enum dkim_canon canon, const struct iov *text,
                   struct dkim_place from, const char *wanted, const char *body)
{
	struct result is = canonical(canon, text, from);
	struct result should = plain(wanted);

	if (is.length != should.length ||
	    memcmp(is.digest, should.digest, sizeof(is.digest)) != 0)
		fail_msg("%s \"%s\" in %zu pieces: %llu bytes, not \"%s\"",
		         dkim_canon_name(canon), body, text->n,
		         (unsigned long long)is.length, wanted);
}

/* In one piece, cut in two at every byte, and in pieces of one byte. */
static void expect_cut(enum dkim_canon canon, const char *body, const char *wanted)
{
	AUTO(arena) a = {0};
	struct dkim_place start = {0, 0};
	struct str text = str_c(body);
	struct iov single = {0};

	for (size_t i = 0; i <= text.n; i++) {
		struct iov two = {0};

		iov_add(&a, &two, str_slice(text, 0, i));
		iov_add(&a, &two, str_from(text, i));
		expect(canon, &two, start, wanted, body);
		iov_add(&a, &single, str_slice(text, i, 1));
	}
	expect(canon, &single, start, wanted, body);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *body, *simple, *relaxed;
	} cases[] = {
  /* RFC 6376 §3.4.5, examples 1 and 3 */
	        {" C \r\nD \t E\r\n\r\n\r\n",	                                           " C \r\nD \t E\r\n",                                                          " C\r\nD E\r\n"                                                           },
	        {"",	                                                                    "\r\n",	                                                               ""	                                                                },
	        {"\r\n",	                                                                "\r\n",	                                                               ""	                                                                },
	        {"\r\n\r\n",	                                                            "\r\n",	                                                               ""	                                                                },
	        {"\n",	                                                                  "\r\n",	                                                               ""	                                                                },
	        {" ",	                                                                   " \r\n",	                                                              ""	                                                                },
	        {" \t\r\n\t",	                                                           " \t\r\n\t\r\n",	                                                      ""	                                                                },
	        {"a",	                                                                   "a\r\n",	                                                              "a\r\n"	                                                           },
	        {"a\n",	                                                                 "a\r\n",	                                                              "a\r\n"	                                                           },
	        {"a\n\n \n",	                                                            "a\r\n\r\n \r\n",	                                                     "a\r\n"	                                                           },
	        {"a\n\n\nb",	                                                            "a\r\n\r\n\r\nb\r\n",	                                                 "a\r\n\r\n\r\nb\r\n"                                                      },
	        {"a \nb\t\r\n",	                                                         "a \r\nb\t\r\n",	                                                      "a\r\nb\r\n"	                                                      },
	        {"a\tb  c\t \td",	                                                       "a\tb  c\t \td\r\n",	                                                  "a b c d\r\n"                                                             },
	        {"  a",	                                                                 "  a\r\n",	                                                            " a\r\n"	                                                          },
 /* A CR alone is a byte like others. */
	        {"a\rb",	                                                                "a\rb\r\n",	                                                           "a\rb\r\n"	                                                        },
	        {"a\r",	                                                                 "a\r\r\n",	                                                            "a\r\r\n"	                                                         },
	        {"a\r\r\n",	                                                             "a\r\r\n",	                                                            "a\r\r\n"	                                                         },
	        {"a \r",	                                                                "a \r\r\n",	                                                           "a \r\r\n"	                                                        },
	        {"a  \rb \r\nc",	                                                        "a  \rb \r\nc\r\n",	                                                   "a \rb\r\nc\r\n"                                                          },
	        {"\r",	                                                                  "\r\r\n",	                                                             "\r\r\n"	                                                          },
	        {" \r \n",	                                                              " \r \r\n",	                                                           " \r\r\n"	                                                         },
	        {"\n\r\n\r",	                                                            "\r\n\r\n\r\r\n",	                                                     "\r\n\r\n\r\r\n"                                                          },
 /* Longer than a vector, with something to do at many offsets. */
	        {"0123456789012345678901234567890123456789 0123456789\r\n"
	         "0123456789012345678901234567890  123456789 0123456789\n"
	         "0123456789012345678901234567890\t123456789 0123456789 \r\n", "0123456789012345678901234567890123456789 0123456789\r\n"
	         "0123456789012345678901234567890  123456789 0123456789\r\n"
	         "0123456789012345678901234567890\t123456789 0123456789 \r\n", "0123456789012345678901234567890123456789 0123456789\r\n"
	         "0123456789012345678901234567890 123456789 0123456789\r\n"
	         "0123456789012345678901234567890 123456789 0123456789\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		expect_cut(DKIM_SIMPLE, cases[i].body, cases[i].simple);
		expect_cut(DKIM_RELAXED, cases[i].body, cases[i].relaxed);
	}
}

/* The same rules byte by byte, for bodies made at random. */
static struct str slowly(struct arena *a, struct str body, bool relaxed)
{
	char *out = arena_alloc(a, 2 * body.n + 3);
	size_t n = 0;
	size_t end = 0; /* behind the last line that is not empty */
	struct str line;

	while (body.n && str_cut(&body, '\n', &line)) {
		bool blank = false;
		size_t start = n;

		if (body.p && str_ends(line, STR("\r")))
			line.n--;
		for (size_t i = 0; i < line.n; i++) {
			bool wsp = line.p[i] == ' ' || line.p[i] == '\t';

			if (relaxed && wsp) {
				blank = true;
				continue;
			}
			if (blank)
				out[n++] = ' ';
			blank = false;
			out[n++] = line.p[i];
		}
		if (n > start)
			end = n + 2;
		out[n++] = '\r';
		out[n++] = '\n';
	}
	if (end == 0 && !relaxed) {
		memcpy(out, "\r\n", 2);
		end = 2;
	}
	return (struct str){out, end};
}

static void test_random_bodies(void **state)
{
	static const char letters[] = "  \t\r\n\nabc\0\x0b";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		AUTO(arena) a = {0};
		char body[200];
		size_t n = (size_t)round % sizeof(body);
		struct iov text = {0};
		struct str wanted;
		size_t cut;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			body[i] =
			        round % 3 && seed >> 29
			                ? 'x'
			                : letters[(seed >> 16) % (sizeof(letters) - 1)];
		}
		cut = n ? (seed >> 8) % n : 0;
		iov_add(&a, &text, (struct str){body, cut});
		iov_add(&a, &text, (struct str){body + cut, n - cut});
		for (int relaxed = 0; relaxed < 2; relaxed++) {
			struct result is =
			        canonical(relaxed ? DKIM_RELAXED : DKIM_SIMPLE, &text,
			                  (struct dkim_place){0, 0});
			AUTO(sha256) h = {0};
			uint8_t digest[SHA256_BYTES];

			wanted = slowly(&a, (struct str){body, n}, relaxed);
			sha256_init(&h);
			sha256_add(&h, wanted);
			sha256_finish(&h, digest);
			if (is.length != wanted.n ||
			    memcmp(is.digest, digest, sizeof(digest)) != 0)
				fail_msg("round %d, relaxed %d: %llu bytes, not %zu",
				         round, relaxed, (unsigned long long)is.length,
				         wanted.n);
		}
	}
}

static void test_limit(void **state)
{
	AUTO(arena) a = {0};
	AUTO(dkim_hash) h = {0};
	struct result r, wanted = plain("abc\r");
	struct iov text = {0};

	(void)state;
	iov_add(&a, &text, STR("abc\ndef\n"));
	dkim_hash_init(&h, 4);
	dkim_hash_body(&h, DKIM_RELAXED, &text, (struct dkim_place){0, 0});
	dkim_hash_finish(&h, r.digest);
	assert_int_equal(h.total, 10);
	assert_memory_equal(r.digest, wanted.digest, sizeof(r.digest));
}

static void test_fields(void **state)
{
	static const struct {
		const char *field, *simple, *relaxed;
	} cases[] = {
  /* RFC 6376 §3.4.5, example 1 */
	        {"A: X\r\n",             "A: X",             "a:X"       },
	        {"B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  ", "b:Y Z"     },
	        {"B : Y\t\n\tZ  \n",     "B : Y\t\r\n\tZ  ", "b:Y Z"     },
	        {"Subject:",             "Subject:",         "subject:"  },
	        {"Subject: \r\n",        "Subject: ",        "subject:"  },
	        {"Subject: \r\n \r\n",   "Subject: \r\n ",   "subject:"  },
	        {"X: a:b  \t c",         "X: a:b  \t c",     "x:a:b c"   },
	        {"X: a\rb\r\n",          "X: a\rb",          "x:a\rb"    },
	        {"X: a \r b\r",          "X: a \r b\r",      "x:a \r b\r"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		for (int relaxed = 0; relaxed < 2; relaxed++) {
			AUTO(dkim_hash) h = {0};
			struct result wanted =
			        plain(relaxed ? cases[i].relaxed : cases[i].simple);
			uint8_t digest[SHA256_BYTES];

			dkim_hash_init(&h, DKIM_NO_LIMIT);
			dkim_hash_field(&h, relaxed ? DKIM_RELAXED : DKIM_SIMPLE,
			                str_c(cases[i].field), true);
			dkim_hash_finish(&h, digest);
			if (memcmp(digest, wanted.digest, sizeof(digest)) != 0)
				fail_msg("%zu, relaxed %d", i, relaxed);
		}
	}
}

static void test_message_cut_anywhere(void **state)
{
	static const char text[] = "From: a@b.c\r\nX: 1\r\n 2\r\nx : 3\r\n\r\nbody\r\n";
	struct result wanted = plain("body\r\n");

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		AUTO(arena) a = {0};
		struct str whole = STR(text);
		struct iov pieces = {0};
		struct dkim_body_hash body;
		struct dkim_message m;
		struct err err;

		iov_add(&a, &pieces, str_slice(whole, 0, cut));
		iov_add(&a, &pieces, str_from(whole, cut));
		assert_true(dkim_message_parse(&a, &pieces, &m, &err));
		assert_int_equal(m.count, 3);
		assert_int_equal(dkim_message_count(&m, STR("X")), 2);
		assert_true(str_eq(dkim_message_find(&m, STR("x"), 0)->raw,
		                   STR("X: 1\r\n 2\r\n")));
		assert_null(dkim_message_find(&m, STR("x"), 2));
		dkim_message_body_hash(&m, DKIM_SIMPLE, DKIM_NO_LIMIT, &body);
		assert_memory_equal(body.digest, wanted.digest, SHA256_BYTES);
	}
}

static void test_messages(void **state)
{
	static const struct {
		const char *text;
		const char *why; /* NULL: it is a message */
		size_t fields;
	} cases[] = {
	        {"",	               "empty",  0},
	        {"\n",                     NULL,     0},
	        {"\r\nbody",               NULL,     0},
	        {"A:b",                    NULL,     1},
	        {"A:b\n",                  NULL,     1},
	        {"A:b\n\n",                NULL,     1},
	        {"A:\n b\nC: d\n\nE: f\n", NULL,     2},
	        {"From x\nA:b\n\n",        NULL,     1},
	        {" A:b\n\n",               "line 1", 0},
	        {"A:b\nc\n\n",             "line 2", 0},
	        {"A:b\n:c\n\n",            "line 2", 0},
	        {"A b:c\n\n",              "line 1", 0},
	        {"A:b\nFrom x\n\n",        "line 2", 0},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct iov text = {0};
		struct dkim_message m;
		struct err err;
		bool parsed;

		iov_add(&a, &text, str_c(cases[i].text));
		parsed = dkim_message_parse(&a, &text, &m, &err);
		if (parsed != !cases[i].why || (parsed && m.count != cases[i].fields))
			fail_msg("%zu: %s", i, parsed ? "parsed" : err.text);
		if (!parsed)
			assert_non_null(strstr(err.text, cases[i].why));
	}
}

/* Bottom up, each field once, what is missing stands for nothing (RFC 6376 §5.4.2). */
static void test_selection(void **state)
{
	static const char text[] = "D: own\r\nA: 1\r\nB: 2\r\nA: 3\r\nD: other\r\n\r\n";
	static const struct {
		const char *names;
		size_t own;
		const char *wanted;
	} cases[] = {
	        {"a",         SIZE_MAX, "a:3\r\ns:"           },
	        {"a:A",       SIZE_MAX, "a:3\r\na:1\r\ns:"    },
	        {"A : a:a:a", SIZE_MAX, "a:3\r\na:1\r\ns:"    },
	        {"b:a:c:b",   SIZE_MAX, "b:2\r\na:3\r\ns:"    },
	        {"d",         0,        "d:other\r\ns:"       },
	        {"d:d:a",     0,        "d:other\r\na:3\r\ns:"},
	        {"d:d",       4,        "d:own\r\ns:"         },
	        {"",          SIZE_MAX, "s:"                  },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct result wanted = plain(cases[i].wanted);
		uint8_t digest[SHA256_BYTES];
		struct iov pieces = {0};
		struct dkim_message m;
		struct err err;

		iov_add(&a, &pieces, STR(text));
		assert_true(dkim_message_parse(&a, &pieces, &m, &err));
		dkim_message_digest(&m, DKIM_RELAXED, str_c(cases[i].names),
		                    cases[i].own, STR("S:"), digest);
		if (memcmp(digest, wanted.digest, sizeof(digest)) != 0)
			fail_msg("%s", cases[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bodies),
	        cmocka_unit_test(test_random_bodies),
	        cmocka_unit_test(test_limit),
	        cmocka_unit_test(test_fields),
	        cmocka_unit_test(test_message_cut_anywhere),
	        cmocka_unit_test(test_messages),
	        cmocka_unit_test(test_selection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
