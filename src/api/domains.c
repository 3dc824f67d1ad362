/* Domains: lists, one, its options, its end, suspension. Adding is domain_new.c. */
#include "api/handlers.h"

#include "api/domain_json.h"
#include "api/domain_state.h"
#include "api/domain_words.h"
#include "api/parts.h"
#include "store/dkim_key.h"
#include "store/sender.h"
#include "store/tracking.h"

#include <string.h>

enum { SWEEP_PAGE = 200 };

static const char *const status_words[] = {
        "pending", "partial",  "verified",  "warning", "lost", "failed",
        "review",  "rejected", "suspended", "deleted", NULL};

/* clang-format off */
static const struct schema_field reason_fields[] = {
        {"code", SCHEMA_TEXT, true, .help = "domain_pending …"},
        {"detail", SCHEMA_TEXT, true, .help = "a sentence"},
};
static const struct schema schema_reason = {"Reason", reason_fields, LEN(reason_fields)};

static const struct schema_field provider_fields[] = {
        {"id", SCHEMA_TEXT, true, .help = "godaddy …"},
        {"name", SCHEMA_TEXT, true, .help = "GoDaddy …"},
        {"evidence", SCHEMA_TEXT, true, .max = 1024, .help = "by which it was recognised"},
};
static const struct schema schema_provider = {"Provider", provider_fields, LEN(provider_fields)};

static const struct schema_field diagnosis_fields[] = {
        {"code", SCHEMA_TEXT, true, .help = "of docs/diagnoses.md"},
        {"severity", SCHEMA_TEXT, true, .help = "error, warning or advice"},
        {"message", SCHEMA_TEXT, true, .max = 65536, .help = "what is wrong"},
        {"fix", SCHEMA_TEXT, true, .max = 65536, .help = "what to do, in the provider's words"},
        {"evidence", SCHEMA_NUMBERS, true, .help = "ids of the evidence"},
};
const struct schema schema_diagnosis = {"Diagnosis", diagnosis_fields, LEN(diagnosis_fields)};

static const struct schema_field found_fields[] = {
        {"type", SCHEMA_TEXT, true, .help = "of the record"},
        {"value", SCHEMA_TEXT, true, .max = 1 << 20, .help = "what it says"},
        {"priority", SCHEMA_NUMBER, true, true, .help = "of an MX"},
        {"server", SCHEMA_TEXT, true, true, .help = "who gave it"},
        {"ttl", SCHEMA_NUMBER, true, .help = "seconds left"},
        {"evidence", SCHEMA_NUMBER, true, .help = "id of the evidence"},
};
const struct schema schema_found = {"Found", found_fields, LEN(found_fields)};

static const struct schema_field record_fields[] = {
        {"purpose", SCHEMA_TEXT, true, .help = "dkim, spf, return_path, tracking, dmarc …"},
        {"type", SCHEMA_TEXT, true, .help = "TXT, CNAME or MX"},
        {"name", SCHEMA_TEXT, true, .max = 1024, .help = "in full"},
        {"host", SCHEMA_TEXT, true, .max = 1024, .help = "what to type into the name field"},
        {"value", SCHEMA_TEXT, true, true, .max = 65536, .help = "what it has to say"},
        {"priority", SCHEMA_NUMBER, true, true, .help = "of an MX"},
        {"ttl", SCHEMA_NUMBER, true, .help = "seconds"},
        {"required", SCHEMA_BOOL, true, .help = "whether sending needs it"},
        {"status", SCHEMA_TEXT, true, .help = "missing, mismatch, conflict, propagating, verified, undetermined, optional_missing"},
        {"checked", SCHEMA_BOOL, true, .help = "false before the first check: the status is undetermined as nobody has looked yet"},
        {"found", SCHEMA_LIST, true, .max = 1000, .object = &schema_found, .help = "what was seen"},
        {"diagnosis", SCHEMA_LIST, true, .max = 1000, .object = &schema_diagnosis, .help = "what is wrong and how to repair it"},
        {"servers", SCHEMA_ANY, true, .help = "how many authoritative servers have it, of those asked"},
        {"checked_at", SCHEMA_TIME, true, true, .help = "null before the first check"},
        {"next_check_at", SCHEMA_TIME, true, true, .help = "when it is looked at again"},
};
static const struct schema schema_record = {"Record", record_fields, LEN(record_fields)};

