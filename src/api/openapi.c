/* openapi.json (OpenAPI 3.1) from the table of routes and its schemas. */
#include "api/api.h"

#include <string.h>

static const char *method_key(enum http_method method)
{
	switch (method) {
	case HTTP_GET:
		return "get";
	case HTTP_POST:
		return "post";
	case HTTP_PUT:
		return "put";
	case HTTP_PATCH:
		return "patch";
	case HTTP_DELETE:
		return "delete";
	case HTTP_HEAD:
	case HTTP_OPTIONS:
	case HTTP_METHODS:
		break;
	}
	need(false);
	return "";
}

static void add_component(json_t *components, const struct schema *schema)
{
	if (!schema || json_object_get(components, schema->name))
		return;
	json_object_set_new(components, schema->name, schema_json(schema));
	for (size_t i = 0; i < schema->n; i++)
		add_component(components, schema->fields[i].object);
}

static json_t *reference(struct arena *a, const char *name)
{
	return json_pack("{s:o}", "$ref",
	                 json_text(arena_printf(a, "#/components/schemas/%s", name)));
}

/* The parameters in the braces of a pattern. */
static void add_path_parameters(struct arena *a, json_t *out, const char *pattern)
{
	struct str rest = str_c(pattern);
	ptrdiff_t at;

	while ((at = str_find_char(rest, '{')) >= 0) {
		struct str name = str_from(rest, (size_t)at + 1);
		ptrdiff_t end = str_find_char(name, '}');

		need(end > 0);
		rest = str_from(name, (size_t)end);
		name.n = (size_t)end;
		json_array_append_new(out, json_pack("{s:o, s:s, s:b, s:{s:s}}", "name",
		                                     json_text(arena_dup(a, name)),
		                                     "in", "path", "required", 1,
		                                     "schema", "type", "string"));
	}
}

static json_t *header_parameter(const char *name, const char *help)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:{s:s}}", "name", name, "in", "header",
	                 "required", 0, "description", help, "schema", "type",
	                 "string");
}

static json_t *parameters(struct arena *a, const struct route *r)
{
	json_t *out = json_array();

	add_path_parameters(a, out, r->pattern);
	for (size_t i = 0; r->query && i < r->query->n; i++) {
		const struct schema_field *f = &r->query->fields[i];

		json_array_append_new(out,
		                      json_pack("{s:s, s:s, s:b, s:o}", "name", f->name,
		                                "in", "query", "required", f->required,
		                                "schema", schema_field_json(f)));
	}
	if (r->flags & ROUTE_IDEMPOTENT)
		json_array_append_new(
		        out,
		        header_parameter("Idempotency-Key",
		                         "the same key and body: the same answer"));
	if (!(r->flags & ROUTE_PUBLIC))
		json_array_append_new(
		        out, header_parameter("Signet-Account",
		                              "for which account an operator acts"));
	return out;
}

static json_t *list_schema(struct arena *a, const struct route *r)
{
	return json_pack("{s:s, s:[s, s], s:{s:{s:s, s:o}, s:{s:[s, s]}}}", "type",
	                 "object", "required", "data", "next_cursor", "properties",
	                 "data", "type", "array", "items",
	                 reference(a, r->response->name), "next_cursor", "type",
	                 "string", "null");
}

static json_t *success(struct arena *a, const struct route *r)
{
	json_t *out = json_pack("{s:s}", "description", r->summary);
	json_t *schema;

	if (!r->response)
		return out;
	schema = r->flags & ROUTE_LIST ? list_schema(a, r)
	                               : reference(a, r->response->name);
	json_object_set_new(
	        out, "content",
	        json_pack("{s:{s:o}}", "application/json", "schema", schema));
	return out;
}

static json_t *operation(struct arena *a, const struct route *r)
{
	json_t *responses = json_object();
	json_t *out = json_pack("{s:s, s:s, s:o}", "operationId", r->id, "summary",
	                        r->summary, "parameters", parameters(a, r));

	if (r->description)
		json_object_set_new(out, "description", json_string(r->description));
	if (r->body)
		json_object_set_new(out, "requestBody",
		                    json_pack("{s:b, s:{s:{s:o}}}", "required",
		                              !(r->flags & ROUTE_EMPTY), "content",
		                              "application/json", "schema",
		                              reference(a, r->body->name)));
	json_object_set_new(responses, arena_printf(a, "%u", r->status).p,
	                    success(a, r));
	json_object_set_new(
	        responses, "default",
	        json_pack("{s:s}", "$ref", "#/components/responses/Problem"));
	json_object_set_new(out, "responses", responses);
	if (r->flags & ROUTE_PUBLIC)
		json_object_set_new(out, "security", json_array());
	else
		json_object_set_new(out, "x-scope",
		                    json_string(api_scope_name(r->scope)));
	if (r->flags & ROUTE_OPERATOR)
		json_object_set_new(out, "x-operator", json_true());
	return out;
}

static json_t *problem_response(void)
{
	return json_pack(
	        "{s:s, s:{s:{s:{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, "
	        "s:{s:s, s:{s:s}}}}}}}",
	        "description", "a problem (RFC 9457)", "content",
	        "application/problem+json", "schema", "type", "object", "properties",
	        "type", "type", "string", "title", "type", "string", "status", "type",
	        "integer", "code", "type", "string", "detail", "type", "string",
	        "errors", "type", "array", "items", "type", "object");
}

json_t *api_openapi(struct str version)
{
	AUTO(arena) a = {0};
	json_t *paths = json_object(), *components = json_object();
	const struct route *r;

	for (size_t i = 0; (r = route_at(i)); i++) {
		json_t *path = json_object_get(paths, r->pattern);

		if (!path) {
			path = json_object();
			json_object_set_new(paths, r->pattern, path);
		}
		json_object_set_new(path, method_key(r->method), operation(&a, r));
		add_component(components, r->body);
		add_component(components, r->response);
	}
	return json_pack("{s:s, s:{s:s, s:o, s:s}, s:[{s:[]}], s:o, s:{s:o, s:{s:o}, "
	                 "s:{s:{s:s, s:s}}}}",
	                 "openapi", "3.1.0", "info", "title", "Signet", "version",
	                 json_text(version), "description",
	                 "Domains to send mail from: added, verified and watched.",
	                 "security", "key", "paths", paths, "components", "schemas",
	                 components, "responses", "Problem", problem_response(),
	                 "securitySchemes", "key", "type", "http", "scheme", "bearer");
}
