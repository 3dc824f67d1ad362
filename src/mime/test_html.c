/* HTML: references, judging targets, writing attribute values, the scan. */
#include "mime/charref.h"
#include "mime/charref_table.h"
#include "mime/html.h"
#include "mime/html_links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_references(void **state)
{
	static const struct {
		const char *in, *text, *value; /* as text, as an attribute's value */
	} cases[] = {
	        {"&amp;",	                     "&",                        NULL             },
	        {"&amp",	                      "&",                        NULL             },
	        {"&ampx",	                     "&x",                       "&ampx"          },
	        {"&amp=1",	                    "&=1",                      "&amp=1"         },
	        {"&amp/",	                     "&/",                       NULL             },
	        {"&copy=1&reg;",                      "\xc2\xa9=1\xc2\xae",       "&copy=1\xc2\xae"},
	        {"&notit;",                           "\xc2\xacit;",              "&notit;"        },
	        {"&notin;",                           "\xe2\x88\x89",             NULL             },
	        {"&nGt;",	                     "\xe2\x89\xab\xe2\x83\x92", NULL             },
	        {"&NotEqualTilde;",                   "\xe2\x89\x82\xcc\xb8",     NULL             },
	        {"&CounterClockwiseContourIntegral;", "\xe2\x88\xb3",             NULL             },
	        {"&Afr;",	                     "\xf0\x9d\x94\x84",         NULL             },
	        {"&zwnj;",	                    "\xe2\x80\x8c",             NULL             },
	        {"&nosuch;",                          "&nosuch;",                 NULL             },
	        {"&",	                         "&",                        NULL             },
	        {"&&amp;",	                    "&&",                       NULL             },
	        {"&;",	                        "&;",                       NULL             },
	        {"&\xc3\xa9;",                        "&\xc3\xa9;",               NULL             },
	        {"&AMP;&LT",                          "&<",                       NULL             },
	        {"&#38;",	                     "&",                        NULL             },
	        {"&#38",	                      "&",                        NULL             },
	        {"&#038x",	                    "&x",                       NULL             },
	        {"&#x26;&#X26",                       "&&",                       NULL             },
	        {"&#",	                        "&#",                       NULL             },
	        {"&#;",	                       "&#;",                      NULL             },
	        {"&#x;",	                      "&#x;",                     NULL             },
	        {"&#xg",	                      "&#xg",                     NULL             },
	        {"&#0;",	                      "\xef\xbf\xbd",             NULL             },
	        {"&#x80;",	                    "\xe2\x82\xac",             NULL             },
	        {"&#x81;",	                    "\xc2\x81",                 NULL             },
	        {"&#150;",	                    "\xe2\x80\x93",             NULL             },
	        {"&#x9f;",	                    "\xc5\xb8",                 NULL             },
	        {"&#13;",	                     "\r",                       NULL             },
	        {"&#xd800;",                          "\xef\xbf\xbd",             NULL             },
	        {"&#xdfff;",                          "\xef\xbf\xbd",             NULL             },
	        {"&#xffff;",                          "\xef\xbf\xbf",             NULL             },
	        {"&#x10ffff;",                        "\xf4\x8f\xbf\xbf",         NULL             },
	        {"&#x110000;",                        "\xef\xbf\xbd",             NULL             },
	        {"&#99999999999999999999;",           "\xef\xbf\xbd",             NULL             },
	        {"a\r\nb\rc\n",                       "a\nb\nc\n",                NULL             },
	        {"\r&lt;\r\n\r",                      "\n<\n\n",                  NULL             },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct str in = str_c(cases[i].in);
		struct str text = html_decode(&a, in, HTML_REFERENCES);
		struct str value = html_decode(&a, in, HTML_ATTRIBUTE);

		if (!str_eq(text, str_c(cases[i].text)))
			fail_msg("%s: text %.*s", cases[i].in, STR_ARG(text));
		if (!str_eq(value,
		            str_c(cases[i].value ? cases[i].value : cases[i].text)))
			fail_msg("%s: value %.*s", cases[i].in, STR_ARG(value));
	}
}

