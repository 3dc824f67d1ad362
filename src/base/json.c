#include "base/json.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

void json_drop(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}

bool json_parse(struct str text, json_t **out, struct err *err)
{
	json_error_t e;

	*out = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &e);
	if (!*out)
		return err_set(err, ERR_INPUT, "line %d, column %d: %s", e.line,
		               e.column, e.text);
	return true;
}

json_t *json_text(struct str s)
{
	AUTO(arena) a = {0};

	if (!utf8_is_valid(s) || (s.n && memchr(s.p, 0, s.n)))
		s = utf8_printable(&a, s);
	return json_stringn_nocheck(s.n ? s.p : "", s.n);
}

json_t *json_text_or_null(struct str s)
{
	return s.n ? json_text(s) : json_null();
}

struct str json_line(struct arena *a, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	struct str out;

	need(text != NULL);
	out = arena_dup(a, str_c(text));
	free(text);
	return out;
}

static bool wrong(struct err *err, const char *path, const char *name, const char *why)
{
	return err_set(err, ERR_INPUT, "%s.%s: %s", path, name, why);
}

static bool get(const json_t *object, const char *path, const char *name, json_t **out,
                struct err *err)
{
	if (!json_is_object(object))
		return err_set(err, ERR_INPUT, "%s: must be an object", path);
	*out = json_object_get(object, name);
	return *out ? true : wrong(err, path, name, "missing");
}

bool json_get_text(struct arena *a, const json_t *object, const char *path,
                   const char *name, struct str *out, struct err *err)
{
	json_t *member;

	if (!get(object, path, name, &member, err))
		return false;
	if (!json_is_string(member))
		return wrong(err, path, name, "must be a string");
	*out = arena_dup(
	        a, (struct str){json_string_value(member), json_string_length(member)});
	return true;
}

bool json_get_bool(const json_t *object, const char *path, const char *name, bool *out,
                   struct err *err)
{
	json_t *member;

	if (!get(object, path, name, &member, err))
		return false;
	if (!json_is_boolean(member))
		return wrong(err, path, name, "must be true or false");
	*out = json_is_true(member);
	return true;
}

bool json_get_int(const json_t *object, const char *path, const char *name,
                  int64_t *out, struct err *err)
{
	json_t *member;

	if (!get(object, path, name, &member, err))
		return false;
	if (!json_is_integer(member))
		return wrong(err, path, name, "must be a whole number");
	*out = json_integer_value(member);
	return true;
}

bool json_get_array(const json_t *object, const char *path, const char *name,
                    json_t **out, struct err *err)
{
	if (!get(object, path, name, out, err))
		return false;
	return json_is_array(*out) ? true : wrong(err, path, name, "must be an array");
}

bool json_get_object(const json_t *object, const char *path, const char *name,
                     json_t **out, struct err *err)
{
	if (!get(object, path, name, out, err))
		return false;
	return json_is_object(*out) ? true
	                            : wrong(err, path, name, "must be an object");
}

bool json_has(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);

	return member && !json_is_null(member);
}

bool json_check_members(const json_t *object, const char *path,
                        const char *const *known, struct err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return err_set(err, ERR_INPUT, "%s: must be an object", path);
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (!known[i])
			return wrong(err, path, name, "unknown member");
	}
	return true;
}
