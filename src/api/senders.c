/*
 * Sender addresses. Each belongs to a domain of the account, by the part behind its "@";
 * where that is made by a template (x@{{domain}}), nobody can tell which: undetermined.
 */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/domain_state.h"
#include "api/parts.h"
#include "dns/name.h"
#include "store/sender.h"

static const char *const statuses[] = {"verified", "unverified", "undetermined", NULL};

/* clang-format off */
static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, .help = "snd_7"},
        {"address", SCHEMA_EMAIL, true, .help = "what stands in From"},
        {"display_name", SCHEMA_TEXT, true, .help = "the name beside it"},
        {"domain_id", SCHEMA_ID, true, true, .help = "its domain; null where a template makes it"},
        {"status", SCHEMA_WORD, true, .words = statuses, .help = "verified: its domain may send; undetermined: a template makes the domain"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was added"},
};
const struct schema schema_sender = {"Sender", fields, LEN(fields)};

static const struct schema_field new_fields[] = {
        {"address", SCHEMA_EMAIL, true, .min = 3, .max = 254, .help = "what stands in From", .example = "\"hello@acme.example\""},
        {"display_name", SCHEMA_TEXT, .help = "the name beside it", .example = "\"Acme\""},
};
const struct schema schema_sender_new = {"SenderNew", new_fields, LEN(new_fields)};

static const struct schema_field change_fields[] = {
        {"display_name", SCHEMA_TEXT, true, .help = "the name beside it"},
};
const struct schema schema_sender_change = {"SenderChange", change_fields, LEN(change_fields)};

static const struct schema_field query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"domain", SCHEMA_TEXT, .min = 1, .help = "of this domain alone: id or name"},
};
const struct schema schema_sender_query = {"SenderQuery", query_fields, LEN(query_fields)};
/* clang-format on */

/* `domain` is the sender's, or NULL. */
static json_t *sender_json(struct api_call *call, const struct sender_row *row,
                           const struct domain_row *domain)
{
	const char *status = row->domain_id ? "unverified" : "undetermined";

	if (domain) {
		struct can_send in =
		        domain_can_send_input(domain, call->account->closed_at != 0);

		if (can_send(&in) == 0)
			status = "verified";
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "id",
	                 api_id_json("snd", row->id), "address",
	                 json_text(row->address), "display_name",
	                 json_text(row->display_name), "domain_id",
	                 api_id_json("dom", row->domain_id), "status", status,
	                 "created_at", api_time_json(row->created_at));
}

static bool load_domain(struct api_call *call, const struct sender_row *row,
                        struct domain_row **out, struct err *err)
{
	*out = NULL;
	return row->domain_id == 0 ||
	       domain_find(call->api->store, call->a, row->account_id, row->domain_id,
	                   out, err);
}

/* The domain of a new address; false: answered. NULL where a template makes it. */
static bool choose_domain(struct api_call *call, struct str address,
                          struct domain_row **out)
{
	struct str name;
	struct err err;

	*out = NULL;
	if (address_is_template(address)) {
		if (!call->who.bound_domain)
			return true;
		api_problem(call, PROBLEM_BOUND, "%s", "");
		return false;
	}
	if (dns_name_parse(call->a, address_domain(address), &name, &err)) {
		if (!domain_of_text(call, name, out, &err)) {
			api_broken(call, &err);
			return false;
		}
	}
	if (*out)
		return true;
	api_error(call, "/address", FIELD_NO_SUCH,
	          "The account has no such domain; add it first.");
	api_invalid(call);
	return false;
}

enum api_result sender_create(struct api_call *call)
{
	struct str address = api_member(call->body, "address");
	struct domain_row *domain;
	struct sender_row row = {
	        .account_id = call->account->id,
	        .address = arena_lower(call->a, address),
	        .display_name = api_member(call->body, "display_name"),
	        .created_at = call->now,
	};
	struct err err;

	if (!choose_domain(call, address, &domain))
		return API_DONE;
	row.domain_id = domain ? domain->id : 0;
	row.status = domain ? STR_NONE : STR("undetermined");
	if (!sender_add(call->api->store, &row, &row.id, &err))
		return api_broken(call, &err);
	if (row.id == 0)
		return api_duplicate(call, "/address", "The account has it already.");
	call->object = api_id(call->a, "snd", row.id);
	return api_answer(call, 201, sender_json(call, &row, domain));
}

enum api_result sender_get_list(struct api_call *call)
{
	struct str text = api_member(call->query, "domain");
	struct domain_row *domain = NULL;
	struct store_page page;
	struct sender_rows rows;
	int64_t of = call->who.bound_domain;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (text.n) {
		if (!domain_of_text(call, text, &domain, &err))
			return api_broken(call, &err);
		if (!domain)
			return api_not_found(call, "domain");
		of = domain->id;
	}
	if (!sender_list(call->api->store, call->a,
	                 &(struct sender_filter){call->account->id, of}, &page, &rows,
	                 &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++) {
		if (!load_domain(call, &rows.v[i], &domain, &err)) {
			json_decref(list);
			return api_broken(call, &err);
		}
		json_array_append_new(list, sender_json(call, &rows.v[i], domain));
	}
	return api_answer_list(call, list, rows.next);
}

/* The sender of {sender} and its domain; NULL: answered. */
static struct sender_row *named_sender(struct api_call *call,
                                       struct domain_row **domain)
{
	int64_t id = api_id_parse(call->captures[0], "snd");
	struct sender_row *row = NULL;
	struct err err;

	*domain = NULL;
	if ((id && !sender_find(call->api->store, call->a, call->account->id, id, &row,
	                        &err)) ||
	    (row && !load_domain(call, row, domain, &err))) {
		api_broken(call, &err);
		return NULL;
	}
	if (row && call->who.bound_domain && row->domain_id != call->who.bound_domain)
		row = NULL;
	if (!row)
		api_not_found(call, "sender");
	else
		call->object = api_id(call->a, "snd", row->id);
	return row;
}

enum api_result sender_get(struct api_call *call)
{
	struct domain_row *domain;
	struct sender_row *row = named_sender(call, &domain);

	return row ? api_answer(call, 200, sender_json(call, row, domain)) : API_DONE;
}

enum api_result sender_change(struct api_call *call)
{
	struct domain_row *domain;
	struct sender_row *row = named_sender(call, &domain);
	struct err err;

	if (!row)
		return API_DONE;
	row->display_name = api_member(call->body, "display_name");
	if (!sender_save(call->api->store, row, &err))
		return api_broken(call, &err);
	return api_answer(call, 200, sender_json(call, row, domain));
}

enum api_result sender_remove(struct api_call *call)
{
	struct domain_row *domain;
	struct sender_row *row = named_sender(call, &domain);
	bool deleted;
	struct err err;

	if (!row)
		return API_DONE;
	if (!sender_delete(call->api->store, row->account_id, row->id, call->now,
	                   &deleted, &err))
		return api_broken(call, &err);
	return api_answer_nothing(call);
}
