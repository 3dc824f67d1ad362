/* The index of a letter, edits, transfer encodings, header fields: tables of inputs and
 * what they must give. */
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/letter_scan.h"
#include "mime/line_ends.h"
#include "mime/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_str(struct str got, struct str want)
{
	if (!str_eq(got, want))
		print_error("got  \"%.*s\"\nwant \"%.*s\"\n", STR_ARG(got),
		            STR_ARG(want));
	assert_true(str_eq(got, want));
}

static struct str apply(struct arena *a, struct edits *e, struct str original)
{
	struct iov out = {0};

	edits_apply(a, e, original, &out);
	return iov_join(a, &out);
}

static void test_edits(void **state)
{
	AUTO(arena) a = {0};
	struct edits e = {0};
	struct iov out = {0};

	(void)state;
	assert_str(apply(&a, &e, STR("abcdef")), STR("abcdef"));
	edits_add(&a, &e, 4, 5, STR("E"));
	edits_add(&a, &e, 6, 6, STR("!"));
	edits_add(&a, &e, 0, 1, STR(""));
	edits_add(&a, &e, 4, 4, STR("1"));
	edits_add(&a, &e, 4, 4, STR("2"));
	assert_str(apply(&a, &e, STR("abcdef")), STR("bcd12Ef!"));
	edits_apply_range(&a, &e, STR("abcdef"), 2, 4, &out);
	assert_str(iov_join(&a, &out), STR("cd12"));
}

static const char nested[] = "From: a@acme.example\r\n"
                             "Subject: one\r\n two\r\n"
                             "Content-Type: multipart/mixed; boundary=\"o\"\r\n"
                             "\r\n"
                             "preamble\r\n"
                             "--o\r\n"
                             "Content-Type: multipart/alternative; boundary=i\r\n"
                             "\r\n"
                             "--i\r\n"
                             "\r\n"
                             "plain\r\n"
                             "--i\r\n"
                             "Content-Type: TEXT/HTML; charset=UTF-8\r\n"
                             "Content-Transfer-Encoding: Quoted-Printable\r\n"
                             "\r\n"
                             "<b>=\r\n\r\n"
                             "--i--\r\n"
                             "--o\r\n"
                             "Content-Type: message/rfc822\r\n"
                             "\r\n"
                             "Subject: inner\r\n"
                             "\r\n"
                             "inner text\r\n"
                             "--o\r\n"
                             "Content-Type: text/html\r\n"
                             "Content-Disposition: attachment; filename=x.html\r\n"
                             "\r\n"
                             "file\r\n"
                             "--o--\r\n";

static void test_letter(void **state)
{
	static const struct {
		const char *id, *type, *content;
		enum letter_kind kind;
		enum letter_hold hold;
	} want[] = {
	        {"",    "multipart/mixed",       "",           LETTER_MULTIPART, LETTER_FREE    },
	        {"1",   "multipart/alternative", "",           LETTER_MULTIPART, LETTER_FREE    },
	        {"1.1", "text/plain",            "plain",      LETTER_PLAIN,     LETTER_FREE    },
	        {"1.2", "text/html",             "<b>=\r\n",   LETTER_HTML,      LETTER_FREE    },
	        {"2",   "message/rfc822",        "",           LETTER_MESSAGE,   LETTER_FREE    },
	        {"2.1", "text/plain",            "inner text", LETTER_PLAIN,     LETTER_ENCLOSED},
	        {"3",   "text/html",             "file",       LETTER_HTML,      LETTER_ATTACHED},
	};
	AUTO(arena) a = {0};
	struct letter letter;
	struct err err;

	(void)state;
	assert_true(letter_parse(&a, str_c(nested), NULL, &letter, &err));
	assert_int_equal(letter.fields.n, 3);
	assert_str(letter_field(&letter, STR("SUBJECT"), 0)->value,
	           STR(" one\r\n two"));
	assert_null(letter_field(&letter, STR("Subject"), 1));
	assert_int_equal(letter.parts.n, LEN(want));
	for (size_t i = 0; i < LEN(want); i++) {
		const struct letter_part *part = &letter.parts.v[i];

		assert_str(part->id, str_c(want[i].id));
		assert_str(part->type, str_c(want[i].type));
		assert_str(letter_content(&letter, part), str_c(want[i].content));
		assert_int_equal(part->kind, want[i].kind);
		assert_int_equal(part->hold, want[i].hold);
	}
	assert_int_equal(letter.parts.v[3].encoding, LETTER_QUOTED_PRINTABLE);
	assert_str(letter.parts.v[3].charset, STR("utf-8"));
}

