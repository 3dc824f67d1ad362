/* API keys: made with scopes, shown once, bound to one domain if wanted, revoked. */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/parts.h"
#include "api/secret.h"
#include "store/api_key.h"

static const char *const scope_words[] = {
#define X(name, bit, text, help) text,
        API_SCOPES(X)
#undef X
                NULL,
};

/* clang-format off */
static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, .help = "key_3", .example = "\"key_3\""},
        {"name", SCHEMA_TEXT, true, .help = "what it is for"},
        {"hint", SCHEMA_TEXT, true, .help = "its last characters"},
        {"scopes", SCHEMA_WORDS, true, .words = scope_words, .help = "what it may do"},
        {"domain_id", SCHEMA_ID, true, true, .help = "the one domain it is bound to"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was made"},
        {"last_used_at", SCHEMA_TIME, true, true, .help = "to the minute"},
        {"revoked_at", SCHEMA_TIME, true, true, .help = "when it was revoked"},
};
const struct schema schema_key = {"Key", fields, LEN(fields)};

static const struct schema_field made_fields[] = {
        {"id", SCHEMA_ID, true, .help = "key_3"},
        {"name", SCHEMA_TEXT, true, .help = "what it is for"},
        {"hint", SCHEMA_TEXT, true, .help = "its last characters"},
        {"scopes", SCHEMA_WORDS, true, .words = scope_words, .help = "what it may do"},
        {"domain_id", SCHEMA_ID, true, true, .help = "the one domain it is bound to"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was made"},
        {"last_used_at", SCHEMA_TIME, true, true, .help = "not yet"},
        {"revoked_at", SCHEMA_TIME, true, true, .help = "not yet"},
        {"secret", SCHEMA_TEXT, true, true, .help = "the key itself: shown here and never again; null in a repeated answer"},
};
const struct schema schema_key_made = {"KeyMade", made_fields, LEN(made_fields)};

static const struct schema_field new_fields[] = {
        {"name", SCHEMA_TEXT, true, .min = 1, .help = "what it is for", .example = "\"shop\""},
        {"scopes", SCHEMA_WORDS, true, .min = 1, .max = 4, .words = scope_words, .help = "what it may do", .example = "[\"send\"]"},
        {"domain", SCHEMA_TEXT, .min = 1, .help = "id or name of the one domain it is bound to"},
};
const struct schema schema_key_new = {"KeyNew", new_fields, LEN(new_fields)};
/* clang-format on */

static json_t *scopes_json(int64_t scopes)
{
	json_t *out = json_array();

#define X(name, bit, text, help)                                                       \
	if (scopes & (bit))                                                            \
		json_array_append_new(out, json_string(text));
	API_SCOPES(X)
#undef X
	return out;
}

static json_t *key_json(const struct api_key_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
	                 api_id_json("key", row->id), "name", json_text(row->name),
	                 "hint", json_text(row->hint), "scopes",
	                 scopes_json(row->scopes), "domain_id",
	                 api_id_json("dom", row->domain_id), "created_at",
	                 api_time_json(row->created_at), "last_used_at",
	                 api_time_json(row->last_used_at), "revoked_at",
	                 api_time_json(row->revoked_at));
}

static unsigned scopes_of(const json_t *list)
{
	unsigned out = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct str word = str_c(json_string_value(json_array_get(list, i)));

#define X(name, bit, text, help)                                                       \
	if (str_eq(word, STR(text)))                                                   \
		out |= (bit);
		API_SCOPES(X)
#undef X
	}
	return out;
}

enum api_result key_create(struct api_call *call)
{
	struct api_secret secret = secret_make(call->a, "sk");
	struct str domain = api_member(call->body, "domain");
	struct api_key_row row = {
	        .account_id = call->account->id,
	        .name = api_member(call->body, "name"),
	        .hash = secret.hash,
	        .hint = secret.hint,
	        .scopes = scopes_of(json_object_get(call->body, "scopes")),
	        .created_at = call->now,
	};
	json_t *document;
	struct err err;

	if (domain.n) {
		struct domain_row *d;

		if (!domain_of_text(call, domain, &d, &err))
			return api_broken(call, &err);
		if (!d) {
			api_error(call, "/domain", FIELD_NO_SUCH,
			          "The account has no such domain.");
			return api_invalid(call);
		}
		row.domain_id = d->id;
	}
	if (!api_key_add(call->api->store, &row, &row.id, &err))
		return api_broken(call, &err);
	call->object = api_id(call->a, "key", row.id);
	document = key_json(&row);
	json_object_set_new(document, "secret", json_null());
	call->kept_text = json_line(call->a, document);
	json_object_set_new(document, "secret", json_text(secret.text));
	return api_answer(call, 201, document);
}

enum api_result key_get_list(struct api_call *call)
{
	struct store_page page;
	struct api_key_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (!api_key_list(call->api->store, call->a, call->account->id, &page, &rows,
	                  &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, key_json(&rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

enum api_result key_get(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[0], "key");
	struct api_key_row *row = NULL;
	struct err err;

	if (id &&
	    !api_key_find(call->api->store, call->a, call->account->id, id, &row, &err))
		return api_broken(call, &err);
	return row ? api_answer(call, 200, key_json(row)) : api_not_found(call, "key");
}

enum api_result key_revoke(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[0], "key");
	bool revoked = false;
	struct err err;

	if (id && !api_key_revoke(call->api->store, call->account->id, id, call->now,
	                          &revoked, &err))
		return api_broken(call, &err);
	if (!revoked)
		return api_not_found(call, "key");
	call->object = api_id(call->a, "key", id);
	return api_answer_nothing(call);
}
