#include "cli/client.h"

#include "base/file.h"
#include "fetch/fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ANSWER_MAX = 64 << 20,
	ADMIN_FILE_MAX = 4096,
	PAGE_MAX = 200, /* rows the API gives at once */
	CALL_TIMEOUT_MS = 90 * 1000,
};

#define DATA_DIR_DEFAULT "/var/lib/signet"

/* Where to go and with what. */
struct place {
	struct str url, key;
};

static struct str variable(const char *name)
{
	return str_c(getenv(name));
}

static const char *admin_path(struct cli *cli)
{
	struct str dir = variable("SIGNET_DATA_DIR");

	return arena_printf(cli->a, "%.*s/admin.json",
	                    STR_ARG(dir.n ? dir : STR(DATA_DIR_DEFAULT)))
	        .p;
}

static struct str without_slash(struct str url)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

static bool read_admin(struct cli *cli, struct place *out, struct err *err)
{
	AUTO_JSON json_t *admin = NULL;
	const char *path = admin_path(cli);
	struct str text;

	if (!file_read(cli->a, path, ADMIN_FILE_MAX, &text, err)) {
		err->kind = ERR_USAGE;
		return err_add(err, "no --server and --key, no $SIGNET_URL and "
		                    "$SIGNET_KEY");
	}
	if (!json_parse(text, &admin, err) ||
	    !json_get_text(cli->a, admin, "$", "url", &out->url, err) ||
	    !json_get_text(cli->a, admin, "$", "key", &out->key, err))
		return err_add(err, "%s", path);
	out->url = without_slash(out->url);
	return true;
}

/* Without a key only where none is needed. */
static bool find_place(struct cli *cli, bool needs_key, struct place *out,
                       struct err *err)
{
	const struct cli_common *common = cli->options;
	struct place admin;

	*out = (struct place){
	        common->server.n ? common->server : variable("SIGNET_URL"),
	        common->key.n ? common->key : variable("SIGNET_KEY"),
	};
	out->url = without_slash(out->url);
	if (out->url.n && (out->key.n || !needs_key))
		return true;
	if (!read_admin(cli, &admin, err))
		return false;
	if (!out->url.n)
		out->url = admin.url;
	if (out->key.n || !needs_key)
		return true;
	if (!str_eq(out->url, admin.url))
		return err_set(err, ERR_USAGE,
		               "no key for %.*s: --key or $SIGNET_KEY gives it",
		               STR_ARG(out->url));
	out->key = admin.key;
	return true;
}

struct str client_path(struct cli *cli, const char *first, ...)
{
	struct str path = arena_printf(cli->a, "/v1/%s", first);
	const char *part;
	va_list list;

	va_start(list, first);
	while ((part = va_arg(list, const char *)))
		path = arena_printf(cli->a, "%.*s/%.*s", STR_ARG(path),
		                    STR_ARG(fetch_escape(cli->a, str_c(part))));
	va_end(list);
	return path;
}

struct str client_query(struct cli *cli, struct str path, const char *name,
                        struct str value)
{
	if (!value.n)
		return path;
	return arena_printf(cli->a, "%.*s%c%s=%.*s", STR_ARG(path),
	                    str_find_char(path, '?') < 0 ? '?' : '&', name,
	                    STR_ARG(fetch_escape(cli->a, value)));
}

/* The kind of error that a status is: see client.h. */
static enum err_kind status_kind(int status)
{
	switch (status) {
	case 400:
	case 413:
	case 415:
	case 422:
		return ERR_INPUT;
	case 408:
	case 429:
		return ERR_UNAVAILABLE;
	default:
		return status >= 400 && status < 500 ? ERR_USAGE : ERR_UNAVAILABLE;
	}
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && text[0] ? text : NULL;
}

bool client_problem(int status, const json_t *problem, int64_t retry_after_s,
                    struct err *err)
{
	const json_t *first = json_array_get(json_object_get(problem, "errors"), 0);
	const char *at = text_of(first, "pointer");
	const char *what = text_of(first, "detail");
	const char *code = text_of(first, "code");
	AUTO(arena) a = {0};
	struct str said;

	if (!at)
		at = text_of(first, "parameter");
	if (!what)
		what = text_of(problem, "detail");
	if (!what)
		what = text_of(problem, "title");
	if (!code)
		code = text_of(problem, "code");
	err_set(err, status_kind(status), "%s%s%.300s (%d%s%s)",
	        at ? at + (at[0] == '/') : "", at && at[0] ? ": " : "",
	        what ? what : "the server says no more", status, code ? " " : "",
	        code ? code : "");
	if (retry_after_s <= 0)
		return false;
	said = arena_dup(&a, str_c(err->text));
	return err_set(err, err->kind, "%s; again in %lld s", said.p,
	               (long long)retry_after_s);
}

/* The headers of a call; the array ends with what `n` says. */
struct headers {
	const char *v[5];
	size_t n;
};

