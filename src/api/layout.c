#include "api/layout.h"

#include "api/secret.h"
#include "base/json.h"

#include <string.h>

/* The text with each "{name}" made "{name_suffix}". */
static struct str renamed(struct arena *a, struct str text, const char *name,
                          const char *suffix)
{
	struct str mark = arena_printf(a, "{%s}", name);
	ptrdiff_t at = str_find(text, mark);

	if (at < 0)
		return text;
	return arena_printf(a, "%.*s{%s_%s}%.*s",
	                    STR_ARG(str_slice(text, 0, (size_t)at)), name, suffix,
	                    STR_ARG(str_from(text, (size_t)at + mark.n)));
}

static struct str member(const json_t *record, const char *name)
{
	const json_t *value = json_object_get(record, name);

	if (!json_is_string(value))
		return STR_NONE;
	return (struct str){json_string_value(value), json_string_length(value)};
}

static bool is_rotating(const json_t *record)
{
	return str_eq(member(record, "type"), STR("TXT")) &&
	       str_find(member(record, "name"), STR("{selector}")) >= 0 &&
	       str_find(member(record, "value"), STR("{dkim_key}")) >= 0;
}

static void add_variable(struct arena *a, json_t *list, const char *name,
                         const char *suffix, const char *format, const char *help)
{
	json_array_append_new(
	        list, json_pack("{s:o, s:n, s:s, s:s}", "name",
	                        json_text(arena_printf(a, "%s_%s", name, suffix)),
	                        "default", "format", format, "help", help));
}

static void add_slot(struct arena *a, json_t *variables, json_t *records, size_t at,
                     const char *suffix)
{
	json_t *record = json_deep_copy(json_array_get(records, at));
	struct str name = renamed(a, member(record, "name"), "selector", suffix);
	struct str value = renamed(a, member(record, "value"), "dkim_key", suffix);

	json_object_set_new(record, "name", json_text(name));
	json_object_set_new(record, "value", json_text(value));
	json_object_set_new(record, "required", json_false());
	json_object_set_new(record, "when",
	                    json_text(arena_printf(a, "dkim_key_%s", suffix)));
	json_array_insert_new(records, at + 1, record);
	add_variable(a, variables, "selector", suffix, "name",
	             "selector of a rotation");
	add_variable(a, variables, "dkim_key", suffix, "base64", "key of a rotation");
}

bool layout_freeze(struct arena *a, struct str profile, struct str text,
                   struct layout_row *out, struct err *err)
{
	AUTO_JSON json_t *root = NULL;
	struct profile *parsed;
	json_t *records, *variables;

	if (!json_parse(text, &root, err) ||
	    !json_get_array(root, "$", "records", &records, err) ||
	    !json_get_array(root, "$", "variables", &variables, err))
		return err_add(err, "profile %.*s", STR_ARG(profile));
	for (size_t i = 0; i < json_array_size(records); i++) {
		if (!is_rotating(json_array_get(records, i)))
			continue;
		add_slot(a, variables, records, i, "old");
		add_slot(a, variables, records, i, "next");
		break;
	}
	out->profile = profile;
	out->text = json_line(a, root);
	out->digest = sha256_hex(a, out->text);
	return profile_parse(a, profile, out->text, &parsed, err);
}

bool layout_settings(struct arena *a, struct str json, struct plan_settings *out,
                     struct err *err)
{
	AUTO_JSON json_t *root = NULL;
	const char *name;
	json_t *value;

	out->given = map_init(a);
	if (!json_parse(json, &root, err))
		return err_add(err, "settings");
	json_object_foreach(root, name, value)
	{
		struct str *text = ARENA_NEW(a, struct str);

		if (!json_is_string(value))
			return err_set(err, ERR_INTERNAL, "settings: %s is no text",
			               name);
		*text = arena_dup(a, (struct str){json_string_value(value),
		                                  json_string_length(value)});
		map_set(&out->given, str_c(name), text);
	}
	return true;
}

bool layout_plan(struct arena *a, struct str text, struct str domain,
                 struct str settings, struct plan **out, struct err *err)
{
	struct plan_settings given;
	struct profile *profile;

	return profile_parse(a, STR("layout"), text, &profile, err) &&
	       layout_settings(a, settings, &given, err) &&
	       plan_make(a, profile, domain, &given, out, err);
}
