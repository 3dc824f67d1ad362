/* URLs in text, and letters that are rewritten: tables of letters and what they become. */
#include "mime/rewrite.h"
#include "mime/text_links.h"

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

/* `form`: u for UTF-8, d for delsp=yes. `raw`: of the first, where it is not its value. */
static const struct {
	const char *text, *form, *values, *raw;
} text_links_rows[] = {
        {"",                                          "",  "",                                  ""},
        {"http",                                      "",  "",                                  ""},
        {"://x.example",                              "",  "",                                  ""},
        {"xhttp://x.example",                         "",  "",                                  ""},
        {"ftp://x.example",                           "",  "",                                  ""},
        {"http://x.example",                          "",  "http://x.example",                  ""},
        {"HTTPS://X.example/a",                       "",  "HTTPS://X.example/a",               ""},
        {"(http://x.example)",                        "",  "http://x.example",                  ""},
        {"http://x.example/(a).",                     "",  "http://x.example/(a)",              ""},
        {"(http://x.example/(a)).",                   "",  "http://x.example/(a)",              ""},
        {"[http://x.example/a[1]]",                   "",  "http://x.example/a[1]",             ""},
        {"http://x.example/?a=1&b=2#c!",              "",  "http://x.example/?a=1&b=2#c",       ""},
        {"http://x.example, http://y.example;",       "",  "http://x.example http://y.example",
         ""                                                                                       },
        {"*http://x.example/*_",                      "",  "http://x.example/",                 ""},
        {"'http://x.example/'...",                    "",  "http://x.example/",                 ""},
        {"\"http://x.example/\"",                     "",  "http://x.example/",                 ""},
        {"http://...",                                "",  "http://",                           ""},
        {"http://x.example/?u=http://y.example",      "",
         "http://x.example/?u=http://y.example",                                                ""},
        {"<http://x.example/a.>",                     "",  "http://x.example/a.",               ""},
        {"<http://x.example/\r\na>",                  "",  "http://x.example/a",
         "http://x.example/\r\na"                                                                 },
        {"<http://x.example/a\nb\nc>",                "",  "http://x.example/abc",
         "http://x.example/a\nb\nc"                                                               },
        {"<http://x.example/a\n\nb>",                 "",  "http://x.example/a",                ""},
        {"<http://x.example/ a>",                     "",  "http://x.example/",                 ""},
        {"<URL:http://x.example/>",                   "",  "http://x.example/",                 ""},
        {"http://x.example/\nb",                      "",  "http://x.example/",                 ""},
        {"http://x.example/ \r\nb c",                 "d", "http://x.example/b",
         "http://x.example/ \r\nb"                                                                },
        {"http://x.example/ \nb \nc d",               "d", "http://x.example/bc",
         "http://x.example/ \nb \nc"                                                              },
        {"http://x.example/ \r\n. b",                 "d", "http://x.example/",                 ""},
        {"http://x.example/ \r\n\r\nb",               "d", "http://x.example/",                 ""},
        {"http://x.example/ \r\nb",                   "",  "http://x.example/",                 ""},
        {"http://x.example/\xc3\xa4",                 "u", "http://x.example/\xc3\xa4",         ""},
        {"http://x.example/\xc3\xa4",                 "",  "http://x.example/",                 ""},
        {"http://x.example/\xff",                     "u", "http://x.example/",                 ""},
        {"\xc2\xabhttp://x.example/\xc2\xbb",         "u", "http://x.example/",                 ""},
        {"\xe2\x80\x9chttp://x.example/\xe2\x80\x9d", "u", "http://x.example/",                 ""},
        {"\xe3\x81\x82http://x.example/\xe3\x80\x82", "u", "http://x.example/",                 ""},
};

static void test_text_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(text_links_rows); i++) {
		AUTO(arena) a = {0};
		struct str text = str_c(text_links_rows[i].text);
		struct str values = str_c(text_links_rows[i].values);
		struct text_form form = {.is_utf8 = text_links_rows[i].form[0] == 'u',
		                         .is_delsp = text_links_rows[i].form[0] == 'd'};
		struct links links = {0};
		struct str value;
		size_t n = 0;

		text_links(&a, text, form, NULL, &links);
		for (; str_cut_word(&values, &value); n++) {
			assert_true(n < links.n);
			assert_str(links.v[n].value, value);
		}
		assert_int_equal(links.n, n);
		if (text_links_rows[i].raw[0])
			assert_str(str_slice(text, links.v[0].start,
			                     links.v[0].end - links.v[0].start),
			           str_c(text_links_rows[i].raw));
	}
}

