/* Schemas as JSON Schema, for openapi.json, and as words, for the documents. */
#include "api/schema.h"

static void set_limits(json_t *out, const struct schema_field *f, const char *min,
                       const char *max, int64_t most)
{
	if (f->min)
		json_object_set_new(out, min, json_integer(f->min));
	if (most)
		json_object_set_new(out, max, json_integer(most));
}

static json_t *text_json(const struct schema_field *f, const char *format)
{
	json_t *out = json_pack("{s:s}", "type", "string");

	if (format)
		json_object_set_new(out, "format", json_string(format));
	set_limits(out, f, "minLength", "maxLength", f->max ? f->max : SCHEMA_TEXT_MAX);
	return out;
}

static json_t *words_json(const char *const *words)
{
	json_t *list = json_array();

	for (size_t i = 0; words[i]; i++)
		json_array_append_new(list, json_string(words[i]));
	return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *reference(const struct schema *object)
{
	AUTO(arena) a = {0};

	return json_pack(
	        "{s:o}", "$ref",
	        json_text(arena_printf(&a, "#/components/schemas/%s", object->name)));
}

static json_t *list_json(const struct schema_field *f)
{
	json_t *items = f->kind == SCHEMA_WORDS ? words_json(f->words)
	                : f->object             ? reference(f->object)
	                                        : json_pack("{s:s}", "type", "string");
	json_t *out = json_pack("{s:s, s:o}", "type", "array", "items", items);

	set_limits(out, f, "minItems", "maxItems", f->max);
	return out;
}

static json_t *plain_json(const struct schema_field *f)
{
	json_t *out;

	switch (f->kind) {
	case SCHEMA_WORD:
		return words_json(f->words);
	case SCHEMA_NUMBER:
		out = json_pack("{s:s}", "type", "integer");
		set_limits(out, f, "minimum", "maximum", f->max);
		return out;
	case SCHEMA_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case SCHEMA_OBJECT:
		return reference(f->object);
	case SCHEMA_LIST:
	case SCHEMA_WORDS:
		return list_json(f);
	case SCHEMA_NUMBERS:
		return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type",
		                 "integer");
	case SCHEMA_MAP:
		return json_pack("{s:s, s:{s:s}}", "type", "object",
		                 "additionalProperties", "type", "string");
	case SCHEMA_ANY:
		return json_pack("{s:s}", "type", "object");
	case SCHEMA_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	case SCHEMA_ID:
		return json_pack("{s:s, s:s}", "type", "string", "pattern",
		                 "^[a-z]{3}_[0-9]+$");
	case SCHEMA_EMAIL:
		return text_json(f, "email");
	case SCHEMA_NAME:
	case SCHEMA_TEXT:
		break;
	}
	return text_json(f, f->kind == SCHEMA_NAME ? "idn-hostname" : NULL);
}

json_t *schema_field_json(const struct schema_field *f)
{
	json_t *out = plain_json(f);

	if (f->nullable)
		out = json_pack("{s:[o, {s:s}]}", "anyOf", out, "type", "null");
	if (f->help)
		json_object_set_new(out, "description", json_string(f->help));
	if (f->example) {
		json_t *example = json_loads(f->example, JSON_DECODE_ANY, NULL);

		need(example != NULL);
		json_object_set_new(out, "examples", json_pack("[o]", example));
	}
	return out;
}

json_t *schema_json(const struct schema *schema)
{
	json_t *properties = json_object();
	json_t *required = json_array();
	json_t *out;

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_field *f = &schema->fields[i];

		json_object_set_new(properties, f->name, schema_field_json(f));
		if (f->required)
			json_array_append_new(required, json_string(f->name));
	}
	out = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
	                "additionalProperties", 0);
	if (json_array_size(required))
		json_object_set_new(out, "required", required);
	else
		json_decref(required);
	return out;
}

static struct str range_text(struct arena *a, const struct schema_field *f)
{
	if (f->max)
		return arena_printf(a, "number %lld to %lld", (long long)f->min,
		                    (long long)f->max);
	return STR("number");
}

static struct str list_text(struct arena *a, const struct schema_field *f)
{
	if (f->kind == SCHEMA_LIST)
		return f->object ? arena_printf(a, "list of %s", f->object->name)
		                 : STR("list of texts");
	struct str out = STR_NONE;

	for (size_t i = 0; f->words[i]; i++)
		out = arena_printf(a, "%.*s%s`%s`", STR_ARG(out), i ? ", " : "",
		                   f->words[i]);
	return f->kind == SCHEMA_WORDS ? arena_printf(a, "list of %.*s", STR_ARG(out))
	                               : out;
}

struct str schema_kind_text(struct arena *a, const struct schema_field *f)
{
	switch (f->kind) {
	case SCHEMA_NUMBER:
		return range_text(a, f);
	case SCHEMA_LIST:
	case SCHEMA_WORD:
	case SCHEMA_WORDS:
		return list_text(a, f);
	case SCHEMA_OBJECT:
		return str_c(f->object->name);
	case SCHEMA_NAME:
		return STR("domain name");
	case SCHEMA_EMAIL:
		return STR("mail address");
	case SCHEMA_BOOL:
		return STR("true or false");
	case SCHEMA_TIME:
		return STR("time");
	case SCHEMA_ID:
		return STR("id");
	case SCHEMA_NUMBERS:
		return STR("list of numbers");
	case SCHEMA_MAP:
		return STR("object of texts");
	case SCHEMA_ANY:
		return STR("object");
	case SCHEMA_TEXT:
		break;
	}
	return STR("text");
}
