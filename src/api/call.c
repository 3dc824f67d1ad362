#include "api/call.h"

#include "api/parts.h"
#include "base/base64.h"
#include "base/clock.h"
#include "store/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_MAX = 512 };

enum api_result api_answer(struct api_call *call, unsigned status, json_t *document)
{
	AUTO_JSON json_t *owned = document;

	call->status = status;
	call->type = STR("application/json");
	call->text = json_line(call->a, owned);
	return API_DONE;
}

enum api_result api_answer_text(struct api_call *call, const char *type,
                                struct str text)
{
	call->status = 200;
	call->type = str_c(type);
	call->text = text;
	return API_DONE;
}

enum api_result api_answer_nothing(struct api_call *call)
{
	call->status = 204;
	call->type = STR_NONE;
	call->text = STR_NONE;
	return API_DONE;
}

static struct str cursor_format(struct arena *a, int64_t next)
{
	return base64url_encode(a, arena_printf(a, "1:%lld", (long long)next));
}

static bool cursor_parse(struct arena *a, struct str text, int64_t *out)
{
	struct str plain;
	uint64_t n;

	if (!base64url_decode(a, text, &plain) || !str_starts(plain, STR("1:")) ||
	    !str_parse_uint(str_from(plain, 2), INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

enum api_result api_answer_list(struct api_call *call, json_t *list, int64_t next)
{
	json_t *cursor = next ? json_text(cursor_format(call->a, next)) : json_null();

	return api_answer(call, 200,
	                  json_pack("{s:o, s:o}", "data", list, "next_cursor", cursor));
}

static enum api_result answer_problem(struct api_call *call, enum problem p,
                                      struct str detail,
                                      const struct problem_errors *errors)
{
	api_answer(call, problem_row(p)->status, problem_json(p, detail, errors));
	call->type = STR("application/problem+json");
	return API_DONE;
}

enum api_result api_problem(struct api_call *call, enum problem p, const char *format,
                            ...)
{
	char text[DETAIL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return answer_problem(call, p, str_c(text), NULL);
}

enum api_result api_not_found(struct api_call *call, const char *what)
{
	return api_problem(call, PROBLEM_NOT_FOUND, "The account has no such %s.",
	                   what);
}

enum api_result api_broken(struct api_call *call, const struct err *err)
{
	const struct api_host *host = &call->api->host;
	bool passes = err->kind == ERR_UNAVAILABLE;

	if (host->failed)
		host->failed(host->arg, call->route ? call->route->id : "",
		             str_c(err->text));
	if (passes)
		api_header(call, "Retry-After", STR("1"));
	return answer_problem(call, passes ? PROBLEM_UNAVAILABLE : PROBLEM_INTERNAL,
	                      STR_NONE, NULL);
}

void api_error(struct api_call *call, const char *pointer, enum field_error code,
               const char *format, ...)
{
	char text[DETAIL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem_add(&call->errors, false, arena_dup(call->a, str_c(pointer)), code,
	            arena_dup(call->a, str_c(text)));
}

enum api_result api_invalid(struct api_call *call)
{
	const struct problem_error *first = &call->errors.v[0];
	struct str detail;

	need(call->errors.n > 0);
	detail = arena_printf(
	        call->a, "%.*s: %.*s",
	        STR_ARG(first->at.n           ? first->at
	                : first->is_parameter ? STR("query")
	                                      : STR("body")),
	        STR_ARG(first->detail.n ? first->detail
	                                : str_c(field_error_row(first->code)->title)));
	return answer_problem(call, PROBLEM_INVALID, detail, &call->errors);
}

enum api_result api_duplicate(struct api_call *call, const char *pointer,
                              const char *format, ...)
{
	char text[DETAIL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	api_error(call, pointer, FIELD_EXISTS, "%s", text);
	return answer_problem(call, PROBLEM_DUPLICATE, str_c(text), &call->errors);
}

void api_header(struct api_call *call, const char *name, struct str value)
{
	need(call->field_count < LEN(call->fields));
	call->fields[call->field_count++] = (struct http_field){str_c(name), value};
}

void api_drop_key(struct api_call *call, struct str key_ref)
{
	struct api_drop *drop = ARENA_NEW(call->a, struct api_drop);

	*drop = (struct api_drop){arena_dup(call->a, key_ref), call->drops};
	call->drops = drop;
}

bool api_has(const json_t *object, const char *name)
{
	return json_has(object, name);
}

struct str api_member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return STR_NONE;
	return (struct str){json_string_value(value), json_string_length(value)};
}

bool api_member_bool(const json_t *object, const char *name, bool otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

int64_t api_member_int(const json_t *object, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

struct str api_id(struct arena *a, const char *prefix, int64_t id)
{
	return arena_printf(a, "%s_%lld", prefix, (long long)id);
}

json_t *api_id_json(const char *prefix, int64_t id)
{
	char text[32];

	if (id == 0)
		return json_null();
	snprintf(text, sizeof(text), "%s_%lld", prefix, (long long)id);
	return json_string(text);
}

int64_t api_id_parse(struct str text, const char *prefix)
{
	struct str head = str_c(prefix);
	uint64_t id;

	if (!str_starts(text, head) || text.n < head.n + 2 || text.p[head.n] != '_' ||
	    text.p[head.n + 1] == '0' ||
	    !str_parse_uint(str_from(text, head.n + 1), INT64_MAX, &id))
		return 0;
	return (int64_t)id;
}

json_t *api_time_json(int64_t at)
{
	AUTO(arena) a = {0};

	return at ? json_text(clock_format(&a, at)) : json_null();
}

json_t *api_stored_json(struct str text)
{
	json_t *out;
	struct err err;

	return text.n && json_parse(text, &out, &err) ? out : json_null();
}

bool api_page(struct api_call *call, struct store_page *page)
{
	struct str cursor = api_member(call->query, "cursor");

	*page = (struct store_page){
	        .limit = api_member_int(call->query, "limit", API_PAGE_DEFAULT)};
	if (cursor.n == 0 || cursor_parse(call->a, cursor, &page->cursor))
		return true;
	problem_add(&call->errors, true, STR("cursor"), FIELD_FORM,
	            STR("It must be a next_cursor that was given out."));
	api_invalid(call);
	return false;
}

bool api_event(struct api_call *call, const char *type, int64_t domain, json_t *data,
               struct err *err)
{
	AUTO_JSON json_t *owned = data;
	struct event_row row = {
	        .account_id = call->account->id,
	        .domain_id = domain,
	        .type = str_c(type),
	        .at = call->now,
	        .data = json_line(call->a, owned),
	};
	int64_t id;

	return event_append(call->api->store, &row, &id, err);
}
