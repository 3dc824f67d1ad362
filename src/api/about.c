/* What the API says of itself: health, metrics, documents; and the clock of tests. */
#include "api/handlers.h"

#include "api/metrics.h"
#include "api/parts.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "data/data.h"
#include "net/http_server.h"

enum { METRICS_MAX = 1 << 20 };

/* clang-format off */
static const struct schema_field clock_fields[] = {
        {"shift_ms", SCHEMA_NUMBER, true, .min = 0, .max = INT64_C(315360000000), .help = "by how much the clock is moved on", .example = "3600000"},
};
const struct schema schema_clock = {"ClockShift", clock_fields, LEN(clock_fields)};

static const struct schema_field now_fields[] = {
        {"now", SCHEMA_TIME, true, .help = "what the clock says now"},
};
const struct schema schema_now = {"Now", now_fields, LEN(now_fields)};

static const struct schema_field role_fields[] = {
        {"name", SCHEMA_TEXT, true, .help = "core, keys, edge, gate, acme"},
        {"process", SCHEMA_NUMBER, true, .help = "which of several of this name, from 0 on"},
        {"state", SCHEMA_TEXT, true, .help = "up, starting or down"},
        {"restarts", SCHEMA_NUMBER, true, .help = "since the server started"},
        {"since", SCHEMA_TIME, true, true, .help = "since when it is so"},
};
static const struct schema schema_role = {"Role", role_fields, LEN(role_fields)};

static const struct schema_field health_fields[] = {
        {"status", SCHEMA_TEXT, true, .help = "ok, or degraded (503)"},
        {"version", SCHEMA_TEXT, true, .help = "of Signet"},
        {"roles", SCHEMA_LIST, true, .object = &schema_role, .help = "its processes"},
};
const struct schema schema_health = {"Health", health_fields, LEN(health_fields)};
/* clang-format on */

static const char *state_name(enum api_role_state state)
{
	switch (state) {
	case API_ROLE_UP:
		return "up";
	case API_ROLE_STARTING:
		return "starting";
	case API_ROLE_DOWN:
		break;
	}
	return "down";
}

static size_t get_roles(const struct api *api, struct api_role *out)
{
	return api->host.roles ? api->host.roles(api->host.arg, out, API_ROLES_MAX) : 0;
}

enum api_result about_health(struct api_call *call)
{
	struct api_role roles[API_ROLES_MAX];
	size_t n = get_roles(call->api, roles);
	json_t *list = json_array();
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		ok &= roles[i].state == API_ROLE_UP;
		json_array_append_new(list,
		                      json_pack("{s:s, s:I, s:s, s:I, s:o}", "name",
		                                roles[i].name, "process",
		                                (json_int_t)roles[i].process, "state",
		                                state_name(roles[i].state), "restarts",
		                                (json_int_t)roles[i].restarts, "since",
		                                api_time_json(roles[i].since)));
	}
	return api_answer(call, ok ? 200 : 503,
	                  json_pack("{s:s, s:o, s:o}", "status", ok ? "ok" : "degraded",
	                            "version", json_text(call->api->version), "roles",
	                            list));
}

enum api_result about_metrics(struct api_call *call)
{
	AUTO(buf) out = {.max = METRICS_MAX};
	struct err err;

	if (!api_metrics(call->api, &out, &err))
		return api_broken(call, &err);
	return api_answer_text(call, "text/plain; version=0.0.4; charset=utf-8",
	                       arena_dup(call->a, buf_str(&out)));
}

enum api_result about_openapi(struct api_call *call)
{
	return api_answer(call, 200, api_openapi(call->api->version));
}

enum api_result about_llms(struct api_call *call)
{
	return api_answer_text(call, "text/plain; charset=utf-8", api_llms(call->a));
}

enum api_result about_document(struct api_call *call)
{
	struct str name = call->captures[0];
	struct str text;

	if (str_eq(name, STR("api.md")))
		return api_answer_text(call, "text/markdown; charset=utf-8",
		                       api_manual(call->a));
	text = data_file(arena_printf(call->a, "docs/%.*s", STR_ARG(name)));
	if (!text.p)
		text = data_file(name);
	if (!text.p || !str_ends(name, STR(".md")))
		return api_problem(call, PROBLEM_NOT_FOUND,
		                   "See /llms.txt for the documents there are.");
	return api_answer_text(call, "text/markdown; charset=utf-8", text);
}

enum api_result about_clock(struct api_call *call)
{
	const struct api_host *host = &call->api->host;

	if (!host->shift_clock)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	host->shift_clock(host->arg, api_member_int(call->body, "shift_ms", 0));
	return api_answer(call, 200,
	                  json_pack("{s:o}", "now", api_time_json(clock_now())));
}

/* clang-format off */
static const struct schema_field variable_fields[] = {
        {"name", SCHEMA_TEXT, true, .help = "of a member of settings"},
        {"default", SCHEMA_TEXT, true, true, .max = 1024, .help = "what it is where it is not given"},
        {"help", SCHEMA_TEXT, true, .max = 1024, .help = "what it means"},
};
static const struct schema schema_variable = {"Variable", variable_fields, LEN(variable_fields)};

static const struct schema_field profile_fields[] = {
        {"id", SCHEMA_TEXT, true, .help = "what POST /v1/domains takes"},
        {"name", SCHEMA_TEXT, true, .help = "what it is called"},
        {"summary", SCHEMA_TEXT, true, .max = 1024, .help = "a phrase"},
        {"variables", SCHEMA_LIST, true, .object = &schema_variable, .help = "what settings may say"},
};
const struct schema schema_profile = {"Profile", profile_fields, LEN(profile_fields)};
/* clang-format on */

static json_t *profile_json(const struct profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->variable_count; i++) {
		const struct profile_variable *v = &p->variables[i];

		json_array_append_new(
		        list,
		        json_pack("{s:o, s:o, s:o}", "name", json_text(v->name),
		                  "default",
		                  v->has_default ? json_text(v->text) : json_null(),
		                  "help", json_text(v->help)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "id", json_text(p->id), "name",
	                 json_text(p->name), "summary", json_text(p->summary),
	                 "variables", list);
}

enum api_result about_profiles(struct api_call *call)
{
	json_t *list = json_array();
	struct profile *p;
	struct str name;
	struct err err;

	for (size_t i = 0; (name = catalog_profile_name(i)).n; i++) {
		need(catalog_profile(call->a, name, &p, &err));
		json_array_append_new(list, profile_json(p));
	}
	return api_answer_list(call, list, 0);
}
