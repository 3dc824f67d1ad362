/* From fields: one row a field, with its domain or the words of what is wrong. */
#include "auth/from.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *value;
	const char *domain; /* NULL: a problem */
	const char *also;   /* the address, or words of the problem */
} values_cases[] = {
        {"a@b.example",                               "b.example",             "a@b.example"              },
        {" a@B.Example.\r\n",                         "b.example",             "a@B.Example."             },
        {"<a@b.example>",                             "b.example",             "a@b.example"              },
        {"Joe Doe <a@b.example>",                     "b.example",             "a@b.example"              },
        {"\"Doe, Joe\" <a@b.example>",                "b.example",             "a@b.example"              },
        {"\"x\\\"@c.example\" <a@b.example>",         "b.example",             "a@b.example"              },
        {"\"ceo@bank.example\" <x@evil.example>",     "evil.example",          "x@"                       },
        {"ceo@bank.example <x@evil.example>",         "evil.example",          "x@"                       },
        {"=?utf-8?q?Doe,_Joe?= <a@b.example>",        "b.example",             "a@"                       },
        {"=?utf-8?q?<c@d.example>?= <a@b.example>",   "b.example",             "a@"                       },
        {"[News] Joe <a@b.example>",                  "b.example",             "a@"                       },
        {"Dr. Joe <a@b.example>",                     "b.example",             "a@"                       },
        {"a@b.example (Joe (the (\\) boss)) here)",   "b.example",             "a@b.example"              },
        {"(c@d.example) a (x) . c @ (y) b . example", "b.example",             "a.c@b.example"            },
        {"<@x.example,@y.example:a@b.example>",       "b.example",             "a@b.example"              },
        {"\"a@c.example\"@b.example",                 "b.example",             "\"a@c.example\"@b.example"},
        {"\"a b\"@b.example",                         "b.example",             "\"a b\"@b.example"        },
        {"a@b\xc3\xbc"
         "cher.example",                     "xn--bcher-kva.example", "a@"                       },
        {"a@b.example, c@B.example",                  "b.example",             "a@b.example"              },
        {",a@b.example,,",                            "b.example",             "a@b.example"              },
        {"Us: a@b.example, <c@b.example>;",           "b.example",             "a@b.example"              },
        {"a\r\n @b.example",                          "b.example",             "a@b.example"              },
        {"a@localhost",                               "localhost",             "a@localhost"              },
        {"",                                          NULL,                    "no address"               },
        {" \r\n",                                     NULL,                    "no address"               },
        {"()",                                        NULL,                    "no address"               },
        {"Nobody:;",                                  NULL,                    "no address"               },
        {"<>",                                        NULL,                    "cannot be read"           },
        {"Joe",                                       NULL,                    "cannot be read"           },
        {"@b.example",                                NULL,                    "cannot be read"           },
        {"a@",                                        NULL,                    "cannot be read"           },
        {"Joe a@b.example",                           NULL,                    "cannot be read"           },
        {"a@b.example Joe",                           NULL,                    "cannot be read"           },
        {"a@b.example <c@d.example",                  NULL,                    "cannot be read"           },
        {"<a@b.example> <c@d.example>",               NULL,                    "cannot be read"           },
        {"<a@b.example> c@d.example",                 NULL,                    "cannot be read"           },
        {"<a@b.example>@d.example",                   NULL,                    "cannot be read"           },
        {"a@b.example>",                              NULL,                    "cannot be read"           },
        {"\"a@b.example",                             NULL,                    "cannot be read"           },
        {"(a@b.example",                              NULL,                    "cannot be read"           },
        {"Us: a@b.example",                           NULL,                    "cannot be read"           },
        {"a@b.example;",                              NULL,                    "cannot be read"           },
        {"<x:a@b.example>",                           NULL,                    "cannot be read"           },
        {"<a@b.example,c@d.example>",                 NULL,                    "cannot be read"           },
        {"a@[192.0.2.1]",                             NULL,                    "literal"                  },
        {"a@b..example",                              NULL,                    "no possible domain"       },
        {"a@b/c.example",                             NULL,                    "no possible domain"       },
        {"<@x.example,@y.example>",                   NULL,                    "cannot be read"           },
        {"@x.example@y.example",                      NULL,                    "cannot be read"           },
        {"a@x.example@y.example",                     NULL,                    "cannot be read"           },
        {"a@x.example@y.example <a@b.example>",       "b.example",             "a@"                       },
        {"a@b.example, c@d.example",                  NULL,                    "several domains"          },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(values_cases); i++) {
		AUTO(arena) a = {0};
		struct str value = arena_dup(&a, str_c(values_cases[i].value));
		struct from from;

		from_parse(&a, value, &from);
		if (!values_cases[i].domain) {
			if (!from.problem ||
			    !strstr(from.problem, values_cases[i].also))
				fail_msg("%s: %s", values_cases[i].value,
				         from.problem ? from.problem : "was read");
			continue;
		}
		if (from.problem ||
		    !str_eq(from.domain, str_c(values_cases[i].domain)) ||
		    !str_starts(from.address, str_c(values_cases[i].also)))
			fail_msg("%s: %s, %.*s", values_cases[i].value,
			         from.problem ? from.problem : "read",
			         STR_ARG(from.address));
	}
}

static void test_many(void **state)
{
	AUTO(arena) a = {0};
	char text[FROM_ADDRESSES_MAX * 4 + 5];
	struct from from;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "a@b,"[i % 4];
	from_parse(&a, (struct str){text, FROM_ADDRESSES_MAX * 4}, &from);
	assert_null(from.problem);
	assert_int_equal(from.count, FROM_ADDRESSES_MAX);
	from_parse(&a, (struct str){text, sizeof(text) - 1}, &from);
	assert_non_null(from.problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