/* Every name is found as itself, and nothing in front of it is taken for it. */
static void test_every_name(void **state)
{
	(void)state;
	assert_int_equal(charref_row_count, 2231);
	for (size_t i = 0; i < charref_row_count; i++) {
		const struct charref_row *row = &charref_rows[i];
		char text[40] = "&";
		struct charref ref;
		size_t n;

		memcpy(text + 1, charref_names + row->name_at, row->name_len);
		n = charref_parse((struct str){text, row->name_len + 1u}, true, &ref);
		assert_int_equal(n, row->name_len + 1);
		assert_true(ref.n > 0 && ref.n <= n + 1);
		n = charref_parse((struct str){text, row->name_len}, false, &ref);
		assert_true(n <= row->name_len);
	}
}

static void test_decoding(void **state)
{
	AUTO(arena) a = {0};
	struct str plain = STR("no change \xff");
	struct str in = {"A\0b\r\nC&amp;", 11};

	(void)state;
	assert_ptr_equal(html_decode(&a, plain, HTML_REFERENCES).p, plain.p);
	assert_true(str_eq(html_decode(&a, in, HTML_LOWER), STR("a\xef\xbf\xbd"
	                                                        "b\nc&amp;")));
	assert_true(str_eq(html_decode(&a, in, HTML_REFERENCES | HTML_KEEP_NUL),
	                   (struct str){"A\0b\nC&", 6}));
}

static const struct str hosts[] = {STR_INIT("acme.example"), STR_INIT("b.test")};
static const struct str tracked[] = {STR_INIT("https://t.example/c/")};
static const struct link_rules rules = {hosts, LEN(hosts), tracked, LEN(tracked)};
static const struct {
	const char *target;
	enum link_reason why;
} judge_cases[] = {
        {"http://x.example",                         LINK_TRACKABLE},
        {"https://x.example/?q=http://acme.example", LINK_TRACKABLE},
        {" \f\thttp://x.example/ \n",                LINK_TRACKABLE},
        {"HtTp://x.example",                         LINK_TRACKABLE},
        {"h\nt\tt\rp:/\n/x.example",                 LINK_TRACKABLE},
        {"http:\\\\x.example",                       LINK_TRACKABLE},
        {"http:///x.example",                        LINK_TRACKABLE},
        {"http://[2001:db8::1]:80/",                 LINK_TRACKABLE},
        {"http://b\xc3\xbc"
         "cher.example",                    LINK_TRACKABLE},
        {"http://x.example/{a}$[b]*c",               LINK_TRACKABLE},
        {"http://x.example/?f={%22a%22:1}",          LINK_TRACKABLE},
        {"http://x.example/?f=[[1,2],3]",            LINK_TRACKABLE},
        {"http://x.example/{{}",                     LINK_MERGE_TAG},
        {"",                                         LINK_EMPTY    },
        {" \r\n\t",                                  LINK_EMPTY    },
        {"#",                                        LINK_FRAGMENT },
        {" #x{{y}}",                                 LINK_FRAGMENT },
        {"{{url}}",                                  LINK_MERGE_TAG},
        {"{{ url",                                   LINK_MERGE_TAG},
        {"http://x.example/{{id}}",                  LINK_MERGE_TAG},
        {"http://x.example/{% if a %}",              LINK_MERGE_TAG},
        {"http://x.example/*|ID|*",                  LINK_MERGE_TAG},
        {"<%= url %>",                               LINK_MERGE_TAG},
        {"[[url]]",                                  LINK_MERGE_TAG},
        {"http://x.example/?${id}",                  LINK_MERGE_TAG},
        {"mailto:{{to}}",                            LINK_MERGE_TAG},
        {"mailto:me@x.example",                      LINK_SCHEME   },
        {"TEL:+123",                                 LINK_SCHEME   },
        {"sms:1",                                    LINK_SCHEME   },
        {"cid:part1",                                LINK_SCHEME   },
        {"data:text/html,x",                         LINK_SCHEME   },
        {"java\nscript:x",                           LINK_SCHEME   },
        {"httpss://x.example",                       LINK_SCHEME   },
        {"httphttphttp://x.example",                 LINK_SCHEME   },
        {"file:///x",                                LINK_SCHEME   },
        {"//x.example/",                             LINK_RELATIVE },
        {"www.x.example",                            LINK_RELATIVE },
        {"/x:y",                                     LINK_RELATIVE },
        {"?http://x",                                LINK_RELATIVE },
        {"1http://x",                                LINK_RELATIVE },
        {"http",                                     LINK_RELATIVE },
        {"http:",                                    LINK_NO_HOST  },
        {"http://",                                  LINK_NO_HOST  },
        {"http:x.example",                           LINK_NO_HOST  },
        {"http:/x.example",                          LINK_NO_HOST  },
        {"http://?x",                                LINK_NO_HOST  },
        {"http://#x",                                LINK_NO_HOST  },
        {"http://me@/x",                             LINK_NO_HOST  },
        {"http://:80/x",                             LINK_NO_HOST  },
        {"http://acme.example",                      LINK_EXCLUDED },
        {"http://ACME.example.:80/x",                LINK_EXCLUDED },
        {"http://www.acme.example?x",                LINK_EXCLUDED },
        {"http://me:pw@a@b.test#x",                  LINK_EXCLUDED },
        {"http://%61cme.ex\name.example\\x",         LINK_TRACKABLE},
        {"http://%61cme.ex\nample\\x",               LINK_EXCLUDED },
        {"http://xacme.example",                     LINK_TRACKABLE},
        {"http://acme.example@x.example/",           LINK_TRACKABLE},
        {"https://t.example/c/abc",                  LINK_TRACKED  },
        {" https://t.example/c/",                    LINK_TRACKED  },
        {"https://t.example/d/",                     LINK_TRACKABLE},
};