/* Any bytes are a letter. */
static void test_letter_odd(void **state)
{
	AUTO(arena) empty = {0};
	struct letter none;
	struct err none_err;

	static const struct {
		struct str text;
		const char *eol;
		size_t fields, parts, start, end;
	} rows[] = {
	        {STR_INIT("\n"),	                           "\n",   0, 1, 1,  1 },
	        {STR_INIT("Subject: x\n\nbody\n"),                 "\n",   1, 1, 12, 17},
	        {STR_INIT("Subject: x\r\n\r\nbo\0dy"),             "\r\n", 1, 1, 14, 19},
	        {STR_INIT("From x\nSubject: x\n\nbody"),           "\n",   2, 1, 19, 23},
	        {STR_INIT("Content-Type: multipart/mixed\n\nx\n"), "\n",   1, 1, 0,  0 },
	};

	(void)state;
	assert_true(letter_parse(&empty, STR_NONE, NULL, &none, &none_err));
	assert_int_equal(none.parts.n, 0);
	assert_true(
	        letter_parse(&empty, STR("no header at all"), NULL, &none, &none_err));
	assert_int_equal(none.parts.n, 0);
	for (size_t i = 0; i < LEN(rows); i++) {
		AUTO(arena) a = {0};
		struct letter letter;
		struct err err;

		assert_true(letter_parse(&a, rows[i].text, NULL, &letter, &err));
		assert_str(letter.eol, str_c(rows[i].eol));
		assert_int_equal(letter.fields.n, rows[i].fields);
		assert_int_equal(letter.parts.n, rows[i].parts);
		assert_int_equal(letter.parts.v[0].start, rows[i].start);
		assert_int_equal(letter.parts.v[0].end, rows[i].end);
	}
}

static struct str repeat(struct arena *a, struct str head, const char *piece, size_t n)
{
	struct iov out = {0};

	iov_add(a, &out, head);
	for (size_t i = 0; i < n; i++)
		iov_add(a, &out, str_c(piece));
	return iov_join(a, &out);
}

static void test_letter_limits(void **state)
{
	static const struct letter_limits limits = {
	        .bytes_max = 100000,
	        .header_max = 2000,
	        .fields_max = 100,
	        .parts_max = 20,
	        .depth_max = 5,
	};
	static const struct {
		const char *head, *piece;
		size_t n;
		const char *error; /* NULL: none */
	} rows[] = {
	        {"a: b\n\n",	                                   "--x\n\n",	                                    50,     NULL               },
	        {"Content-Type: multipart/mixed; boundary=x\n\n",      "--x\n\n",                                            50,
	         "20 parts"	                                                                                                                     },
	        {"Content-Type: multipart/mixed; boundary=\"x \"\n\n", "--x\n\n",                                            50,
	         "20 parts"	                                                                                                                     },
	        {"Content-Type: multipart/mixed; boundary=x\n\n",      "--y\n\n",                                            50,     NULL               },
	        {"Content-Type: multipart/mixed;\n boundary*0=x\n\n",  "--x\n\n",                                            50,
	         "20 parts"	                                                                                                                     },
	        {"",	                                           "a:\n",	                                       101,    "100 header fields"},
	        {"",	                                           "a:\n",	                                       100,    NULL               },
	        {"a:\n",	                                       " x\n",	                                       999,    "2000 bytes"       },
	        {"",	                                           "x",	                                          100001, "100000 bytes"     },
	        {"",	                                           "Content-Type: multipart/mixed; boundary=x\n\n--x\n", 6,
	         "5 levels"	                                                                                                                     },
	        {"",	                                           "Content-Type: message/rfc822\n\n",                   8,      "5 levels"         },
	        {"",	                                           "Content-Type: message/rfc822\n\n",                   30,     "20 parts"         },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		AUTO(arena) a = {0};
		struct str text =
		        repeat(&a, str_c(rows[i].head), rows[i].piece, rows[i].n);
		struct letter letter;
		struct err err = {0};
		bool ok = letter_parse(&a, text, &limits, &letter, &err);

		if (ok != !rows[i].error)
			print_error("row %zu: %s\n", i, err.text);
		assert_int_equal(ok, !rows[i].error);
		if (!ok)
			assert_non_null(strstr(err.text, rows[i].error));
	}
}

