#include "api/schema.h"

#include "base/utf8.h"
#include "net/http_url.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 100, MAP_MAX = 64 };

/* Where a check is: what it adds errors to. */
struct place {
	struct arena *a;
	struct problem_errors *errors;
	bool is_query;
};

static struct str pointer_to(const struct place *at, struct str pointer,
                             const char *name)
{
	return at->is_query ? arena_dup(at->a, str_c(name))
	                    : problem_pointer(at->a, pointer, name);
}

static bool wrong(const struct place *at, struct str where, enum field_error code,
                  const char *format, ...) PRINTF(4, 5);

static bool wrong(const struct place *at, struct str where, enum field_error code,
                  const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem_add(at->errors, at->is_query, where, code,
	            arena_dup(at->a, str_c(text)));
	return false;
}

static struct str text_of(const json_t *value)
{
	return (struct str){json_string_value(value), json_string_length(value)};
}

static bool check_length(const struct place *at, struct str where, size_t n,
                         int64_t min, int64_t max, const char *unit)
{
	if ((int64_t)n < min)
		return min == 1 ? wrong(at, where, FIELD_TOO_SHORT, "It is empty.")
		                : wrong(at, where, FIELD_TOO_SHORT,
		                        "At least %lld %s are needed.", (long long)min,
		                        unit);
	if ((int64_t)n > max)
		return wrong(at, where, FIELD_TOO_LONG, "At most %lld %s are taken.",
		             (long long)max, unit);
	return true;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Local part and domain, without blanks; what the domain is made of is not looked at. */
static bool is_email(struct str s)
{
	ptrdiff_t at = -1;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '@')
			at = (ptrdiff_t)i;
		if ((unsigned char)s.p[i] <= ' ' || strchr("<>()[],;:\\\"", s.p[i]))
			return false;
	}
	return at > 0 && at <= 64 && (size_t)at + 1 < s.n &&
	       str_find_char(s, '@') == at;
}

/* An address whose domain is made by a template has blanks and quotes in it. */
static bool is_template_email(struct str s)
{
	ptrdiff_t at = str_find_char(s, '@');

	return at > 0 && (str_find(str_from(s, (size_t)at), STR("{{")) >= 0 ||
	                  str_find(str_from(s, (size_t)at), STR("{%")) >= 0);
}

static bool is_time(struct str s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (s.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (form[i] == 'd' ? !char_is_digit(s.p[i]) : s.p[i] != form[i])
			return false;
	return true;
}

static bool is_id(struct str s)
{
	ptrdiff_t bar = str_find_char(s, '_');
	uint64_t number;

	return bar == 3 && str_parse_uint(str_from(s, 4), INT64_MAX, &number);
}

static struct str words_text(struct arena *a, const char *const *words)
{
	struct str out = STR_NONE;

	for (size_t i = 0; words[i]; i++)
		out = arena_printf(a, "%.*s%s%s", STR_ARG(out), i ? ", " : "",
		                   words[i]);
	return out;
}

static bool check_word(const struct place *at, struct str where,
                       const char *const *words, const json_t *value)
{
	if (!json_is_string(value))
		return wrong(at, where, FIELD_TYPE, "It must be a string.");
	for (size_t i = 0; words[i]; i++)
		if (str_eq(text_of(value), str_c(words[i])))
			return true;
	return wrong(at, where, FIELD_NOT_ALLOWED, "It must be one of %.*s.",
	             STR_ARG(words_text(at->a, words)));
}

static bool check_text(const struct place *at, struct str where,
                       const struct schema_field *f, const json_t *value)
{
	struct str s = text_of(value);
	enum schema_kind kind = f->kind;

	if (!json_is_string(value))
		return wrong(at, where, FIELD_TYPE, "It must be a string.");
	if (!check_length(at, where, s.n, f->min, f->max ? f->max : SCHEMA_TEXT_MAX,
	                  "bytes"))
		return false;
	if (f->max <= SCHEMA_TEXT_MAX && has_control(s))
		return wrong(at, where, FIELD_FORM,
		             "It must not have line breaks or other controls.");
	if (kind == SCHEMA_EMAIL && !is_email(s) && !is_template_email(s))
		return wrong(at, where, FIELD_FORM, "It must be a mail address.");
	if (kind == SCHEMA_TIME && !is_time(s))
		return wrong(at, where, FIELD_FORM,
		             "It must be a time as 2026-11-21T02:30:00Z.");
	if (kind == SCHEMA_ID && !is_id(s))
		return wrong(at, where, FIELD_FORM, "It must be an id as dom_42.");
	return true;
}

static bool check_number(const struct place *at, struct str where,
                         const struct schema_field *f, const json_t *value)
{
	int64_t n = json_integer_value(value);

	if (!json_is_integer(value))
		return wrong(at, where, FIELD_TYPE, "It must be a whole number.");
	if (n < f->min)
		return wrong(at, where, FIELD_TOO_SHORT, "It must be at least %lld.",
		             (long long)f->min);
	if (f->max && n > f->max)
		return wrong(at, where, FIELD_TOO_LONG, "It must be at most %lld.",
		             (long long)f->max);
	return true;
}

static bool check_object(const struct place *at, struct str where,
                         const struct schema *schema, const json_t *value);

static bool check_list(const struct place *at, struct str where,
                       const struct schema_field *f, const json_t *value)
{
	static const struct schema_field text = {
	        .kind = SCHEMA_TEXT, .min = 1, .max = 1000};
	bool ok = true;

	if (!json_is_array(value))
		return wrong(at, where, FIELD_TYPE, "It must be an array.");
	if (!check_length(at, where, json_array_size(value), f->min,
	                  f->max ? f->max : LIST_MAX, "elements"))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct str place = arena_printf(at->a, "%.*s/%zu", STR_ARG(where), i);
		const json_t *element = json_array_get(value, i);

		if (f->kind == SCHEMA_WORDS)
			ok &= check_word(at, place, f->words, element);
		else if (f->object)
			ok &= check_object(at, place, f->object, element);
		else
			ok &= check_text(at, place, &text, element);
	}
	return ok;
}