static void test_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(judge_cases); i++) {
		enum link_reason why = link_judge(str_c(judge_cases[i].target), &rules);

		if (why != judge_cases[i].why)
			fail_msg("%s: %s", judge_cases[i].target,
			         link_reason_word(why));
	}
	assert_int_equal(link_judge(STR("http://acme.example"), NULL), LINK_TRACKABLE);
}

static void test_judge_length(void **state)
{
	static char target[LINK_LEN_MAX + 2] = "http://x.example/";
	size_t n = strlen(target);

	(void)state;
	memset(target + n, 'y', LINK_LEN_MAX + 1 - n);
	assert_int_equal(link_judge((struct str){target, LINK_LEN_MAX}, NULL),
	                 LINK_TRACKABLE);
	assert_int_equal(link_judge((struct str){target, LINK_LEN_MAX + 1}, NULL),
	                 LINK_TOO_LONG);
	for (int why = LINK_TRACKABLE; why <= LINK_TOO_LONG; why++) {
		assert_true(link_reason_word((enum link_reason)why)[0]);
		assert_true(link_reason_phrase((enum link_reason)why)[0]);
	}
}

static void test_attribute(void **state)
{
	static const struct {
		const char *target;
		char quote;
		const char *out;
	} cases[] = {
	        {"http://x/",    '"',  "http://x/"                         },
	        {"a&b",          '"',  "a&amp;b"                           },
	        {"&amp;&#1;",    '\'', "&amp;amp;&amp;#1;"                 },
	        {"'\"<>= `",     '"',  "'&quot;<>= `"                      },
	        {"'\"<>= `",     '\'', "&#39;\"<>= `"                      },
	        {"'\"<>= `",     0,    "&#39;&quot;&lt;&gt;&#61;&#32;&#96;"},
	        {"a\tb\nc\fd",   0,    "a&#9;b&#10;c&#12;d"                },
	        {"a\tb\nc\rd",   '"',  "a\tb\nc&#13;d"                     },
	        {"-->--!>",      '"',  "--&gt;--!&gt;"                     },
	        {"x--",          0,    "x-&#45;"                           },
	        {"x--!",         0,    "x--&#33;"                          },
	        {"x--",          '"',  "x--"                               },
	        {"",             '"',  ""	                          },
	        {"",             0,    "\"\""	                      },
	        {"\xff\xc3\xa9", 0,    "\xff\xc3\xa9"                      },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct str out =
		        html_attribute(&a, str_c(cases[i].target), cases[i].quote);

		if (!str_eq(out, str_c(cases[i].out)))
			fail_msg("%s: %.*s", cases[i].target, STR_ARG(out));
	}
}

