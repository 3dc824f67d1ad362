/* Accounts: operators make, change and close them; each may look at its own. */
#include "api/handlers.h"

#include "api/demo.h"
#include "api/parts.h"

static const char *const ip_policies[] = {"full", "truncated", "none", NULL};

/* clang-format off */
static const struct schema_field page_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
};
const struct schema schema_page = {"Page", page_fields, LEN(page_fields)};

static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, .help = "acc_7", .example = "\"acc_7\""},
        {"name", SCHEMA_TEXT, true, .help = "what it is called"},
        {"owner_email", SCHEMA_EMAIL, true, .help = "whom it belongs to"},
        {"region", SCHEMA_TEXT, true, .help = "region of its new domains"},
        {"language", SCHEMA_TEXT, true, .help = "of its mails"},
        {"addresses", SCHEMA_TEXT, true, .help = "what is kept of recipients' IP addresses: full, truncated, none"},
        {"operator", SCHEMA_BOOL, true, .help = "whether it may act for others"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was made"},
        {"closed_at", SCHEMA_TIME, true, true, .help = "when it was closed"},
};
const struct schema schema_account = {"Account", fields, LEN(fields)};

static const struct schema_field new_fields[] = {
        {"name", SCHEMA_TEXT, true, .min = 1, .help = "what it is called", .example = "\"Acme\""},
        {"owner_email", SCHEMA_EMAIL, true, .min = 3, .max = 254, .help = "whom it belongs to: mails go there", .example = "\"owner@acme.example\""},
        {"region", SCHEMA_TEXT, .min = 1, .max = 32, .help = "region of its new domains; that of the installation where it is not given"},
        {"language", SCHEMA_TEXT, .min = 2, .max = 8, .help = "of its mails; en where it is not given"},
        {"addresses", SCHEMA_WORD, .words = ip_policies, .help = "what is kept of the IP addresses of recipients: all, the network (/24, /48), nothing"},
        {"operator", SCHEMA_BOOL, .help = "whether it may act for others"},
};
const struct schema schema_account_new = {"AccountNew", new_fields, LEN(new_fields)};

static const struct schema_field change_fields[] = {
        {"name", SCHEMA_TEXT, .min = 1, .help = "what it is called"},
        {"owner_email", SCHEMA_EMAIL, .min = 3, .max = 254, .help = "whom it belongs to"},
        {"region", SCHEMA_TEXT, .min = 1, .max = 32, .help = "region of its new domains"},
        {"language", SCHEMA_TEXT, .min = 2, .max = 8, .help = "of its mails"},
        {"addresses", SCHEMA_WORD, .words = ip_policies, .help = "what is kept of the IP addresses of recipients: all, the network (/24, /48), nothing"},
        {"operator", SCHEMA_BOOL, .help = "whether it may act for others"},
};
const struct schema schema_account_change = {"AccountChange", change_fields, LEN(change_fields)};

static const struct schema_field self_fields[] = {
        {"name", SCHEMA_TEXT, .min = 1, .help = "what it is called"},
        {"language", SCHEMA_TEXT, .min = 2, .max = 8, .help = "of its mails"},
        {"addresses", SCHEMA_WORD, .words = ip_policies, .help = "what is kept of the IP addresses of recipients: all, the network (/24, /48), nothing"},
};
const struct schema schema_account_self = {"AccountSelf", self_fields, LEN(self_fields)};
/* clang-format on */

static json_t *account_json(struct api_call *call, const struct account_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "id",
	                 api_id_json("acc", row->id), "name", json_text(row->name),
	                 "owner_email", json_text(row->owner_email), "region",
	                 json_text(row->region), "language", json_text(row->language),
	                 "addresses",
	                 json_text(row->ip_policy.n ? row->ip_policy
	                                            : call->api->config->edge_ip),
	                 "operator", row->is_operator, "created_at",
	                 api_time_json(row->created_at), "closed_at",
	                 api_time_json(row->closed_at));
}

/* The edges know of accounts too. */
static void tell(struct api_call *call, int64_t account)
{
	const struct api_host *host = &call->api->host;

	if (host->account_changed)
		host->account_changed(host->arg, account);
}