/* Every link becomes the same target. */
static bool map_to(void *arg, const struct rewrite_link *link, struct str *target)
{
	(void)link;
	*target = str_c(arg);
	return true;
}

static struct str rewrite(struct arena *a, struct str text,
                          const struct rewrite_options *options,
                          struct rewrite_report *report)
{
	struct letter *letter = ARENA_NEW(a, struct letter);
	struct edits edits = {0};
	struct iov out = {0};
	struct err err;

	assert_true(letter_parse(a, text, NULL, letter, &err));
	assert_true(letter_rewrite(a, letter, options, &edits, report, &err));
	edits_apply(a, &edits, text, &out);
	return iov_join(a, &out);
}

#define T "http://t/?a=1&b"

#define HTML "Content-Type: text/html\r\n\r\n"
#define HTML_IN(charset, encoding)                                                     \
	"Content-Type: text/html; charset=" charset                                    \
	"\r\nContent-Transfer-Encoding: " encoding "\r\n\r\n"
#define PLAIN_IN(rest)  "Content-Type: text/plain; " rest "\r\n\r\n"
#define HTML_8BIT       HTML_IN("utf-8", "8bit")
#define HTML_QP         HTML_IN("utf-8", "quoted-printable")
#define HTML_BASE64     HTML_IN("utf-8", "base64")
#define HTML_UTF16      HTML_IN("utf-16", "base64")
#define HTML_UTF16_8BIT HTML_IN("utf-16", "8bit")
#define HTML_NO_SUCH    HTML_IN("no-such", "8bit")
#define HTML_UTF16LE    HTML_IN("utf-16le", "base64")
#define HTML_LATIN1     HTML_IN("iso-8859-1", "8bit")
#define HTML_LATIN9     HTML_IN("iso-8859-15", "8bit")
#define HTML_1252       HTML_IN("windows-1252", "quoted-printable")
#define HTML_UU         HTML_IN("utf-8", "x-uuencode")

/* All of the letter; NULL for what it was. */
struct row {
	const char *letter, *want;
};

static void check_rows(const struct row *rows, size_t n,
                       const struct rewrite_options *options)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(arena) a = {0};
		struct rewrite_report report;
		struct str text = str_c(rows[i].letter);

		assert_str(rewrite(&a, text, options, &report),
		           rows[i].want ? str_c(rows[i].want) : text);
	}
}

static void test_encodings(void **state)
{
	static const struct row rows[] = {
	        {HTML "<a href='http://x.example'>x</a>",
	         HTML "<a href='http://t/?a=1&amp;b'>x</a>"	                                                                                   },
	        {HTML "<a href=http://x.example>x</a>",
	         HTML "<a href=http://t/?a&#61;1&amp;b>x</a>"	                                                                                 },
	        {HTML_8BIT "\xc3\xa4<a href=\"http://x.example\">\r\n",
	         HTML_8BIT "\xc3\xa4<a href=\"http://t/?a=1&amp;b\">\r\n"	                                                                     },
	        {HTML_QP "=C3=A4<a "
	                 "href=3D\"http:=\r\n//x.example\">=\r\nx",   HTML_QP "=C3=A4<a "
	                 "href=3D\"http://t/?a=3D1&amp;b\">=\r\nx"},
	        {HTML_BASE64 "PGEgaHJlZj0iaHR0cDovL3guZXhhbXBsZSI+\r\n",
	         HTML_BASE64 "PGEgaHJlZj0iaHR0cDovL3QvP2E9MSZhbXA7YiI+\r\n"	                                                                   },
	        {HTML_UU "<a href='http://x.example'>",                                NULL                                                           },
	        {HTML_BASE64 "PGEgaHJlZj0*iaHR0cDovL3guZXhhbXBsZSI+\r\n",              NULL                                                           },
	        {"Content-Type: text/html\n\n<a href='http://x.example'>",
	         "Content-Type: text/html\n\n<a href='http://t/?a=1&amp;b'>"                                                                          },
	        {"Subject: x\r\n\r\nhttp://x.example",                                 "Subject: x\r\n\r\n" T                                         },
	        {"Subject: x\r\n\r\n<http://x.\r\nexample>\r\n",
	         "Subject: x\r\n\r\n<" T ">\r\n"	                                                                                              },
	        {PLAIN_IN("format=flowed; delsp=yes") "http://x.exam \r\nple b \r\nc",
	         PLAIN_IN("format=flowed; delsp=yes") T " b \r\nc"	                                                                            },
	        {PLAIN_IN("format=flowed") "http://x.exam \r\nple",
	         PLAIN_IN("format=flowed") T " \r\nple"	                                                                                       },
	};
	struct rewrite_options options = {
	        .map = map_to, .arg = (void *)(uintptr_t)T, .text = true};

	(void)state;
	check_rows(rows, LEN(rows), &options);
	options.text = false;
	check_rows(&(struct row){"Subject: x\r\n\r\nhttp://x.example", NULL}, 1,
	           &options);
}

