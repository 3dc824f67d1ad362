/* The history of what was seen of a domain. */
#include "api/handlers.h"

#include "api/parts.h"
#include "store/check.h"

/* clang-format off */
#define CHECK_FIELDS                                                                   \
	{"id", SCHEMA_ID, true, .help = "chk_9"},                                      \
	{"at", SCHEMA_TIME, true, .help = "when it was seen so first"},                \
	{"last_at", SCHEMA_TIME, true, .help = "when it was seen so last"},            \
	{"repeated", SCHEMA_NUMBER, true, .help = "how many more checks saw the same"}, \
	{"cause", SCHEMA_TEXT, true, .help = "schedule, request, added or retry"},     \
	{"status", SCHEMA_TEXT, true, .help = "what the check came to"},               \
	{"can_send", SCHEMA_BOOL, true, .help = "whether mail could go out then"}

static const struct schema_field fields[] = {CHECK_FIELDS};
const struct schema schema_check_short = {"Check", fields, LEN(fields)};

static const struct schema_field full_fields[] = {
        CHECK_FIELDS,
        {"verdict", SCHEMA_ANY, true, true, .help = "records, diagnoses and evidence as they were"},
};
const struct schema schema_check_full = {"CheckFull", full_fields, LEN(full_fields)};
/* clang-format on */

static json_t *check_json(const struct check_row *row)
{
	return json_pack(
	        "{s:o, s:o, s:o, s:I, s:o, s:o, s:b}", "id",
	        api_id_json("chk", row->id), "at", api_time_json(row->at), "last_at",
	        api_time_json(row->last_at ? row->last_at : row->at), "repeated",
	        (json_int_t)row->repeated, "cause", json_text(row->cause), "status",
	        json_text(row->status), "can_send", row->can_send);
}

enum api_result check_get_list(struct api_call *call)
{
	struct store_page page;
	struct check_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	page.newest_first = true;
	if (!check_list(call->api->store, call->a, call->domain->id, &page, &rows,
	                &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, check_json(&rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

enum api_result check_get(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[1], "chk");
	struct check_row *row = NULL;
	json_t *document;
	struct err err;

	if (id &&
	    !check_find(call->api->store, call->a, call->domain->id, id, &row, &err))
		return api_broken(call, &err);
	if (!row)
		return api_not_found(call, "check");
	document = check_json(row);
	json_object_set_new(document, "verdict", api_stored_json(row->document));
	return api_answer(call, 200, document);
}