#define X70 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Bytes start … end-1 of the decoded text become `text`; the content then is `want`. */
static void test_transfer(void **state)
{
	static const struct {
		enum letter_encoding encoding;
		const char *raw;
		size_t start, end;
		const char *text, *want;
	} rows[] = {
	        {LETTER_7BIT,             "a=3Db",                    1,  2,  "X",      "aX3Db"    },
	        {LETTER_QUOTED_PRINTABLE, "a=3Db",                    1,  2,  "X",      "aXb"      },
	        {LETTER_QUOTED_PRINTABLE, "a=\r\nb=\r\nc",            1,  2,  "=",
	         "a=\r\n=3D=\r\nc"	                                                         },
	        {LETTER_QUOTED_PRINTABLE, "ab",                       1,  1,  "\xc3 ",  "a=C3=20b" },
	        {LETTER_QUOTED_PRINTABLE, "ab",                       1,  1,  "c d",    "ac db"    },
	        {LETTER_QUOTED_PRINTABLE, "ab",                       2,  2,  "\n",     "ab\r\n"   },
	        {LETTER_QUOTED_PRINTABLE, "a=\t\r\nb",                0,  1,  "c",      "c=\t\r\nb"},
	        {LETTER_QUOTED_PRINTABLE, "=4",                       2,  2,  "1",      "=4=\r\n1" },
	        {LETTER_QUOTED_PRINTABLE, "=x41",                     1,  2,  "",       "==\r\n41" },
	        {LETTER_QUOTED_PRINTABLE, X70 "abc",                  70, 71, "123456",
	         X70 "12345=\r\n6bc"	                                                       },
	        {LETTER_QUOTED_PRINTABLE, X70 "abcd",                 70, 71, "12345",
	         X70 "12345=\r\nbcd"	                                                       },
	        {LETTER_QUOTED_PRINTABLE, X70 "a\r\nbcd",             70, 71, "12345",
	         X70 "12345\r\nbcd"	                                                        },
	        {LETTER_BASE64,           "YWJj",                     1,  2,  "BBBB",   "YUJCQkJj" },
	        {LETTER_BASE64,           "YWJj\r\nZGVm\r\nZw==\r\n", 4,  4,  "!",
	         "YWJj\r\nZCFl\r\nZmc=\r\n"	                                                },
	        {LETTER_BASE64,           "YW\nJj",                   3,  3,  "",       "YWJj"     },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		AUTO(arena) a = {0};
		struct edits wanted = {0};
		struct edits out = {0};
		struct transfer t;

		assert_true(
		        transfer_decode(&a, rows[i].encoding, str_c(rows[i].raw), &t));
		edits_add(&a, &wanted, rows[i].start, rows[i].end, str_c(rows[i].text));
		transfer_edits(&a, &t, &wanted, STR("\r\n"), 0, &out);
		assert_str(apply(&a, &out, str_c(rows[i].raw)), str_c(rows[i].want));
	}
}

static void test_transfer_refuses(void **state)
{
	AUTO(arena) a = {0};
	struct transfer t;

	(void)state;
	assert_false(transfer_decode(&a, LETTER_BASE64, STR("YW-j"), &t));
	assert_false(transfer_decode(&a, LETTER_BASE64, STR("YWJ"), &t));
	assert_false(transfer_decode(&a, LETTER_UNKNOWN_ENCODING, STR("x"), &t));
}

static void test_header(void **state)
{
	static const char letter_text[] = "From: a@acme.example\r\nX-A: 1\r\n"
	                                  "Subject: x\r\nX-a: 2\r\n 3\r\n\r\nbody";
	static const struct {
		struct header_change change;
		const char *want; /* the header behind From */
	} rows[] = {
	        {{HEADER_SET, STR_INIT("x-A"), STR_INIT("new")},
	         "x-A: new\r\nSubject: x\r\n\r\nbody"                        },
	        {{HEADER_REMOVE, STR_INIT("X-A"), STR_INIT("")},
	         "Subject: x\r\n\r\nbody"                                    },
	        {{HEADER_ADD, STR_INIT("X-A"), STR_INIT("3")},
	         "X-A: 1\r\nSubject: x\r\nX-a: 2\r\n 3\r\nX-A: 3\r\n\r\nbody"},
	        {{HEADER_SET, STR_INIT("X-B"), STR_INIT("")},
	         "X-A: 1\r\nSubject: x\r\nX-a: 2\r\n 3\r\nX-B: \r\n\r\nbody" },
	        {{HEADER_REMOVE, STR_INIT("X-B"), STR_INIT("")},
	         "X-A: 1\r\nSubject: x\r\nX-a: 2\r\n 3\r\n\r\nbody"          },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		AUTO(arena) a = {0};
		struct edits edits = {0};
		struct letter letter;
		struct str got;
		struct err err;

		assert_true(letter_parse(&a, str_c(letter_text), NULL, &letter, &err));
		assert_true(header_edit(&a, &letter, &rows[i].change, &edits, &err));
		got = apply(&a, &edits, letter.bytes);
		assert_str(str_from(got, strlen("From: a@acme.example\r\n")),
		           str_c(rows[i].want));
	}
}