static void test_charsets(void **state)
{
	static const struct row rows[] = {
  /* <a href="http://x.ä"> in UTF-16LE with its mark */
	        {HTML_UTF16 "//"
	                    "48AGEAIABoAHIAZQBmAD0AIgBoAHQAdABwADoALwA"
	                    "vAHgALgDkACIAPgA=\r\n",	              HTML_UTF16 "//"
	                    "48AGEAIABoAHIAZQBmAD0AIgBoAHQAdABwADoALwA"
	                    "vAHQALwAiAD4A\r\n"                                           },
	        {HTML_UTF16_8BIT "<a href='http://x.example'>",                            NULL                                                                },
	        {HTML_NO_SUCH "<a href='http://x.example'>\xff",
	         HTML_NO_SUCH "<a href='http://t/'>\xff"	                                                                                               },
	        {HTML_UTF16LE "PGEg\r\n",	                                          NULL	                                                        },
	        {PLAIN_IN("charset=iso-2022-jp") "\x1b$B$\"\x1b(Bhttp://x.example/"
	                                         "\x1b$B$\"!#\x1b(B\r\n", PLAIN_IN("charset=iso-2022-jp") "\x1b$B$\"\x1b(Bhttp://t/"
	                                         "\x1b$B!#\x1b(B\r\n"},
	};
	struct rewrite_options options = {
	        .map = map_to, .arg = (void *)(uintptr_t) "http://t/", .text = true};

	(void)state;
	check_rows(rows, LEN(rows), &options);
}

/* A target is characters, whatever bytes the charset has for them. */
static void test_values(void **state)
{
	static const struct {
		const char *letter, *value;
	} rows[] = {
	        {HTML_LATIN1 "<a href='http://x.example/\xe4'>",
	         "http://x.example/\xc3\xa4"    },
	        {HTML_LATIN1 "<a href='http://x.example/&auml;'>",
	         "http://x.example/\xc3\xa4"    },
	        {HTML_1252 "<a href=3D'http://x.example/=80'>",
	         "http://x.example/\xe2\x82\xac"},
	        {HTML_8BIT "<a href='http://x.example/\xc3\xa4'>",
	         "http://x.example/\xc3\xa4"    },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		AUTO(arena) a = {0};
		struct rewrite_report report;
		struct letter letter;
		struct err err;

		assert_true(
		        letter_parse(&a, str_c(rows[i].letter), NULL, &letter, &err));
		assert_true(letter_links(&a, &letter, NULL, &report, &err));
		assert_int_equal(report.link_count, 1);
		assert_str(report.parts.v[0].links.v[0].value, str_c(rows[i].value));
	}
}

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X450 X50 X50 X50 X50 X50 X50 X50 X50 X50
#define X900 X450 X450

