#include "api/problem.h"

#include "base/buf.h"

static const struct problem_row problems[] = {
#define X(name, status, code, title) [PROBLEM_##name] = {status, code, title},
        PROBLEMS(X)
#undef X
};

static const struct field_error_row field_errors[] = {
#define X(name, code, title) [FIELD_##name] = {code, title},
        FIELD_ERRORS(X)
#undef X
};

const struct problem_row *problem_row(enum problem p)
{
	need((size_t)p < LEN(problems));
	return &problems[p];
}

const struct field_error_row *field_error_row(enum field_error e)
{
	need((size_t)e < LEN(field_errors));
	return &field_errors[e];
}

void problem_add(struct problem_errors *errors, bool is_parameter, struct str at,
                 enum field_error code, struct str detail)
{
	if (errors->n == LEN(errors->v))
		return;
	errors->v[errors->n++] = (struct problem_error){is_parameter, at, code, detail};
}

static json_t *error_json(const struct problem_error *e)
{
	const struct field_error_row *row = field_error_row(e->code);

	return json_pack("{s:o, s:s, s:o}", e->is_parameter ? "parameter" : "pointer",
	                 json_text(e->at), "code", row->code, "detail",
	                 json_text(e->detail.n ? e->detail : str_c(row->title)));
}

json_t *problem_json(enum problem p, struct str detail,
                     const struct problem_errors *errors)
{
	const struct problem_row *row = problem_row(p);
	AUTO(arena) a = {0};
	json_t *list = json_array();
	json_t *out;

	for (size_t i = 0; errors && i < errors->n; i++)
		json_array_append_new(list, error_json(&errors->v[i]));
	out = json_pack("{s:o, s:s, s:i, s:s, s:o}", "type",
	                json_text(arena_printf(&a, "/docs/api.md#%s", row->code)),
	                "title", row->title, "status", (int)row->status, "code",
	                row->code, "detail",
	                json_text(detail.n ? detail : str_c(row->title)));
	if (json_array_size(list))
		json_object_set_new(out, "errors", list);
	else
		json_decref(list);
	return out;
}

struct str problem_pointer(struct arena *a, struct str pointer, const char *name)
{
	AUTO(buf) b = {.max = 4096};

	buf_add(&b, pointer);
	buf_add_char(&b, '/');
	for (const char *c = name; *c; c++) {
		if (*c == '~')
			buf_add(&b, STR("~0"));
		else if (*c == '/')
			buf_add(&b, STR("~1"));
		else
			buf_add_char(&b, *c);
	}
	return arena_dup(a, buf_str(&b));
}
