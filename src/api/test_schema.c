/* Schemas: what each kind takes, what its errors say and where, and its JSON Schema; and
 * the documents of problems. */
#include "api/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {"red", "blue", NULL};

/* clang-format off */
static const struct schema_field inner_fields[] = {
	{"a", SCHEMA_TEXT, true, .help = "a text"},
};
static const struct schema inner = {"Inner", inner_fields, LEN(inner_fields)};

static const struct schema_field fields[] = {
	{"text", SCHEMA_TEXT, .min = 2, .max = 5, .help = "a text"},
	{"null", SCHEMA_TEXT, .nullable = true, .help = "or nothing"},
	{"long", SCHEMA_TEXT, .max = 1000, .help = "lines"},
	{"mail", SCHEMA_EMAIL, .help = "an address"},
	{"word", SCHEMA_WORD, .words = words, .help = "a colour"},
	{"number", SCHEMA_NUMBER, .min = -5, .max = 10, .help = "a number"},
	{"bool", SCHEMA_BOOL, .help = "yes or no", .example = "true"},
	{"time", SCHEMA_TIME, .help = "a time"},
	{"id", SCHEMA_ID, .help = "an id"},
	{"object", SCHEMA_OBJECT, .object = &inner, .help = "an object"},
	{"list", SCHEMA_LIST, .object = &inner, .max = 2, .help = "objects"},
	{"texts", SCHEMA_LIST, .min = 1, .help = "texts"},
	{"words", SCHEMA_WORDS, .words = words, .help = "colours"},
	{"map", SCHEMA_MAP, .max = 2, .help = "texts by name"},
};
static const struct schema schema = {"Test", fields, LEN(fields)};
/* clang-format on */

struct body_case {
	const char *body, *pointer, *code; /* NULL: it is right */
};

static const struct body_case bodies[] = {
        {"{}",                                                     NULL,        NULL            },
        {"[]",                                                     "",          "wrong_type"    },
        {"3",                                                      "",          "wrong_type"    },
        {"{\"text\":\"ab\"}",                                      NULL,        NULL            },
        {"{\"text\":\"a\"}",                                       "/text",     "too_short"     },
        {"{\"text\":\"abcdef\"}",                                  "/text",     "too_long"      },
        {"{\"text\":\"a\\tb\"}",                                   "/text",     "bad_form"      },
        {"{\"text\":null}",                                        "/text",     "wrong_type"    },
        {"{\"null\":null}",                                        NULL,        NULL            },
        {"{\"long\":\"a\\nb\"}",                                   NULL,        NULL            },
        {"{\"mail\":\"a@b.example\"}",                             NULL,        NULL            },
        {"{\"mail\":\"a@{{ x }}\"}",                               NULL,        NULL            },
        {"{\"mail\":\"a\"}",                                       "/mail",     "bad_form"      },
        {"{\"mail\":\"a@b@c\"}",                                   "/mail",     "bad_form"      },
        {"{\"mail\":\"a b@c\"}",                                   "/mail",     "bad_form"      },
        {"{\"mail\":\"@c\"}",                                      "/mail",     "bad_form"      },
        {"{\"mail\":\"a@b\\r\\nBcc: c\"}",                         "/mail",     "bad_form"      },
        {"{\"word\":\"red\"}",                                     NULL,        NULL            },
        {"{\"word\":\"Red\"}",                                     "/word",     "not_allowed"   },
        {"{\"word\":1}",                                           "/word",     "wrong_type"    },
        {"{\"number\":-5}",                                        NULL,        NULL            },
        {"{\"number\":-6}",                                        "/number",   "too_short"     },
        {"{\"number\":11}",                                        "/number",   "too_long"      },
        {"{\"number\":1.5}",                                       "/number",   "wrong_type"    },
        {"{\"number\":\"1\"}",                                     "/number",   "wrong_type"    },
        {"{\"bool\":true}",                                        NULL,        NULL            },
        {"{\"bool\":1}",                                           "/bool",     "wrong_type"    },
        {"{\"time\":\"2026-11-21T02:30:00Z\"}",                    NULL,        NULL            },
        {"{\"time\":\"2026-11-21\"}",                              "/time",     "bad_form"      },
        {"{\"id\":\"dom_42\"}",                                    NULL,        NULL            },
        {"{\"id\":\"dom_x\"}",                                     "/id",       "bad_form"      },
        {"{\"object\":{\"a\":\"x\"}}",                             NULL,        NULL            },
        {"{\"object\":{}}",                                        "/object/a", "required"      },
        {"{\"object\":{\"a\":\"x\",\"b\":1}}",                     "/object/b", "unknown_member"},
        {"{\"list\":[{\"a\":\"x\"},{\"a\":1}]}",                   "/list/1/a", "wrong_type"    },
        {"{\"list\":[{\"a\":\"x\"},{\"a\":\"x\"},{\"a\":\"x\"}]}", "/list",     "too_long"      },
        {"{\"list\":{}}",                                          "/list",     "wrong_type"    },
        {"{\"texts\":[\"a\",\"\"]}",                               "/texts/1",  "too_short"     },
        {"{\"texts\":[]}",                                         "/texts",    "too_short"     },
        {"{\"words\":[\"red\",\"green\"]}",                        "/words/1",  "not_allowed"   },
        {"{\"map\":{\"a/b\":1}}",                                  "/map/a~1b", "wrong_type"    },
        {"{\"map\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}",        "/map",      "too_long"      },
        {"{\"other\":1}",                                          "/other",    "unknown_member"},
};