static void test_long_lines(void **state)
{
	static const struct row rows[] = {
  /* before the attribute */
	        {HTML "<p>" X450 "<a href='http://x.example'>x</a>\r\n",
	         HTML "<p>" X450 "<a \r\nhref='http://t/" X900 "'>x</a>\r\n"          },
	        {HTML "<p>" X450 "<a title=''href = http://x.example>x</a>\r\n",
	         HTML "<p>" X450 "<a title=''\r\nhref = http://t/" X900 ">x</a>\r\n"  },
 /* behind the value */
	        {HTML "<a href='http://x.example'>" X450 "</a>\r\n",
	         HTML "<a href='http://t/" X900 "'\r\n>" X450 "</a>\r\n"              },
 /* both */
	        {HTML X450 "<a href=\"http://x.example\">" X450 "</a>\r\n",
	         HTML X450 "<a \r\nhref=\"http://t/" X900 "\"\r\n>" X450 "</a>\r\n"   },
 /* a line that was too long before */
	        {HTML X900 X450 "<a href='http://x.example'>x</a>\r\n",
	         HTML X900 X450 "<a href='http://t/" X900 "'>x</a>\r\n"               },
 /* no limit where the encoding has soft breaks */
	        {"Subject: x\r\n\r\n" X450 " http://x.example b\r\n",
	         "Subject: x\r\n\r\n" X450 " \r\nhttp://t/" X900 " b\r\n"             },
	        {"Subject: x\r\n\r\nhttp://x.example " X450 "\r\n",
	         "Subject: x\r\n\r\nhttp://t/" X900 " \r\n" X450 "\r\n"               },
 /* two on one line */
	        {"Subject: x\r\n\r\nhttp://x.example http://y.example\r\n",
	         "Subject: x\r\n\r\nhttp://t/" X900 " \r\nhttp://t/" X900 "\r\n"      },
 /* nowhere to break */
	        {"Subject: x\r\n\r\n" X450 "(http://x.example)\r\n",             NULL },
	        {"Subject: x\r\n\r\nhttp://x.example, " X450 "\r\n",             NULL },
 /* brackets go with the link */
	        {"Subject: x\r\n\r\n" X450 " <http://x.example> " X450 "\r\n",
	         "Subject: x\r\n\r\n" X450 " \r\n<http://t/" X900 "> \r\n" X450 "\r\n"},
	        {"Subject: x\r\n\r\n" X900 X50 " http://x.example,\r\n",
	         "Subject: x\r\n\r\n" X900 X50 " \r\nhttp://t/" X900 ",\r\n"          },
	};
	struct rewrite_options options = {.map = map_to,
	                                  .arg = (void *)(uintptr_t)("http://t/" X900),
	                                  .text = true};
	AUTO(arena) a = {0};
	struct rewrite_report report;

	(void)state;
	check_rows(rows, LEN(rows), &options);
	rewrite(&a, str_c(rows[8].letter), &options, &report);
	assert_int_equal(report.link_count, 1);
	assert_int_equal(report.rewritten_count, 0);
	assert_int_equal(report.parts.v[0].links.v[0].why, LINK_LINE_LENGTH);
}

#define BOTH "Content-Type: multipart/alternative; boundary=o\r\n\r\n--o\r\n\r\n"
#define NEXT "\r\n--o\r\n"
#define LAST "\r\n--o--\r\n"

static void test_no_track(void **state)
{
	static const struct row rows[] = {
	        {BOTH "http://x.example http://y.example" NEXT HTML
	              "<a data-signet-no-track href='http://x.example'>" LAST,
	         BOTH "http://x.example http://t/" NEXT HTML
	              "<a data-signet-no-track href='http://x.example'>" LAST},
	};
	struct rewrite_options options = {
	        .map = map_to, .arg = (void *)(uintptr_t) "http://t/", .text = true};

	(void)state;
	check_rows(rows, LEN(rows), &options);
}

#define TAG REWRITE_UNSUBSCRIBE_TAG
#define IMG                                                                            \
	"<img src=\"http://p/\" width=\"1\" height=\"1\" alt=\"\" "                    \
	"style=\"display:block;width:1px;height:1px;border:0\">"

static void test_unsubscribe(void **state)
{
	static const struct row rows[] = {
	        {HTML "<a href='" TAG "'>" TAG,
	         HTML "<a href='http://u/?a&#61;1&amp;b'>http://u/?a&#61;1&amp;b"                   },
	        {HTML "<a href=" TAG ">",                    HTML "<a href=http://u/?a&#61;1&amp;b>"},
 /* a link that holds the tag is not tracked */
	        {HTML "<a href='http://x.example/" TAG "'>",
	         HTML "<a href='http://x.example/http://u/?a&#61;1&amp;b'>"                         },
	        {"Subject: x\r\n\r\n" TAG,                   "Subject: x\r\n\r\nhttp://u/?a=1&b"    },
	        {"Subject: x\r\n\r\n" TAG TAG "\r\n",
	         "Subject: x\r\n\r\nhttp://u/?a=1&bhttp://u/?a=1&b\r\n"                             },
	        {"Subject: x\r\n\r\n__unsubscribe_url_",     NULL                                   },
	};
	struct rewrite_options options = {.map = map_to,
	                                  .arg = (void *)(uintptr_t) "http://t/",
	                                  .unsubscribe = STR("http://u/?a=1&b")};

	(void)state;
	check_rows(rows, LEN(rows), &options);
	options.unsubscribe_tag = STR("%u%");
	check_rows(&(struct row){HTML "%u%" TAG, HTML "http://u/?a&#61;1&amp;b" TAG}, 1,
	           &options);
	options.unsubscribe_tag = STR("x</body>"); /* not even that is two edits */
	options.pixel = STR("http://p/");
	check_rows(&(struct row){HTML "x</body>", HTML "http://u/?a&#61;1&amp;b" IMG},
	           1, &options);
}