static const struct schema_field evidence_fields[] = {
        {"id", SCHEMA_NUMBER, true, .help = "cited by diagnoses"},
        {"question", SCHEMA_TEXT, true, .max = 2048, .help = "name and type"},
        {"server", SCHEMA_TEXT, true, true, .help = "who was asked"},
        {"rcode", SCHEMA_TEXT, true, .help = "what came of it"},
        {"answer", SCHEMA_ANY, true, .help = "the records"},
        {"ttl", SCHEMA_NUMBER, true, .help = "seconds"},
        {"at", SCHEMA_TIME, true, true, .help = "when"},
        {"why", SCHEMA_TEXT, .max = 65536, .help = "why there is no answer"},
};
const struct schema schema_evidence = {"Evidence", evidence_fields, LEN(evidence_fields)};

/* What lists and the whole document share. */
#define OPTION_FIELDS                                                                  \
	{"status", SCHEMA_TEXT, true, .help = "pending, partial, verified, warning, lost, failed, review, rejected, suspended, deleted"},                          \
	{"checked", SCHEMA_BOOL, true, .help = "false before the first check"},        \
	{"status_since", SCHEMA_TIME, true, true, .help = "since when"},               \
	{"can_send", SCHEMA_BOOL, true, .help = "whether mail may go out"},            \
	{"can_send_reasons", SCHEMA_LIST, true, .object = &schema_reason, .help = "all that stands in the way"},                                                  \
	{"region", SCHEMA_TEXT, true, .help = "where its links are served"},           \
	{"environment", SCHEMA_TEXT, true, .help = "production, staging or test"},     \
	{"tags", SCHEMA_LIST, true, .help = "words to find it by"},                    \
	{"open_tracking", SCHEMA_BOOL, true, .help = "opens are counted"},             \
	{"click_tracking", SCHEMA_BOOL, true, .help = "clicks are counted"},           \
	{"unsubscribe_mode", SCHEMA_TEXT, true, .help = "off, header, footer or both"}, \
	{"tracking_host", SCHEMA_TEXT, true, true, .help = "host of tracked links"},   \
	{"demo", SCHEMA_BOOL, true, .help = "sends to the account's own addresses alone"},                                                                        \
	{"review", SCHEMA_TEXT, true, true, .help = "how far the review is; null: none is needed"},                                                               \
	{"created_at", SCHEMA_TIME, true, .help = "when it was added"},                \
	{"verified_at", SCHEMA_TIME, true, true, .help = "the first time"},            \
	{"warning_since", SCHEMA_TIME, true, true, .help = "grace runs since"},        \
	{"checked_at", SCHEMA_TIME, true, true, .help = "the last check"},             \
	{"next_check_at", SCHEMA_TIME, true, true, .help = "the next one; null: on request alone"},                                                               \
	{"deleted_at", SCHEMA_TIME, true, true, .help = "when it was deleted"}

static const struct schema_field short_fields[] = {
        {"id", SCHEMA_ID, true, .help = "dom_42", .example = "\"dom_42\""},
        {"domain", SCHEMA_TEXT, true, .max = 300, .help = "its name"},
        {"provider", SCHEMA_TEXT, true, true, .help = "id of the DNS provider"},
        OPTION_FIELDS,
};
const struct schema schema_domain_short = {"DomainShort", short_fields, LEN(short_fields)};