static bool check_map(const struct place *at, struct str where,
                      const struct schema_field *f, const json_t *value)
{
	static const struct schema_field text = {.kind = SCHEMA_TEXT,
	                                         .max = SCHEMA_MAP_TEXT_MAX};
	bool ok = true;
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return wrong(at, where, FIELD_TYPE, "It must be an object.");
	if (!check_length(at, where, json_object_size(value), f->min,
	                  f->max ? f->max : MAP_MAX, "members"))
		return false;
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		struct str place = problem_pointer(at->a, where, name);

		if (check_text(at, place, &text, member) &&
		    !has_control(text_of(member)))
			continue;
		ok = false;
	}
	return ok;
}

static bool check_value(const struct place *at, struct str where,
                        const struct schema_field *f, const json_t *value)
{
	if (json_is_null(value))
		return f->nullable ||
		       wrong(at, where, FIELD_TYPE, "It must not be null.");
	switch (f->kind) {
	case SCHEMA_WORD:
		return check_word(at, where, f->words, value);
	case SCHEMA_NUMBER:
		return check_number(at, where, f, value);
	case SCHEMA_BOOL:
		return json_is_boolean(value) ||
		       wrong(at, where, FIELD_TYPE, "It must be true or false.");
	case SCHEMA_OBJECT:
		return check_object(at, where, f->object, value);
	case SCHEMA_LIST:
	case SCHEMA_WORDS:
		return check_list(at, where, f, value);
	case SCHEMA_MAP:
		return check_map(at, where, f, value);
	case SCHEMA_NUMBERS:
		return json_is_array(value) ||
		       wrong(at, where, FIELD_TYPE, "It must be an array.");
	case SCHEMA_ANY:
		return json_is_object(value) ||
		       wrong(at, where, FIELD_TYPE, "It must be an object.");
	case SCHEMA_TEXT:
	case SCHEMA_NAME:
	case SCHEMA_EMAIL:
	case SCHEMA_TIME:
	case SCHEMA_ID:
		break;
	}
	return check_text(at, where, f, value);
}

static const struct schema_field *find_field(const struct schema *schema,
                                             const char *name)
{
	for (size_t i = 0; i < schema->n; i++)
		if (strcmp(schema->fields[i].name, name) == 0)
			return &schema->fields[i];
	return NULL;
}

static bool check_object(const struct place *at, struct str where,
                         const struct schema *schema, const json_t *value)
{
	bool ok = true;
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return wrong(at, where, FIELD_TYPE, "It must be an object.");
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		const struct schema_field *f = find_field(schema, name);

		if (f)
			ok &= check_value(at, pointer_to(at, where, name), f, member);
		else
			ok = wrong(at, pointer_to(at, where, name), FIELD_UNKNOWN,
			           "Nobody knows this %s.",
			           at->is_query ? "parameter" : "member");
	}
	for (size_t i = 0; i < schema->n; i++)
		if (schema->fields[i].required &&
		    !json_object_get(value, schema->fields[i].name))
			ok = wrong(at, pointer_to(at, where, schema->fields[i].name),
			           FIELD_REQUIRED, "It is needed.");
	return ok;
}

bool schema_check(struct arena *a, const struct schema *schema, const json_t *value,
                  struct problem_errors *errors)
{
	struct place at = {a, errors, false};

	return check_object(&at, STR_NONE, schema, value);
}

/* A parameter's text as the JSON value its field asks for; what does not fit stays a
 * text, and the check then says so. */
static json_t *parameter_json(const struct schema_field *f, struct str text)
{
	uint64_t number;

	if (f && f->kind == SCHEMA_NUMBER && str_parse_uint(text, INT64_MAX, &number))
		return json_integer((json_int_t)number);
	if (f && f->kind == SCHEMA_BOOL && str_eq(text, STR("true")))
		return json_true();
	if (f && f->kind == SCHEMA_BOOL && str_eq(text, STR("false")))
		return json_false();
	return json_text(text);
}

json_t *schema_query(struct arena *a, const struct schema *schema, struct str query,
                     struct problem_errors *errors)
{
	static const struct schema none = {"None", NULL, 0};
	struct http_params params = {0};
	struct place at = {a, errors, true};
	json_t *out = json_object();

	if (!http_query_parse(a, query, &params)) {
		wrong(&at, STR_NONE, FIELD_FORM, "The query cannot be read.");
		return out;
	}
	if (!schema)
		schema = &none;
	for (size_t i = 0; i < params.n; i++) {
		const char *name = arena_cstr(a, utf8_printable(a, params.v[i].name));

		if (json_object_get(out, name)) {
			wrong(&at, str_c(name), FIELD_FORM, "It is given twice.");
			continue;
		}
		json_object_set_new(
		        out, name,
		        parameter_json(find_field(schema, name), params.v[i].value));
	}
	check_object(&at, STR_NONE, schema, out);
	return out;
}