static void test_footer_and_pixel(void **state)
{
	static const struct row rows[] = {
	        {HTML "<body>x</body></html>",
	         HTML "<body>x\r\n<p>http://u/" IMG "</body></html>"                                                             },
	        {HTML "x\r\n</body>",                                    HTML "x\r\n<p>http://u/" IMG "</body>"                  },
	        {HTML "x",	                                       HTML "x\r\n<p>http://u/" IMG                            },
	        {HTML TAG "</body>",	                             HTML "http://u/" IMG "</body>"                          },
	        {"Subject: x\r\n\r\nx",                                  "Subject: x\r\n\r\nx\r\n-- http://u/"                   },
	        {"Subject: x\n\nx\n",                                    "Subject: x\n\nx\n-- http://u/"                         },
 /* without text there is none */
	        {PLAIN_IN("format=flowed") "x \r\n",
	         PLAIN_IN("format=flowed") "x \r\n\r\n-- http://u/"                                                              },
	        {HTML,	                                           NULL	                                            },
	        {"Content-Type: text/html\r\n",                          NULL	                                            },
 /* one of each kind */
	        {BOTH "x" NEXT HTML "y" NEXT HTML "z" NEXT "\r\nw" LAST,
	         BOTH "x\r\n-- http://u/" NEXT HTML "y\r\n<p>http://u/" IMG NEXT HTML
	              "z" NEXT "\r\nw" LAST	                                                                              },
	        {HTML_BASE64 "eA==\r\n",
	         HTML_BASE64 "eA0KPHA+"
	                     "aHR0cDovL3UvPGltZyBzcmM9Imh0dHA6Ly9wLyIgd2"
	                     "lkdGg9IjEiIGhlaWdodD0iMSIg\r\n"
	                     "YWx0PSIiIHN0eWxlPSJkaXNwbGF5OmJsb2NrO3dpZH"
	                     "RoOjFweDtoZWlnaHQ6MXB4O2JvcmRlcjow\r\n"
	                     "Ij4=\r\n"	                                                                                  },
	        {"Content-Type: text/plain\r\nContent-Transfer-Encoding: "
	         "quoted-printable\r\n\r\nx ",          "Content-Type: text/plain\r\nContent-Transfer-Encoding: "
	         "quoted-printable\r\n\r\nx =\r\n\r\n-- http://u/"},
	};
	struct rewrite_options options = {
	        .unsubscribe = STR("http://u/"),
	        .pixel = STR("http://p/"),
	        .footer_html = STR("<p>" TAG),
	        .footer_text = STR("-- " TAG),
	};
	AUTO(arena) a = {0};
	struct rewrite_report report;

	(void)state;
	check_rows(rows, LEN(rows), &options);
	rewrite(&a, str_c(rows[0].letter), &options, &report);
	assert_true(report.has_pixel && report.has_footer);
	rewrite(&a, str_c(rows[3].letter), &options, &report);
	assert_true(report.has_pixel && !report.has_footer && report.has_unsubscribe);
}

/* What a part cannot hold is written as a question mark. */
static void test_footer_charsets(void **state)
{
	static const struct row rows[] = {
	        {HTML "x",        HTML "x\r\n? ?"                       },
	        {HTML_8BIT "x",   HTML_8BIT "x\r\n\xc3\xa4 \xe2\x82\xac"},
	        {HTML_LATIN9 "x", HTML_LATIN9 "x\r\n\xe4 \xa4"          },
	        {HTML_LATIN1 "x", HTML_LATIN1 "x\r\n? ?"                },
	        {HTML_QP "x",     HTML_QP "x\r\n=C3=A4 =E2=82=AC"       },
	};
	struct rewrite_options options = {.footer_html = STR("\xc3\xa4 \xe2\x82\xac")};

	(void)state;
	check_rows(rows, LEN(rows), &options);
}

#define LINK "<a href='http://x.example'>"
#define SIGNED                                                                         \
	"Subject: x\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhttp://x.example"
