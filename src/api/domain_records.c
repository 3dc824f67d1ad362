/* What a domain has to publish, as data, zone text, table or letter to a colleague. */
#include "api/handlers.h"

#include "api/domain_json.h"
#include "api/parts.h"
#include "notice/notice.h"
#include "plan/render.h"

static const char *const formats[] = {"json", "zone", "table", "markdown", NULL};

/* clang-format off */
static const struct schema_field query_fields[] = {
        {"format", SCHEMA_WORD, .words = formats, .help = "json where it is not given"},
        {"provider", SCHEMA_TEXT, .min = 1, .max = 64, .help = "in whose words: godaddy, cloudflare …; the one that was recognised where it is not given"},
};
const struct schema schema_records_query = {"RecordsQuery", query_fields, LEN(query_fields)};

static const struct schema_field record_fields[] = {
        {"purpose", SCHEMA_TEXT, true, .help = "what it is for"},
        {"type", SCHEMA_TEXT, true, .help = "TXT, CNAME or MX"},
        {"name", SCHEMA_TEXT, true, .max = 1024, .help = "in full"},
        {"host", SCHEMA_TEXT, true, .max = 1024, .help = "what to type into the name field"},
        {"value", SCHEMA_TEXT, true, .max = 65536, .help = "what to type into the value field"},
        {"priority", SCHEMA_NUMBER, true, true, .help = "of an MX"},
        {"ttl", SCHEMA_NUMBER, true, .help = "seconds"},
        {"required", SCHEMA_BOOL, true, .help = "whether sending needs it"},
        {"match", SCHEMA_TEXT, true, .help = "how it is compared"},
};
static const struct schema schema_planned = {"PlannedRecord", record_fields, LEN(record_fields)};

static const struct schema_field list_fields[] = {
        {"domain", SCHEMA_NAME, true, .help = "its name"},
        {"provider", SCHEMA_TEXT, true, .help = "in whose words"},
        {"records", SCHEMA_LIST, true, .object = &schema_planned, .help = "what is to be published"},
};
const struct schema schema_record_list = {"RecordList", list_fields, LEN(list_fields)};

static const struct schema_field letter_fields[] = {
        {"to", SCHEMA_EMAIL, true, .min = 3, .max = 254, .help = "the colleague who has access to the DNS", .example = "\"dns@acme.example\""},
        {"message", SCHEMA_TEXT, .max = 2000, .help = "a word to the colleague"},
        {"provider", SCHEMA_TEXT, .min = 1, .max = 64, .help = "in whose words"},
};
const struct schema schema_instructions = {"Instructions", letter_fields, LEN(letter_fields)};

static const struct schema_field sent_fields[] = {
        {"to", SCHEMA_EMAIL, true, .help = "who gets the letter"},
        {"subject", SCHEMA_TEXT, true, .max = 1024, .help = "of the letter"},
};
const struct schema schema_instructions_sent = {"InstructionsSent", sent_fields, LEN(sent_fields)};
/* clang-format on */

/* The provider that is named, or NULL where none is; false: answered. */
static bool choose_provider(struct api_call *call, const json_t *from,
                            const struct provider **out)
{
	struct str name = api_member(from, "provider");

	*out = name.n ? provider_find(&call->api->providers, name) : NULL;
	if (name.n == 0 || *out)
		return true;
	problem_add(&call->errors, from == call->query,
	            from == call->query ? STR("provider") : STR("/provider"),
	            FIELD_NO_SUCH, STR("Nobody knows this DNS provider."));
	api_invalid(call);
	return false;
}

/* Plan and place; false: answered. */
static bool prepare(struct api_call *call, const json_t *from, struct plan **plan,
                    struct field_place *at)
{
	const struct provider *provider;
	struct err err;

	if (!choose_provider(call, from, &provider))
		return false;
	if (!domain_plan(call, call->domain, plan, &err)) {
		api_broken(call, &err);
		return false;
	}
	if (!*plan) {
		api_problem(call, PROBLEM_CONFLICT,
		            "A demo domain has no records to publish.");
		return false;
	}
	*at = domain_place(call, call->domain, provider);
	return true;
}

enum api_result domain_records(struct api_call *call)
{
	struct str format = api_member(call->query, "format");
	struct field_place at;
	struct plan *plan;

	if (!prepare(call, call->query, &plan, &at))
		return API_DONE;
	if (str_eq(format, STR("zone")))
		return api_answer_text(call, "text/plain; charset=utf-8",
		                       render_zone(call->a, plan));
	if (str_eq(format, STR("table")))
		return api_answer_text(call, "text/plain; charset=utf-8",
		                       render_table(call->a, plan, &at));
	if (str_eq(format, STR("markdown")))
		return api_answer_text(call, "text/markdown; charset=utf-8",
		                       render_markdown(call->a, plan, &at));
	return api_answer(call, 200,
	                  json_pack("{s:o, s:o, s:o}", "domain",
	                            json_text(call->domain->name), "provider",
	                            json_text(at.provider->id), "records",
	                            render_json(call->a, plan, &at)));
}

enum api_result domain_instructions(struct api_call *call)
{
	const struct api_host *host = &call->api->host;
	const struct config *c = call->api->config;
	struct field_place at;
	struct api_mail mail;
	struct plan *plan;

	if (!prepare(call, call->body, &plan, &at))
		return API_DONE;
	mail = (struct api_mail){
	        .to = api_member(call->body, "to"),
	        .reply_to = call->account->owner_email,
	        .notice = notice_instructions(
	                call->a,
	                &(struct notice_records){
	                        .plan = plan,
	                        .at = &at,
	                        .account = call->account->name,
	                        .instance = c->instance_name,
	                        .message = api_member(call->body, "message"),
	                        .support = c->mail_support,
	                }),
	};
	if (!host->mail_send || !host->mail_send(host->arg, &mail))
		return api_problem(call, PROBLEM_UNAVAILABLE,
		                   "This installation sends no mail (mail.relay).");
	return api_answer(call, 202,
	                  json_pack("{s:o, s:o}", "to", json_text(mail.to), "subject",
	                            json_text(mail.notice.subject)));
}
