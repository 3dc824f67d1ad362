/* What happened to tracked links: events, one by one and counted, and who unsubscribed. */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/parts.h"
#include "store/track_event.h"
#include "store/unsubscribe.h"
#include "track/classify.h"

static const char *const orders[] = {"oldest", "newest", NULL};
static const char *const types[] = {
#define X(name, number, word, what) word,
        TRACK_TYPES(X)
#undef X
                NULL};
static const char *const verdicts[] = {"person", "machine", "undetermined", NULL};
static const char *const reason_words[] = {
#define X(name, word, text) word,
        TRACK_REASONS(X)
#undef X
                NULL};

/* clang-format off */
static const struct schema_field event_fields[] = {
        {"id", SCHEMA_ID, true, .help = "tev_100; higher than all before it"},
        {"type", SCHEMA_WORD, true, .words = types, .help = "what happened"},
        {"timestamp", SCHEMA_TIME, true, .help = "when"},
        {"domain_id", SCHEMA_ID, true, true, .help = "the domain of the host"},
        {"host", SCHEMA_TEXT, true, .help = "the name that was asked"},
        {"message", SCHEMA_TEXT, true, .help = "the number of the message"},
        {"link", SCHEMA_NUMBER, true, .help = "which link of the message, from 0"},
        {"url", SCHEMA_TEXT, true, true, .max = TRACK_TEXT_MAX, .help = "where a click led"},
        {"address", SCHEMA_TEXT, true, true, .max = TRACK_TEXT_MAX, .help = "who unsubscribed"},
        {"verdict", SCHEMA_WORD, true, .words = verdicts, .help = "who seems to have done it; later evidence may change it"},
        {"reasons", SCHEMA_WORDS, true, .max = TRACK_REASON_COUNT, .words = reason_words, .help = "why; none speaks for a person"},
        {"ip", SCHEMA_TEXT, true, true, .help = "from where, as far as the account keeps it"},
        {"agent", SCHEMA_TEXT, true, true, .max = TRACK_AGENT_MAX, .help = "its User-Agent"},
        {"method", SCHEMA_TEXT, true, .help = "GET, HEAD, POST"},
        {"tls", SCHEMA_TEXT, true, true, .help = "1.2, 1.3; null: without TLS"},
        {"status", SCHEMA_NUMBER, true, .help = "what was answered"},
};
const struct schema schema_track_event = {"TrackingEvent", event_fields, LEN(event_fields)};

static const struct schema_field query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page at most; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"domain", SCHEMA_TEXT, .min = 1, .help = "of this domain alone: id or name"},
        {"message", SCHEMA_TEXT, .min = 1, .max = 20, .help = "of this message alone"},
        {"type", SCHEMA_WORD, .words = types, .help = "of this type alone"},
        {"verdict", SCHEMA_WORD, .words = verdicts, .help = "with this verdict alone"},
        {"order", SCHEMA_WORD, .words = orders, .help = "oldest first, or newest"},
};
const struct schema schema_track_event_query = {"TrackingEventQuery", query_fields, LEN(query_fields)};

static const struct schema_field unsubscribe_fields[] = {
        {"id", SCHEMA_ID, true, .help = "uns_3"},
        {"address", SCHEMA_TEXT, true, .max = 512, .help = "who gets no more mail, in lower case"},
        {"domain_id", SCHEMA_ID, true, true, .help = "of which domain; null: of none of the account's"},
        {"message", SCHEMA_TEXT, true, .help = "the message whose link it was"},
        {"created_at", SCHEMA_TIME, true, .help = "when"},
};
const struct schema schema_unsubscribe = {"Unsubscribe", unsubscribe_fields, LEN(unsubscribe_fields)};

static const struct schema_field unsubscribe_query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"domain", SCHEMA_TEXT, .min = 1, .help = "of this domain alone: id or name"},
        {"order", SCHEMA_WORD, .words = orders, .help = "oldest first, or newest"},
};
const struct schema schema_unsubscribe_query = {"UnsubscribeQuery", unsubscribe_query_fields, LEN(unsubscribe_query_fields)};
/* clang-format on */

static json_t *message_json(struct api_call *call, int64_t message)
{
	return json_text(
	        arena_printf(call->a, "%llu", (unsigned long long)(uint64_t)message));
}

static json_t *reasons_json(int64_t reasons)
{
	json_t *list = json_array();

	for (int bit = 0; bit < TRACK_REASON_COUNT; bit++)
		if (reasons & 1 << bit)
			json_array_append_new(list,
			                      json_string(track_reason_word(
			                              (enum track_reason_bit)bit)));
	return list;
}

static json_t *tls_json(int64_t tls)
{
	if (tls == 0x0304)
		return json_string("1.3");
	return tls == 0x0303 ? json_string("1.2") : json_null();
}