static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, .help = "dom_42", .example = "\"dom_42\""},
        {"domain", SCHEMA_TEXT, true, .max = 300, .help = "its name"},
        {"profile", SCHEMA_TEXT, true, true, .help = "record layout"},
        {"reasons", SCHEMA_LIST, true, .help = "why it cannot send, in words"},
        {"has_sender", SCHEMA_BOOL, true, .help = "whether a From address uses it"},
        {"provider", SCHEMA_OBJECT, true, true, .object = &schema_provider, .help = "whose DNS it is"},
        {"records", SCHEMA_LIST, true, .object = &schema_record, .help = "what is to be published, and what was found"},
        {"advice", SCHEMA_LIST, true, .max = 1000, .object = &schema_diagnosis, .help = "about the domain as a whole"},
        {"evidence", SCHEMA_LIST, true, .max = 10000, .object = &schema_evidence, .help = "the DNS answers that are cited"},
        OPTION_FIELDS,
};
const struct schema schema_domain = {"Domain", fields, LEN(fields)};

static const struct schema_field query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"status", SCHEMA_WORD, .words = status_words, .help = "of this status alone; deleted ones are in no other list"},
        {"tag", SCHEMA_TEXT, .min = 1, .help = "with this tag alone"},
        {"name_prefix", SCHEMA_TEXT, .min = 1, .help = "whose name begins so; in the order of names, of deleted ones in that of ids"},
};
const struct schema schema_domain_query = {"DomainQuery", query_fields, LEN(query_fields)};

static const struct schema_field change_fields[] = {
        {"environment", SCHEMA_WORD, .words = environment_words, .help = "production, staging or test"},
        {"tags", SCHEMA_LIST, .max = 16, .help = "words to find it by"},
        {"open_tracking", SCHEMA_BOOL, .help = "count opens"},
        {"click_tracking", SCHEMA_BOOL, .help = "count clicks"},
        {"unsubscribe_mode", SCHEMA_WORD, .words = unsubscribe_words, .help = "how recipients may leave"},
};
const struct schema schema_domain_change = {"DomainChange", change_fields, LEN(change_fields)};
/* clang-format on */

enum api_result domain_get_list(struct api_call *call)
{
	struct domain_filter filter = {
	        .account_id = call->account->id,
	        .status = api_member(call->query, "status"),
	        .tag = api_member(call->query, "tag"),
	        .name_prefix =
	                arena_lower(call->a, api_member(call->query, "name_prefix")),
	};
	struct store_page page;
	struct domain_rows rows = {0};
	struct domain_row *bound;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (call->who.bound_domain) {
		if (!domain_find(call->api->store, call->a, call->account->id,
		                 call->who.bound_domain, &bound, &err))
			return api_broken(call, &err);
		if (bound && !bound->deleted_at)
			rows = (struct domain_rows){bound, 1, 0};
	} else if (!domain_list(call->api->store, call->a, &filter, &page, &rows,
	                        &err)) {
		return api_broken(call, &err);
	}
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, domain_short_json(call, &rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

static enum api_result answer_document(struct api_call *call, unsigned status)
{
	json_t *document;
	struct err err;

	if (!domain_document(call, call->domain, &document, &err))
		return api_broken(call, &err);
	return api_answer(call, status, document);
}

enum api_result domain_get(struct api_call *call)
{
	return answer_document(call, 200);
}

struct str tags_check(struct api_call *call)
{
	const json_t *list = json_object_get(call->body, "tags");
	struct str out = STR_NONE;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *tag = json_string_value(json_array_get(list, i));
		bool ok = true;

		for (const char *c = tag; *c; c++)
			ok &= char_is_alnum(*c) || strchr("-_.", *c);
		if (!ok)
			api_error(call, arena_printf(call->a, "/tags/%zu", i).p,
			          FIELD_FORM,
			          "A tag is made of letters, digits and -_.");
		out = arena_printf(call->a, "%.*s%s%s", STR_ARG(out), i ? " " : "",
		                   tag);
	}
	return out;
}

enum api_result domain_change(struct api_call *call)
{
	struct domain_row *row = call->domain;
	const json_t *b = call->body;
	struct str tags = tags_check(call);
	struct err err;