/* Every pair of bytes comes back from each kind of quotes. */
static void test_attribute_round_trip(void **state)
{
	static const char quotes[] = {'"', '\'', 0};

	(void)state;
	for (unsigned pair = 0; pair < 65536 * LEN(quotes); pair++) {
		AUTO(arena) a = {0};
		char quote = quotes[pair >> 16];
		const char target[] = {(char)(pair >> 8), (char)pair};
		struct html_scan scan;
		struct str text, html;

		if (!target[0] || !target[1]) /* no value of HTML has a NUL */
			continue;
		text = html_attribute(&a, (struct str){target, 2}, quote);
		html = quote ? arena_printf(&a, "<a href=%c%.*s%c>", quote,
		                            STR_ARG(text), quote)
		             : arena_printf(&a, "<a href=%.*s>", STR_ARG(text));
		html_scan(&a, html, NULL, &scan);
		assert_int_equal(scan.links.n, 1);
		assert_true(str_eq(scan.links.v[0].value, (struct str){target, 2}));
		assert_int_equal(scan.links.v[0].quote, quote);
	}
}

static void test_conditional(void **state)
{
	static const char html[] =
	        "<!--[if mso]><v:RoundRect "
	        "HREF='http://x'></v:RoundRect></body><![endif]-->"
	        "<!--[if !mso]><!--><a href=\"http://y\"><!--<![endif]-->";
	AUTO(arena) a = {0};
	struct html_scan scan;
	const struct link *l;

	(void)state;
	html_scan(&a, STR(html), NULL, &scan);
	assert_int_equal(scan.links.n, 2);
	l = scan.links.v;
	assert_true(str_eq(l->element, STR("v:roundrect")));
	assert_true(str_eq(l->attribute, STR("href")));
	assert_true(l->is_conditional && l->why == LINK_TRACKABLE && l->quote == '\'');
	assert_int_equal(l->start, 32);
	assert_int_equal(l->end, 40);
	l++;
	assert_true(str_eq(l->element, STR("a")) && !l->is_conditional);
	assert_int_equal(l->start, strstr(html, "http://y") - html);
	assert_int_equal(scan.body_end, sizeof(html) - 1);
}

static void test_body_end(void **state)
{
	static const struct {
		const char *html;
		size_t at;
	} cases[] = {
	        {"",	                           0 },
	        {"text",	                       4 },
	        {"<p></body></html>",                  3 },
	        {"<p></BODY \n></html>",               3 },
	        {"<p></html>",                         3 },
	        {"</body>x</body>y</html>",            8 },
	        {"</html></body>",                     7 },
	        {"x<!--</body>-->",                    15},
	        {"<!--[if mso]></body><![endif]-->",   32},
	        {"<style></body></style>",             22},
	        {"<title></body></title></body>",      22},
	        {"<a title='</body>'>",                19},
	        {"x</body",	                    1 },
	        {"x</body y",                          1 },
	        {"x<a href='y",                        1 },
	        {"x<p",	                        1 },
	        {"x</",	                        1 },
	        {"x<",	                         2 },
	        {"1 < 2",	                      5 },
	        {"x<!-- y>",                           1 },
	        {"x<!y",	                       1 },
	        {"x<style>y",                          1 },
	        {"<title>x</title>y<textarea><p></p>", 17},
	        {"x</body><!-- y",                     1 },
	        {"</bodyx></body>",                    8 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct html_scan scan;

		html_scan(&a, str_c(cases[i].html), NULL, &scan);
		if (scan.body_end != cases[i].at)
			fail_msg("%s: %zu", cases[i].html, scan.body_end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_references),
	        cmocka_unit_test(test_every_name),
	        cmocka_unit_test(test_decoding),
	        cmocka_unit_test(test_judge),
	        cmocka_unit_test(test_judge_length),
	        cmocka_unit_test(test_attribute),
	        cmocka_unit_test(test_attribute_round_trip),
	        cmocka_unit_test(test_conditional),
	        cmocka_unit_test(test_body_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
