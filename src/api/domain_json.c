#include "api/domain_json.h"

#include "api/domain_state.h"
#include "api/layout.h"
#include "api/parts.h"
#include "auth/suffixes.h"
#include "diagnose/verdict.h"
#include "store/check.h"
#include "store/sender.h"

static json_t *words_json(struct str words)
{
	json_t *out = json_array();
	struct str word;

	while (str_cut_word(&words, &word))
		json_array_append_new(out, json_text(word));
	return out;
}

static json_t *reasons_json(unsigned why_not)
{
	json_t *out = json_array();
	const struct can_send_row *row;

	for (size_t i = 0; (row = can_send_reason(why_not, i)); i++)
		json_array_append_new(out, json_pack("{s:s, s:s}", "code", row->code,
		                                     "detail", row->text));
	return out;
}

static struct str shown_name(struct api_call *call, const struct domain_row *row)
{
	return row->deleted_at
	               ? arena_printf(call->a, "%.*s (deleted)", STR_ARG(row->name))
	               : row->name;
}

static void add_options(json_t *out, const struct domain_row *row)
{
	json_object_set_new(out, "region", json_text(row->region));
	json_object_set_new(out, "environment", json_text(row->environment));
	json_object_set_new(out, "tags", words_json(row->tags));
	json_object_set_new(out, "open_tracking", json_boolean(row->open_tracking));
	json_object_set_new(out, "click_tracking", json_boolean(row->click_tracking));
	json_object_set_new(out, "unsubscribe_mode", json_text(row->unsubscribe_mode));
	json_object_set_new(out, "tracking_host",
	                    json_text_or_null(row->tracking_host));
	json_object_set_new(out, "demo", json_boolean(row->is_demo));
	json_object_set_new(out, "review", json_text_or_null(row->review_state));
	json_object_set_new(out, "created_at", api_time_json(row->created_at));
	json_object_set_new(out, "verified_at", api_time_json(row->life.verified_at));
	json_object_set_new(out, "warning_since",
	                    api_time_json(row->life.warning_since));
	json_object_set_new(out, "checked_at", api_time_json(row->life.checked_at));
	json_object_set_new(out, "next_check_at",
	                    api_time_json(row->life.next_check_at));
	json_object_set_new(out, "deleted_at", api_time_json(row->deleted_at));
}

/* Status and permission, over what a check may have said at its time. */
static unsigned add_state(struct api_call *call, json_t *out,
                          const struct domain_row *row)
{
	struct can_send in = domain_can_send_input(row, call->account->closed_at != 0);
	unsigned why_not = can_send(&in);

	json_object_set_new(out, "status", json_string(life_shown_status(&in)));
	json_object_set_new(out, "checked", json_boolean(row->life.checked_at != 0));
	json_object_set_new(out, "status_since", api_time_json(row->life.status_since));
	json_object_set_new(out, "can_send", json_boolean(why_not == 0));
	json_object_set_new(out, "can_send_reasons", reasons_json(why_not));
	return why_not;
}

json_t *domain_short_json(struct api_call *call, const struct domain_row *row)
{
	json_t *out = json_pack("{s:o, s:o, s:o}", "id", api_id_json("dom", row->id),
	                        "domain", json_text(shown_name(call, row)), "provider",
	                        json_text_or_null(row->life.provider));

	add_state(call, out, row);
	add_options(out, row);
	return out;
}

bool domain_plan(struct api_call *call, const struct domain_row *row, struct plan **out,
                 struct err *err)
{
	struct layout_row *layout;

	*out = NULL;
	if (row->is_demo)
		return true;
	if (!layout_find(call->api->store, call->a, row->layout_id, &layout, err))
		return false;
	if (!layout)
		return err_set(err, ERR_INTERNAL, "domain %lld has no layout",
		               (long long)row->id);
	return layout_plan(call->a, layout->text, row->name, row->settings, out, err);
}

struct field_place domain_place(struct api_call *call, const struct domain_row *row,
                                const struct provider *wanted)
{
	const struct provider *p = wanted;

	if (!p && row->life.provider.n)
		p = provider_find(&call->api->providers, row->life.provider);
	return (struct field_place){
	        p ? p : provider_generic(),
	        suffixes_organization(call->a, call->api->suffixes, row->name)};
}

/* Before the first check: what is to be published, and nothing found. */
static json_t *unchecked(struct api_call *call, const struct domain_row *row,
                         const struct plan *plan, struct str profile)
{
	struct field_place at = domain_place(call, row, NULL);
	struct verdict v = {.domain = row->name,
	                    .profile = profile,
	                    .status = DOMAIN_PENDING,
	                    .record_count = plan ? plan->record_count : 0};

	v.records = ARENA_ARRAY(call->a, struct verdict_record,
	                        v.record_count ? v.record_count : 1);
	for (size_t i = 0; i < v.record_count; i++)
		v.records[i] = (struct verdict_record){
		        .plan = &plan->records[i],
		        .host = field_host(call->a, &at, plan->records[i].name),
		        .status = RECORD_UNDETERMINED,
		        .next_check_at = row->life.next_check_at,
		};
	return verdict_json(&v);
}

static bool base_document(struct api_call *call, const struct domain_row *row,
                          json_t **out, struct err *err)
{
	struct layout_row *layout;
	struct check_row *check;
	struct plan *plan;

	if (!check_find_newest(call->api->store, call->a, row->id, &check, err))
		return false;
	if (check && check->document.n) {
		*out = api_stored_json(check->document);
		if (json_is_object(*out))
			return true;
		json_decref(*out);
	}
	if (!domain_plan(call, row, &plan, err) ||
	    !layout_find(call->api->store, call->a, row->layout_id, &layout, err))
		return false;
	*out = unchecked(call, row, plan, layout ? layout->profile : STR_NONE);
	return true;
}

/* Whether a From address uses the domain. */
static bool has_sender(struct api_call *call, const struct domain_row *row, bool *out,
                       struct err *err)
{
	struct store_page page = {.limit = 1};
	struct sender_rows senders;

	if (!sender_list(call->api->store, call->a,
	                 &(struct sender_filter){row->account_id, row->id}, &page,
	                 &senders, err))
		return false;
	*out = senders.n > 0;
	return true;
}

/* Which records have been looked at: what is undetermined may be so for want of a look. */
static void mark_checked(json_t *document)
{
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(document, "records"), i, record)
	{
		const json_t *at = json_object_get(record, "checked_at");

		json_object_set_new(record, "checked", json_boolean(!json_is_null(at)));
	}
}

bool domain_document(struct api_call *call, const struct domain_row *row, json_t **out,
                     struct err *err)
{
	json_t *document, *reasons, *whole;
	const struct can_send_row *reason;
	unsigned why_not;
	bool sender;

	if (!has_sender(call, row, &sender, err) ||
	    !base_document(call, row, &document, err))
		return false;
	whole = json_pack("{s:o}", "id", api_id_json("dom", row->id));
	json_object_update(whole, document);
	json_decref(document);
	mark_checked(whole);
	json_object_set_new(whole, "domain", json_text(shown_name(call, row)));
	why_not = add_state(call, whole, row);
	add_options(whole, row);
	json_object_set_new(whole, "has_sender", json_boolean(sender));
	reasons = json_array();
	for (size_t i = 0; (reason = can_send_reason(why_not, i)); i++)
		json_array_append_new(reasons, json_string(reason->text));
	if (why_not)
		json_array_extend(reasons, json_object_get(whole, "reasons"));
	json_object_set_new(whole, "reasons", reasons);
	*out = whole;
	return true;
}