	if (call->errors.n)
		return api_invalid(call);
	if (api_has(b, "environment"))
		row->environment = api_member(b, "environment");
	if (api_has(b, "unsubscribe_mode"))
		row->unsubscribe_mode = api_member(b, "unsubscribe_mode");
	if (api_has(b, "tags"))
		row->tags = tags;
	row->open_tracking = api_member_bool(b, "open_tracking", row->open_tracking);
	row->click_tracking = api_member_bool(b, "click_tracking", row->click_tracking);
	if (!domain_save_options(call->api->store, row, &err))
		return api_broken(call, &err);
	return answer_document(call, 200);
}

/* Its senders go with it, its tracking hosts make no new links, its keys are forgotten. */
static bool retire_host(struct api_call *call, struct tracking_row *row,
                        struct err *err)
{
	const struct api_host *host = &call->api->host;
	bool done;

	if (!tracking_retire(call->api->store, row->account_id, row->id, call->now,
	                     &done, err))
		return false;
	row->retired_at = row->next_at = call->now;
	if (host->tracking_changed)
		host->tracking_changed(host->arg, row);
	return true;
}

static bool remove_parts(struct api_call *call, struct err *err)
{
	struct store *store = call->api->store;
	struct store_page page = {.limit = SWEEP_PAGE};
	int64_t account = call->domain->account_id, id = call->domain->id;
	struct sender_rows senders;
	struct tracking_rows hosts;
	struct dkim_key_rows keys;
	bool done;

	do {
		if (!sender_list(store, call->a, &(struct sender_filter){account, id},
		                 &page, &senders, err))
			return false;
		for (size_t i = 0; i < senders.n; i++)
			if (!sender_delete(store, account, senders.v[i].id, call->now,
			                   &done, err))
				return false;
	} while (senders.next);
	if (!tracking_list(store, call->a, &(struct tracking_filter){account, id},
	                   &page, &hosts, err) ||
	    !dkim_key_list(store, call->a, id, &keys, err))
		return false;
	for (size_t i = 0; i < hosts.n; i++)
		if (!hosts.v[i].retired_at && !retire_host(call, &hosts.v[i], err))
			return false;
	for (size_t i = 0; i < keys.n; i++) {
		if (str_eq(keys.v[i].stage, STR("retired")))
			continue;
		if (!dkim_key_set_stage(store, keys.v[i].id, STR("retired"), call->now,
		                        err))
			return false;
		api_drop_key(call, keys.v[i].key_ref);
	}
	return true;
}

enum api_result domain_remove(struct api_call *call)
{
	const struct api_host *host = &call->api->host;
	struct domain_row *row = call->domain;
	json_t *data = json_pack("{s:o}", "domain", json_text(row->name));
	bool deleted;
	struct err err;

	if (!api_event(call, "domain.deleted", row->id, data, &err) ||
	    !domain_delete(call->api->store, row->account_id, row->id, call->now,
	                   &deleted, &err) ||
	    !remove_parts(call, &err))
		return api_broken(call, &err);
	if (!deleted)
		return api_not_found(call, "domain");
	if (host->schedule)
		host->schedule(host->arg, row->id, -1);
	return api_answer_nothing(call);
}

static enum api_result set_suspended(struct api_call *call, bool suspended)
{
	struct domain_row *row = call->domain;
	json_t *data = json_pack("{s:o}", "domain", json_text(row->name));
	struct err err;

	if (row->is_suspended == suspended) {
		json_decref(data);
		return answer_document(call, 200);
	}
	if (!api_event(call, suspended ? "domain.suspended" : "domain.unsuspended",
	               row->id, data, &err) ||
	    !domain_suspend(call->api->store, row->id, suspended, &err))
		return api_broken(call, &err);
	row->is_suspended = suspended;
	return answer_document(call, 200);
}

enum api_result domain_set_suspended(struct api_call *call)
{
	return set_suspended(call, true);
}

enum api_result domain_set_free(struct api_call *call)
{
	return set_suspended(call, false);
}