#define X70B                                                                           \
	"                                                                            "

static void test_header_format(void **state)
{
	static const struct {
		const char *value, *want; /* NULL: an error */
	} rows[] = {
	        {"a",                  "X: a\r\n"                      },
	        {"  a  b ",            "X: a  b\r\n"                   },
	        {X70 " bb cccccccc",   "X: " X70 " bb\r\n cccccccc\r\n"},
	        {X70 X70 " b",         "X: " X70 X70 "\r\n b\r\n"      },
	        {"a" X70B "b",         "X: a\r\n" X70B "b\r\n"         },
	        {"a\r\nEvil: b",       NULL                            },
	        {"a\nb",               NULL                            },
	        {"gr\xc3\xbc\xc3\x9f", "X: =?UTF-8?b?Z3LDvMOf?=\r\n"   },
	};
	AUTO(arena) a = {0};
	struct str got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		bool ok = header_format(&a, STR("X"), str_c(rows[i].value), STR("\r\n"),
		                        &got, &err);

		assert_int_equal(ok, rows[i].want != NULL);
		if (ok)
			assert_str(got, str_c(rows[i].want));
	}
	assert_false(header_format(&a, STR("X Y"), STR("a"), STR("\n"), &got, &err));
	assert_false(header_format(&a, STR(""), STR("a"), STR("\n"), &got, &err));
	assert_false(header_format(&a, STR("X"), repeat(&a, STR(""), "x", 999),
	                           STR("\n"), &got, &err));
	assert_non_null(strstr(err.text, "no line can hold"));
}

static void test_charset(void **state)
{
	AUTO(arena) a = {0};
	const char *name;
	struct str utf8;

	(void)state;
	assert_true(charset_is_ascii_compatible(STR("")));
	assert_true(charset_is_ascii_compatible(STR("gb18030")));
	assert_false(charset_is_ascii_compatible(STR("iso-2022-jp")));
	assert_true(charset_to_utf8(&a, STR("utf-16"), STR("\xff\xfe<\0\xe4\0"), &utf8,
	                            &name));
	assert_str(utf8, STR("\xef\xbb\xbf<\xc3\xa4"));
	assert_string_equal(name, "UTF-16LE");
	assert_false(charset_to_utf8(&a, STR("utf-16le"), STR("<"), &utf8, &name));
	assert_false(
	        charset_to_utf8(&a, STR("utf-16le"), STR("\x00\xd8"), &utf8, &name));
	assert_false(charset_to_utf8(&a, STR("utf-7//IGNORE"), STR("<"), &utf8, &name));
	assert_false(charset_to_utf8(&a, STR("utf-7x"), STR("<"), &utf8, &name));
}

static void test_line_ends(void **state)
{
	static const struct {
		struct str text, want;
	} rows[] = {
	        {STR_INIT(""),	                                                  STR_INIT("")               },
	        {STR_INIT("a\r\nb\r\n"),	                                        STR_INIT("a\r\nb\r\n")     },
	        {STR_INIT("\n"),	                                                STR_INIT("\r\n")           },
	        {STR_INIT("\r"),	                                                STR_INIT("\r\n")           },
	        {STR_INIT("\n\r"),	                                              STR_INIT("\r\n\r\n")       },
	        {STR_INIT("\r\r\n"),	                                            STR_INIT("\r\n\r\n")       },
	        {STR_INIT("a\n\nb\rc"),	                                         STR_INIT("a\r\n\r\nb\r\nc")},
	        {STR_INIT("0123456789abcde\r\n0123456789abcdef\n0123456789abcdef0123"),
	         STR_INIT("0123456789abcde\r\n0123456789abcdef\r\n0123456789abcdef012"
	                  "3")	                                                                             },
	};
	AUTO(arena) a = {0};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_str(line_ends_normalize(&a, rows[i].text), rows[i].want);
	assert_ptr_equal(line_ends_normalize(&a, rows[1].text).p, rows[1].text.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_edits),
	        cmocka_unit_test(test_letter),
	        cmocka_unit_test(test_letter_odd),
	        cmocka_unit_test(test_letter_limits),
	        cmocka_unit_test(test_transfer),
	        cmocka_unit_test(test_transfer_refuses),
	        cmocka_unit_test(test_header),
	        cmocka_unit_test(test_header_format),
	        cmocka_unit_test(test_charset),
	        cmocka_unit_test(test_line_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