static void bodies_are_checked(void **state)
{
	AUTO(arena) a = {0};

	(void)state;
	for (size_t i = 0; i < LEN(bodies); i++) {
		const struct body_case *c = &bodies[i];
		json_t *value = json_loads(c->body, JSON_DECODE_ANY, NULL);
		struct problem_errors errors = {0};
		bool ok;

		assert_non_null(value);
		ok = schema_check(&a, &schema, value, &errors);
		json_decref(value);
		if (ok != !c->code || errors.n != !ok)
			fail_msg("%s: %zu errors", c->body, errors.n);
		if (ok)
			continue;
		if (!str_eq(errors.v[0].at, str_c(c->pointer)))
			fail_msg("%s: %.*s", c->body, STR_ARG(errors.v[0].at));
		assert_string_equal(field_error_row(errors.v[0].code)->code, c->code);
		assert_true(errors.v[0].detail.n > 0);
	}
}

static void all_errors_are_told_up_to_a_bound(void **state)
{
	AUTO(arena) a = {0};
	AUTO_JSON json_t *value = json_object();
	AUTO_JSON json_t *document = NULL;
	struct problem_errors errors = {0};
	char name[16];

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		json_object_set_new(value, name, json_true());
	}
	assert_false(schema_check(&a, &schema, value, &errors));
	assert_int_equal(errors.n, PROBLEM_ERRORS_MAX);
	document = problem_json(PROBLEM_INVALID, STR_NONE, &errors);
	assert_int_equal(json_array_size(json_object_get(document, "errors")),
	                 PROBLEM_ERRORS_MAX);
}

static void queries_become_values(void **state)
{
	AUTO(arena) a = {0};
	struct problem_errors errors = {0};
	AUTO_JSON json_t *out = schema_query(
	        &a, &schema, STR("number=7&bool=true&text=a%20b&word=blue"), &errors);

	(void)state;
	assert_int_equal(errors.n, 0);
	assert_int_equal(json_integer_value(json_object_get(out, "number")), 7);
	assert_true(json_is_true(json_object_get(out, "bool")));
	assert_string_equal(json_string_value(json_object_get(out, "text")), "a b");
}

static void problems_are_documents(void **state)
{
	AUTO_JSON json_t *document = problem_json(PROBLEM_RATE, STR("Wait."), NULL);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(document, "type")),
	                    "/docs/api.md#rate_limited");
	assert_int_equal(json_integer_value(json_object_get(document, "status")), 429);
	assert_string_equal(json_string_value(json_object_get(document, "code")),
	                    "rate_limited");
	assert_string_equal(json_string_value(json_object_get(document, "detail")),
	                    "Wait.");
	assert_null(json_object_get(document, "errors"));
	for (size_t i = 0; i < PROBLEM_COUNT; i++) {
		const struct problem_row *row = problem_row((enum problem)i);

		assert_true(row->status >= 400 && row->status < 600);
		assert_true(*row->code && *row->title);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(row->code,
			                        problem_row((enum problem)j)->code);
	}
}

static void schemas_are_json_schemas(void **state)
{
	AUTO(arena) a = {0};
	AUTO_JSON json_t *out = schema_json(&schema);
	json_t *properties = json_object_get(out, "properties");

	(void)state;
	assert_int_equal(json_object_size(properties), LEN(fields));
	assert_true(json_is_false(json_object_get(out, "additionalProperties")));
	assert_true(str_eq(json_line(&a, json_object_get(properties, "number")),
	                   STR("{\"type\":\"integer\",\"minimum\":-5,\"maximum\":10,"
	                       "\"description\":\"a number\"}")));
	assert_true(str_eq(json_line(&a, json_object_get(properties, "object")),
	                   STR("{\"$ref\":\"#/components/schemas/Inner\","
	                       "\"description\":\"an object\"}")));
	assert_true(str_eq(json_line(&a, json_object_get(properties, "words")),
	                   STR("{\"type\":\"array\",\"items\":{\"type\":\"string\","
	                       "\"enum\":[\"red\",\"blue\"]},\"description\":"
	                       "\"colours\"}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bodies_are_checked),
	        cmocka_unit_test(all_errors_are_told_up_to_a_bound),
	        cmocka_unit_test(queries_become_values),
	        cmocka_unit_test(problems_are_documents),
	        cmocka_unit_test(schemas_are_json_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
