/* What a request brings: its query and its body, by the schemas of the route. */
#include "api/parts.h"

#include "base/utf8.h"

enum { DEPTH_MAX = 16 };

bool input_is_shallow(struct str json)
{
	int depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];

		if (in_text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_text = false;
		} else if (c == '"') {
			in_text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX)
				return false;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return true;
}

/* "application/json", with parameters or not. */
static bool is_json_type(struct str type)
{
	struct str head = STR_NONE;

	return str_cut(&type, ';', &head) &&
	       str_eq_nocase(str_trim(head), STR("application/json"));
}

static bool read_body(struct api_call *call)
{
	static const struct schema none = {"None", NULL, 0};
	const struct schema *schema = call->route->body;
	struct str body = call->request->body;
	json_error_t error;

	if ((int64_t)body.n > call->api->config->api_body_max) {
		api_problem(call, PROBLEM_TOO_LARGE, "At most %lld bytes are taken.",
		            (long long)call->api->config->api_body_max);
		return false;
	}
	if (body.n == 0 && (!schema || (call->route->flags & ROUTE_EMPTY))) {
		call->body = json_object();
		return true;
	}
	if (body.n && (!is_json_type(http_header(call->request, "content-type")) ||
	               http_header(call->request, "content-encoding").n)) {
		api_problem(call, PROBLEM_MEDIA_TYPE,
		            "Send Content-Type: application/json, not encoded.");
		return false;
	}
	if (!utf8_is_valid(body)) {
		api_problem(call, PROBLEM_JSON, "The body is not UTF-8.");
		return false;
	}
	if (!input_is_shallow(body)) {
		api_problem(call, PROBLEM_JSON, "More than %d levels are nested.",
		            DEPTH_MAX);
		return false;
	}
	call->body = json_loadb(body.n ? body.p : "", body.n,
	                        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!call->body) {
		api_problem(call, PROBLEM_JSON, "Line %d, column %d: %s.", error.line,
		            error.column, error.text);
		return false;
	}
	return schema_check(call->a, schema ? schema : &none, call->body,
	                    &call->errors);
}

bool input_read(struct api_call *call)
{
	enum http_method method = call->request->method;

	call->query = schema_query(call->a, call->route->query, call->request->query,
	                           &call->errors);
	if (method != HTTP_GET && method != HTTP_HEAD && !read_body(call)) {
		if (call->errors.n)
			api_invalid(call);
		return false;
	}
	if (call->errors.n)
		api_invalid(call);
	return call->errors.n == 0;
}