static void add_header(struct arena *a, struct headers *h, const char *name,
                       struct str value)
{
	need(h->n < LEN(h->v));
	h->v[h->n++] = arena_printf(a, "%s: %.*s", name, STR_ARG(value)).p;
}

/* What would end the header line, and whatever no key or id has. */
static bool check_header(const char *what, struct str value, struct err *err)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] == 0x7f)
			return err_set(err, ERR_USAGE,
			               "%s: has a blank or a character that is no "
			               "ASCII letter",
			               what);
	return true;
}

struct call {
	const char *method;
	struct str path, body;
	bool is_public; /* no key is needed, and none is sent */
};

static bool ask(struct cli *cli, const struct call *call, struct fetch_answer *out,
                struct err *err)
{
	const struct cli_common *common = cli->options;
	struct headers headers = {0};
	struct place place;
	struct str ca = common->ca.n ? common->ca : variable("SIGNET_CA");

	if (!find_place(cli, !call->is_public, &place, err) ||
	    !check_header("--key", place.key, err) ||
	    !check_header("--account", common->account, err))
		return false;
	if (!call->is_public)
		add_header(cli->a, &headers, "Authorization",
		           arena_printf(cli->a, "Bearer %.*s", STR_ARG(place.key)));
	add_header(cli->a, &headers, "User-Agent", STR("signet"));
	if (call->body.n)
		add_header(cli->a, &headers, "Content-Type", STR("application/json"));
	if (common->account.n)
		add_header(cli->a, &headers, "Signet-Account", common->account);
	return fetch(cli->a,
	             &(struct fetch_request){
	                     .method = call->method,
	                     .url = arena_printf(cli->a, "%.*s%.*s", STR_ARG(place.url),
	                                         STR_ARG(call->path))
	                                    .p,
	                     .headers = headers.v,
	                     .header_count = headers.n,
	                     .body = call->body,
	                     .ca_file = ca.n ? arena_cstr(cli->a, ca) : NULL,
	                     .answer_max = ANSWER_MAX,
	                     .timeout_ms = CALL_TIMEOUT_MS,
	             },
	             out, err);
}

/* An answer that is none of the 2xx, as an error. */
static bool refuse(const struct fetch_answer *answer, struct err *err)
{
	AUTO_JSON json_t *problem = NULL;
	struct err unread;

	if (!json_parse(answer->body, &problem, &unread))
		problem = NULL;
	return client_problem(answer->status, problem, answer->retry_after_s, err);
}

static bool is_success(const struct fetch_answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

static bool call_json(struct cli *cli, const struct call *call, json_t **out,
                      struct err *err)
{
	struct fetch_answer answer;

	*out = NULL;
	if (!ask(cli, call, &answer, err))
		return false;
	if (!is_success(&answer))
		return refuse(&answer, err);
	if (!answer.body.n)
		return true;
	if (json_parse(answer.body, out, err))
		return true;
	err->kind = ERR_UNAVAILABLE;
	return err_add(err, "the answer is no JSON");
}

bool client_call(struct cli *cli, const char *method, struct str path, json_t *body,
                 json_t **out, struct err *err)
{
	struct call call = {method, path, body ? json_line(cli->a, body) : STR_NONE,
	                    false};

	json_decref(body);
	return call_json(cli, &call, out, err);
}

bool client_sign_in(struct cli *cli, json_t *body, json_t **out, struct err *err)
{
	struct call call = {"POST", client_path(cli, "sessions", NULL),
	                    json_line(cli->a, body), true};

	json_decref(body);
	return call_json(cli, &call, out, err);
}

bool client_text(struct cli *cli, struct str path, struct str *out, struct err *err)
{
	struct fetch_answer answer;

	if (!ask(cli, &(struct call){.method = "GET", .path = path}, &answer, err))
		return false;
	if (!is_success(&answer))
		return refuse(&answer, err);
	*out = answer.body;
	return true;
}

bool client_list(struct cli *cli, struct str path, int64_t limit, json_t **out,
                 struct err *err)
{
	json_t *rows = json_array();
	struct str cursor = STR_NONE;

	*out = json_pack("{s:o, s:n}", "data", rows, "next_cursor");
	limit = limit ? limit : CLIENT_LIMIT;
	do {
		AUTO_JSON json_t *page = NULL;
		int64_t left = limit - (int64_t)json_array_size(rows);
		struct str url;

		url = client_query(
		        cli, path, "limit",
		        arena_printf(cli->a, "%lld",
		                     (long long)(left < PAGE_MAX ? left : PAGE_MAX)));
		url = client_query(cli, url, "cursor", cursor);
		if (!client_call(cli, "GET", url, NULL, &page, err))
			return false;
		json_array_extend(rows, json_object_get(page, "data"));
		cursor = arena_dup(cli->a, str_c(text_of(page, "next_cursor")));
	} while (cursor.n && (int64_t)json_array_size(rows) < limit);
	json_object_set_new(*out, "next_cursor", json_text_or_null(cursor));
	return true;
}
