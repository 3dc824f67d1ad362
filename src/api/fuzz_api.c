/*
 * A request from any bytes, as far as it is read before a handler: method, path, query and
 * body stand one after the other with NUL between them. What the schema of the route lets
 * through is checked for what handlers take for granted, and every error has its document.
 */
#include "fuzz.h"

#include "api/parts.h"

static void write_problem(struct arena *a, const struct problem_errors *errors)
{
	json_t *document;

	if (errors->n == 0)
		return;
	document = problem_json(PROBLEM_INVALID, STR_NONE, errors);
	need(json_array_size(json_object_get(document, "errors")) == errors->n);
	need(json_line(a, document).n > 0);
	json_decref(document);
}

static void read_query(struct arena *a, const struct route *route, struct str query)
{
	struct problem_errors errors = {0};
	json_t *out = schema_query(a, route->query, query, &errors);

	need(json_is_object(out));
	if (errors.n == 0 && json_object_get(out, "limit")) {
		int64_t limit = api_member_int(out, "limit", 0);

		need(limit >= 1 && limit <= API_PAGE_MAX);
	}
	write_problem(a, &errors);
	json_decref(out);
}

static void read_body(struct arena *a, const struct route *route, struct str body)
{
	struct problem_errors errors = {0};
	json_t *value = NULL;
	struct err err;
	bool ok;

	if (!route->body || !input_is_shallow(body) || !json_parse(body, &value, &err))
		return;
	ok = schema_check(a, route->body, value, &errors);
	need(ok == (errors.n == 0));
	for (size_t i = 0; ok && i < route->body->n; i++) {
		const struct schema_field *f = &route->body->fields[i];

		need(!f->required || json_object_get(value, f->name));
		if (f->kind == SCHEMA_TEXT)
			need((int64_t)api_member(value, f->name).n <=
			     (f->max ? f->max : SCHEMA_TEXT_MAX));
	}
	write_problem(a, &errors);
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str rest = {(const char *)bytes, n};
	struct str method = STR_NONE, path = STR_NONE, query = STR_NONE;
	struct route_found found;
	enum http_method m;

	str_cut(&rest, '\0', &method);
	str_cut(&rest, '\0', &path);
	str_cut(&rest, '\0', &query);
	if (!http_method_parse(method, &m))
		return 0;
	route_find(m, path, &found);
	need(!found.route || (found.allowed & (1U << found.route->method)));
	if (!found.route)
		return 0;
	read_query(&a, found.route, query);
	read_body(&a, found.route, rest);
	(void)api_id_parse(found.captures[0], "dom");
	return 0;
}
