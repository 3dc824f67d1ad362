/*
 * The form of JSON bodies, query parameters and answers, as tables: one row a member. From
 * the same rows come the checks, the pointers of their errors, openapi.json and
 * docs/api.md; the tests hold every answer of the API to its table.
 *
 *	static const struct schema_field fields[] = {
 *		{"name", SCHEMA_TEXT, .required = true, .max = 255, .help = "domain"},
 *		{"open_tracking", SCHEMA_BOOL, .help = "count opens"},
 *	};
 *	const struct schema schema_domain_new = {"DomainNew", fields, LEN(fields)};
 *
 * A member that no row names is an error, so that a misspelt one is not silently without
 * effect.
 */
#pragma once

#include "api/problem.h"

enum schema_kind {
	SCHEMA_TEXT,
	SCHEMA_NAME,   /* a domain name, as a person types it */
	SCHEMA_EMAIL,  /* an address; template code in its domain is let through */
	SCHEMA_WORD,   /* one of `words` */
	SCHEMA_NUMBER, /* whole, min … max */
	SCHEMA_BOOL,
	SCHEMA_TIME,   /* RFC 3339 */
	SCHEMA_ID,     /* "dom_42" */
	SCHEMA_OBJECT, /* of `object` */
	SCHEMA_LIST,  /* of `object`, or of texts of at most 1000 bytes; max elements */
	SCHEMA_WORDS, /* of `words`, max elements */
	SCHEMA_NUMBERS, /* a list of whole numbers */
	SCHEMA_MAP,     /* of any names to texts of at most 2048 bytes; max members */
	SCHEMA_ANY,     /* an object that is described elsewhere */
};

struct schema;

struct schema_field {
	const char *name;
	enum schema_kind kind;
	bool required;
	bool nullable; /* null is a value, too */
	int64_t min;   /* of a number; bytes of a text, elements of a list */
	int64_t max;   /* the same; 0 is SCHEMA_TEXT_MAX, or no limit of numbers */
	const char *const *words; /* ends with NULL */
	const struct schema *object;
	const char *help;    /* a phrase */
	const char *example; /* JSON; may be NULL */
};

enum { SCHEMA_TEXT_MAX = 255, SCHEMA_MAP_TEXT_MAX = 2048 };

struct schema {
	const char *name; /* of the component in openapi.json */
	const struct schema_field *fields;
	size_t n;
};

/* Whether the value is an object of this form; each thing that is not gets an error. */
bool schema_check(struct arena *a, const struct schema *schema, const json_t *value,
                  struct problem_errors *errors);
/* Makes an object of the parameters of a query, numbers and truth values by their kind,
 * and checks it; errors name the parameter. NULL only with errors. The caller drops it. */
json_t *schema_query(struct arena *a, const struct schema *schema, struct str query,
                     struct problem_errors *errors);

/* The JSON Schema (2020-12) of a field, and of an object with its components beside it:
 * nested objects are references to "#/components/schemas/NAME". */
json_t *schema_field_json(const struct schema_field *field);
json_t *schema_json(const struct schema *schema);
/* "text", "number 1 to 200", "one of read, send": for the documents. */
struct str schema_kind_text(struct arena *a, const struct schema_field *field);