static const char *word_of_type(int64_t type)
{
	const char *word = track_type_name((enum track_type)type);

	return word ? word : "unknown";
}

static json_t *event_json(struct api_call *call, const struct track_event_row *row)
{
	bool is_click = row->type == TRACK_CLICK || row->type == TRACK_CLICK_PAGE;
	json_t *o = json_object();

	json_object_set_new(o, "id", api_id_json("tev", row->id));
	json_object_set_new(o, "type", json_string(word_of_type(row->type)));
	json_object_set_new(o, "timestamp", api_time_json(row->at));
	json_object_set_new(o, "domain_id", api_id_json("dom", row->domain_id));
	json_object_set_new(o, "host", json_text(row->host));
	json_object_set_new(o, "message", message_json(call, row->message));
	json_object_set_new(o, "link", json_integer(row->link));
	json_object_set_new(o, "url",
	                    json_text_or_null(is_click ? row->text : STR_NONE));
	json_object_set_new(o, "address",
	                    json_text_or_null(is_click ? STR_NONE : row->text));
	json_object_set_new(o, "verdict",
	                    json_string(track_verdict_name((enum track_verdict)(
	                            row->verdict % TRACK_VERDICTS))));
	json_object_set_new(o, "reasons", reasons_json(row->reasons));
	json_object_set_new(o, "ip", json_text_or_null(row->ip));
	json_object_set_new(o, "agent", json_text_or_null(row->agent));
	json_object_set_new(o, "method",
	                    json_string(track_method_name((enum track_method)(
	                            row->method % TRACK_METHOD_COUNT))));
	json_object_set_new(o, "tls", tls_json(row->tls));
	json_object_set_new(o, "status", json_integer(row->answer));
	return o;
}

/* What the query asks for; false: answered. */
static bool read_filter(struct api_call *call, struct track_event_filter *filter)
{
	struct str message = api_member(call->query, "message");
	enum track_verdict verdict;
	enum track_type type;
	uint64_t number = 0;

	filter->account_id = call->account->id;
	if (message.n && (!str_parse_uint(message, UINT64_MAX, &number) || !number)) {
		problem_add(&call->errors, true, STR("message"), FIELD_FORM,
		            STR("A message is named by a number."));
		api_invalid(call);
		return false;
	}
	filter->message = (int64_t)number;
	if (track_type_parse(api_member(call->query, "type"), &type))
		filter->type = type;
	filter->has_verdict =
	        track_verdict_parse(api_member(call->query, "verdict"), &verdict);
	if (filter->has_verdict)
		filter->verdict = verdict;
	return domain_choose(call, &filter->domain_id);
}

enum api_result track_event_get_list(struct api_call *call)
{
	struct track_event_filter filter = {0};
	struct track_event_rows rows;
	struct store_page page;
	json_t *list;
	struct err err;

	if (!api_page(call, &page) || !read_filter(call, &filter))
		return API_DONE;
	page.newest_first = str_eq(api_member(call->query, "order"), STR("newest"));
	if (!track_event_list(call->api->store, call->a, &filter, &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, event_json(call, &rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

static json_t *unsubscribe_json(struct api_call *call,
                                const struct unsubscribe_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "id", api_id_json("uns", row->id),
	                 "address", json_text(row->address), "domain_id",
	                 api_id_json("dom", row->domain_id), "message",
	                 message_json(call, row->message), "created_at",
	                 api_time_json(row->at));
}

enum api_result unsubscribe_get_list(struct api_call *call)
{
	struct unsubscribe_filter filter = {.account_id = call->account->id};
	struct unsubscribe_rows rows;
	struct store_page page;
	json_t *list;
	struct err err;

	if (!api_page(call, &page) || !domain_choose(call, &filter.domain_id))
		return API_DONE;
	page.newest_first = str_eq(api_member(call->query, "order"), STR("newest"));
	if (!unsubscribe_list(call->api->store, call->a, &filter, &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, unsubscribe_json(call, &rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

enum api_result unsubscribe_delete(struct api_call *call)
{
	int64_t account = call->account->id;
	int64_t id = api_id_parse(call->captures[0], "uns");
	struct unsubscribe_row *row = NULL;
	bool removed = false;
	struct err err;

	if (id && !unsubscribe_find(call->api->store, call->a, account, id, &row, &err))
		return api_broken(call, &err);
	if (row && call->who.bound_domain && row->domain_id != call->who.bound_domain)
		row = NULL;
	if (!row)
		return api_not_found(call, "unsubscription");
	call->object = api_id(call->a, "uns", id);
	if (!unsubscribe_remove(call->api->store, account, id, &removed, &err))
		return api_broken(call, &err);
	return api_answer_nothing(call);
}