/* Whether the installation has this region: one with a tracking host, or the usual one. */
static bool check_region(struct api_call *call, struct str region)
{
	const struct config *c = call->api->config;

	if (region.n == 0 || str_eq(region, c->instance_region) ||
	    config_pair(&c->instance_tracking, region).n)
		return true;
	api_error(call, "/region", FIELD_NO_SUCH,
	          "This installation has no such region.");
	return false;
}

enum api_result account_create(struct api_call *call)
{
	struct str region = api_member(call->body, "region");
	struct str language = api_member(call->body, "language");
	struct account_row row = {
	        .name = api_member(call->body, "name"),
	        .owner_email = api_member(call->body, "owner_email"),
	        .region = region.n ? region : call->api->config->instance_region,
	        .language = language.n ? language : STR("en"),
	        .ip_policy = api_member(call->body, "addresses"),
	        .is_operator = api_member_bool(call->body, "operator", false),
	        .created_at = call->now,
	};
	struct err err;

	if (!check_region(call, region))
		return api_invalid(call);
	if (!account_add(call->api->store, &row, &row.id, &err))
		return api_broken(call, &err);
	tell(call, row.id);
	if (call->api->config->demo_enabled && !demo_add(call, &row, &err))
		return api_broken(call, &err);
	call->object = api_id(call->a, "acc", row.id);
	api_header(call, "Location",
	           arena_printf(call->a, "/v1/accounts/%.*s", STR_ARG(call->object)));
	return api_answer(call, 201, account_json(call, &row));
}

enum api_result account_get_list(struct api_call *call)
{
	struct store_page page;
	struct account_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (!account_list(call->api->store, call->a, &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, account_json(call, &rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

/* The account of {account}; NULL: answered. */
static struct account_row *named_account(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[0], "acc");
	struct account_row *row = NULL;
	struct err err;

	if (id && !account_find(call->api->store, call->a, id, &row, &err)) {
		api_broken(call, &err);
		return NULL;
	}
	if (!row)
		api_problem(call, PROBLEM_NOT_FOUND, "There is no such account.");
	else
		call->object = api_id(call->a, "acc", row->id);
	return row;
}

enum api_result account_get(struct api_call *call)
{
	struct account_row *row = named_account(call);

	return row ? api_answer(call, 200, account_json(call, row)) : API_DONE;
}

enum api_result account_get_own(struct api_call *call)
{
	return api_answer(call, 200, account_json(call, call->account));
}

static enum api_result change(struct api_call *call, struct account_row *row)
{
	const json_t *b = call->body;
	struct err err;

	if (!check_region(call, api_member(b, "region")))
		return api_invalid(call);
	if (api_has(b, "name"))
		row->name = api_member(b, "name");
	if (api_has(b, "owner_email"))
		row->owner_email = api_member(b, "owner_email");
	if (api_has(b, "region"))
		row->region = api_member(b, "region");
	if (api_has(b, "language"))
		row->language = api_member(b, "language");
	if (api_has(b, "addresses"))
		row->ip_policy = api_member(b, "addresses");
	if (row->id == call->who.home->id && row->is_operator &&
	    !api_member_bool(b, "operator", true))
		return api_problem(call, PROBLEM_CONFLICT,
		                   "An operator cannot stop being one by its own key.");
	row->is_operator = api_member_bool(b, "operator", row->is_operator);
	if (!account_save(call->api->store, row, &err))
		return api_broken(call, &err);
	tell(call, row->id);
	return api_answer(call, 200, account_json(call, row));
}

enum api_result account_change(struct api_call *call)
{
	struct account_row *row = named_account(call);

	return row ? change(call, row) : API_DONE;
}

enum api_result account_change_own(struct api_call *call)
{
	call->object = api_id(call->a, "acc", call->account->id);
	return change(call, call->account);
}

static enum api_result set_closed(struct api_call *call, int64_t closed_at)
{
	struct account_row *row = named_account(call);
	struct err err;

	if (!row)
		return API_DONE;
	if (row->id == call->who.home->id)
		return api_problem(call, PROBLEM_CONFLICT,
		                   "An account cannot be closed by its own key.");
	if (!account_close(call->api->store, row->id, closed_at, &err))
		return api_broken(call, &err);
	row->closed_at = closed_at;
	return api_answer(call, 200, account_json(call, row));
}

enum api_result account_remove(struct api_call *call)
{
	return set_closed(call, call->now);
}

enum api_result account_reopen(struct api_call *call)
{
	return set_closed(call, 0);
}
