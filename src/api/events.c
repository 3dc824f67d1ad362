/* What is only looked at: events, the audit log. */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/parts.h"
#include "store/audit.h"
#include "store/event.h"

static const char *const orders[] = {"oldest", "newest", NULL};

/* clang-format off */
static const struct schema_field event_fields[] = {
        {"id", SCHEMA_ID, true, .help = "evt_100; higher than all before it"},
        {"type", SCHEMA_TEXT, true, .help = "domain.verified …", .example = "\"domain.verified\""},
        {"timestamp", SCHEMA_TIME, true, .help = "when it happened"},
        {"domain_id", SCHEMA_ID, true, true, .help = "the domain it is about"},
        {"data", SCHEMA_ANY, true, .help = "what there is to say of it"},
};
const struct schema schema_event = {"Event", event_fields, LEN(event_fields)};

static const struct schema_field event_query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"domain", SCHEMA_TEXT, .min = 1, .help = "of this domain alone: id or name"},
        {"type", SCHEMA_TEXT, .min = 1, .help = "of this type alone"},
        {"order", SCHEMA_WORD, .words = orders, .help = "oldest first, or newest"},
};
const struct schema schema_event_query = {"EventQuery", event_query_fields, LEN(event_query_fields)};

static const struct schema_field audit_fields[] = {
        {"id", SCHEMA_ID, true, .help = "aud_8"},
        {"actor", SCHEMA_TEXT, true, .help = "the key or user: key_3, usr_2"},
        {"action", SCHEMA_TEXT, true, .help = "id of the route: domains.delete"},
        {"object", SCHEMA_TEXT, true, true, .help = "what was changed: dom_42"},
        {"at", SCHEMA_TIME, true, .help = "when"},
        {"data", SCHEMA_ANY, true, .help = "more of it"},
};
const struct schema schema_audit = {"Audit", audit_fields, LEN(audit_fields)};
/* clang-format on */

static json_t *object_or_empty(struct str text)
{
	json_t *out = api_stored_json(text);

	if (json_is_object(out))
		return out;
	json_decref(out);
	return json_object();
}

static json_t *event_json(const struct event_row *row)
{
	return json_pack(
	        "{s:o, s:o, s:o, s:o, s:o}", "id", api_id_json("evt", row->id), "type",
	        json_text(row->type), "timestamp", api_time_json(row->at), "domain_id",
	        api_id_json("dom", row->domain_id), "data", object_or_empty(row->data));
}

enum api_result event_get_list(struct api_call *call)
{
	struct event_filter filter = {.account_id = call->account->id,
	                              .type = api_member(call->query, "type")};
	struct store_page page;
	struct event_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page) || !domain_choose(call, &filter.domain_id))
		return API_DONE;
	page.newest_first = str_eq(api_member(call->query, "order"), STR("newest"));
	if (!event_list(call->api->store, call->a, &filter, &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, event_json(&rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

enum api_result event_get(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[0], "evt");
	struct event_row *row = NULL;
	struct err err;

	if (id &&
	    !event_find(call->api->store, call->a, call->account->id, id, &row, &err))
		return api_broken(call, &err);
	if (row && call->who.bound_domain && row->domain_id != call->who.bound_domain)
		row = NULL;
	return row ? api_answer(call, 200, event_json(row))
	           : api_not_found(call, "event");
}

enum api_result audit_get_list(struct api_call *call)
{
	struct store_page page;
	struct audit_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	page.newest_first = true;
	if (!audit_list(call->api->store, call->a, call->account->id, &page, &rows,
	                &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++) {
		const struct audit_row *r = &rows.v[i];

		json_array_append_new(list,
		                      json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "id",
		                                api_id_json("aud", r->id), "actor",
		                                json_text(r->actor), "action",
		                                json_text(r->action), "object",
		                                json_text_or_null(r->object), "at",
		                                api_time_json(r->at), "data",
		                                object_or_empty(r->data)));
	}
	return api_answer_list(call, list, rows.next);
}