#define ENCRYPTED                                                                      \
	"Subject: x\r\n\r\nhi\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhttp://x.example"
#define ATTACHED "Content-Disposition: Attachment\r\n"
#define IN_MULTIPART(subtype, field, text)                                             \
	"Content-Type: multipart/" subtype                                             \
	"; boundary=o\r\n\r\n--o\r\n" field HTML text LAST

#define IN_SIGNED    IN_MULTIPART("signed", "", LINK)
#define IN_ENCRYPTED IN_MULTIPART("encrypted", "", LINK)
#define AS_FILE      IN_MULTIPART("mixed", ATTACHED, LINK)
#define UUENCODED    HTML_UU LINK
#define UTF16_7BIT   HTML_IN("utf-16", "7bit") LINK

static void test_held(void **state)
{
	static const struct {
		enum rewrite_skip skip;
		const char *letter;
	} rows[] = {
	        {REWRITE_SIGNED,    SIGNED	                                  },
	        {REWRITE_ENCRYPTED, ENCRYPTED                                       },
	        {REWRITE_SIGNED,    IN_SIGNED                                       },
	        {REWRITE_ENCRYPTED, IN_ENCRYPTED                                    },
	        {REWRITE_ATTACHED,  AS_FILE                                         },
	        {REWRITE_ENCLOSED,  "Content-Type: message/rfc822\r\n\r\n" HTML LINK},
	        {REWRITE_ENCODING,  UUENCODED                                       },
	        {REWRITE_CHARSET,   UTF16_7BIT                                      },
	};
	struct rewrite_options options = {
	        .map = map_to,
	        .arg = (void *)(uintptr_t) "http://t/",
	        .text = true,
	        .pixel = STR("http://p/"),
	        .unsubscribe = STR("http://u/"),
	        .footer_html = STR("x"),
	        .footer_text = STR("x"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		AUTO(arena) a = {0};
		struct str text = str_c(rows[i].letter);
		struct rewrite_report report;

		assert_str(rewrite(&a, text, &options, &report), text);
		assert_int_equal(report.parts.n, 1);
		assert_int_equal(report.parts.v[0].skip, rows[i].skip);
		assert_int_equal(report.link_count, 0);
		assert_false(report.has_pixel || report.has_footer);
	}
	check_rows(
	        &(struct row){"Subject: x\r\n\r\nsay -----BEGIN PGP MESSAGE-----\r\n",
	                      "Subject: x\r\n\r\nsay -----BEGIN PGP MESSAGE-----\r\nx"},
	        1, &options);
}

static void test_changes(void **state)
{
	static const struct header_change changes[] = {
	        {HEADER_SET,    STR_INIT("List-Unsubscribe"), STR_INIT("<http://u/>")},
	        {HEADER_ADD,    STR_INIT("X-A"),              STR_INIT("2")          },
	        {HEADER_REMOVE, STR_INIT("X-B"),              STR_INIT("")           },
	};
	static const struct row rows[] = {
	        {"X-B: 1\r\nX-A: 1\r\nx-b: 2\r\n 3\r\n\r\nhttp://x.example",
	         "X-A: 1\r\nList-Unsubscribe: <http://u/>\r\nX-A: 2\r\n\r\nhttp://t/"                                               },
	        {"list-UNSUBSCRIBE: x\nSubject: x\n\n",
	         "List-Unsubscribe: <http://u/>\nSubject: x\nX-A: 2\n\n"                                                            },
	        {"Subject: x",	                                       "List-Unsubscribe: <http://u/>\r\nX-A: 2\r\nSubject: x"},
	        {"\r\nx",	                                            "List-Unsubscribe: <http://u/>\r\nX-A: 2\r\n\r\nx"     },
	};
	struct rewrite_options options = {
	        .map = map_to,
	        .arg = (void *)(uintptr_t) "http://t/",
	        .text = true,
	        .changes = changes,
	        .change_count = LEN(changes),
	};

	(void)state;
	check_rows(rows, LEN(rows), &options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_text_links),
	        cmocka_unit_test(test_encodings),
	        cmocka_unit_test(test_charsets),
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_long_lines),
	        cmocka_unit_test(test_no_track),
	        cmocka_unit_test(test_unsubscribe),
	        cmocka_unit_test(test_footer_and_pixel),
	        cmocka_unit_test(test_footer_charsets),
	        cmocka_unit_test(test_held),
	        cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
