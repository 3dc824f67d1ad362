#include "diagnose/scenario_document.h"

static struct str take_word(struct str *args)
{
	struct str word;

	str_cut(args, ' ', &word);
	return word;
}

static const json_t *find_member(struct arena *a, const json_t *value, struct str path)
{
	struct str name;
	uint64_t i;

	while (value && str_cut(&path, '.', &name))
		value = json_is_array(value) && str_parse_uint(name, 9999, &i)
		                ? json_array_get(value, i)
		                : json_object_get(value, arena_cstr(a, name));
	return value;
}

static bool differs(struct err *err, struct str what, struct str want, struct str got)
{
	return err_set(err, ERR_INPUT, "%.*s: wanted [%.*s], got [%.*s]", STR_ARG(what),
	               STR_ARG(want), STR_ARG(got));
}

bool document_expect_json(struct arena *a, const json_t *document, struct str args,
                          struct err *err)
{
	struct str path = take_word(&args);
	const json_t *value = find_member(a, document, path);
	struct str got = STR("nothing");

	if (json_is_string(value))
		got = str_c(json_string_value(value));
	else if (value)
		got = json_line(a, value);
	return str_eq(args, got) || differs(err, path, args, got);
}

static struct str roles_of(struct arena *a, const json_t *service)
{
	const json_t *roles = json_object_get(service, "roles");
	struct str out = STR_NONE;

	for (size_t i = 0; i < json_array_size(roles); i++)
		out = arena_printf(a, "%.*s%s%s", STR_ARG(out), i ? " " : "",
		                   json_string_value(json_array_get(roles, i)));
	return out;
}

bool document_expect_service(struct arena *a, const json_t *document, struct str args,
                             struct err *err)
{
	const json_t *list = json_object_get(document, "services");
	struct str id = take_word(&args);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *service = json_array_get(list, i);
		struct str got = roles_of(a, service);

		if (str_eq(id,
		           str_c(json_string_value(json_object_get(service, "id")))))
			return str_eq(args, got) || differs(err, id, args, got);
	}
	return differs(err, STR("services"), id, json_line(a, list));
}
