/* What looks at a domain now: verify, retry; and the question of whether it may send. */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/domain_json.h"
#include "api/domain_state.h"
#include "api/parts.h"
#include "api/wait.h"
#include "store/sender.h"
#include "store/user.h"

/* clang-format off */
static const struct schema_field ask_fields[] = {
        {"from", SCHEMA_EMAIL, .min = 3, .max = 254, .help = "From address"},
        {"to", SCHEMA_EMAIL, .min = 3, .max = 254, .help = "recipient"},
};
const struct schema schema_can_send_query = {"CanSendQuery", ask_fields, LEN(ask_fields)};

static const struct schema_field answer_fields[] = {
        {"can_send", SCHEMA_BOOL, true, .help = "whether mail may go out"},
        {"status", SCHEMA_TEXT, true, .help = "of the domain"},
        {"reasons", SCHEMA_LIST, true, .help = "codes of all that stands in the way"},
        {"details", SCHEMA_LIST, true, .help = "the same in words"},
};
const struct schema schema_can_send = {"CanSend", answer_fields, LEN(answer_fields)};
/* clang-format on */

static enum api_result answer_now(struct api_call *call, unsigned status)
{
	json_t *document;
	struct err err;

	if (!domain_find(call->api->store, call->a, call->domain->account_id,
	                 call->domain->id, &call->domain, &err) ||
	    !domain_document(call, call->domain, &document, &err))
		return api_broken(call, &err);
	return api_answer(call, status, document);
}

/* One check that a request waits for. */
struct waiting {
	struct api_call *call;
	enum api_verified how;
};

static enum api_result verified(struct api_call *call)
{
	struct waiting *w = call->state;

	return answer_now(call, w->how == API_VERIFIED_DONE ? 200 : 202);
}

static void on_verified(void *arg, enum api_verified how)
{
	struct waiting *w = arg;

	w->how = how;
	api_resume(w->call);
}

static enum api_result look(struct api_call *call, const char *cause, int64_t wait_ms)
{
	const struct api_host *host = &call->api->host;
	struct waiting *w;

	if (!host->verify_now)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	if (wait_ms == 0) {
		host->verify_now(host->arg, call->domain->id, cause, 0, NULL, NULL);
		return answer_now(call, 202);
	}
	w = ARENA_NEW(call->a, struct waiting);
	w->call = call;
	call->state = w;
	call->resume = verified;
	host->verify_now(host->arg, call->domain->id, cause, wait_ms, on_verified, w);
	return API_LATER;
}

static bool refuse_demo(struct api_call *call)
{
	if (!call->domain->is_demo)
		return false;
	api_problem(call, PROBLEM_CONFLICT,
	            "A demo domain has no records to look for.");
	return true;
}

enum api_result domain_verify(struct api_call *call)
{
	int64_t wait_ms;

	if (refuse_demo(call) || !wait_read(call, &wait_ms) ||
	    !wait_pace(call, RATE_VERIFY, call->domain->id, "A domain"))
		return API_DONE;
	return look(call, "request", wait_ms);
}

enum api_result domain_retry(struct api_call *call)
{
	struct domain_row *row = call->domain;
	const struct api_host *host = &call->api->host;
	struct life life = domain_life_of(row);
	enum life_event event;
	int64_t wait_ms;
	struct err err;

	if (refuse_demo(call) || !wait_read(call, &wait_ms) ||
	    !wait_pace(call, RATE_VERIFY, call->domain->id, "A domain"))
		return API_DONE;
	event = life_retry(&life, call->now);
	domain_life_set(&row->life, &life);
	if (!domain_save_life(call->api->store, row->id, &row->life, &err) ||
	    (event != LIFE_EVENT_NONE &&
	     !api_event(call, life_event_name(event), row->id,
	                json_pack("{s:o, s:s}", "domain", json_text(row->name), "cause",
	                          "retry"),
	                &err)))
		return api_broken(call, &err);
	if (host->schedule)
		host->schedule(host->arg, row->id, row->life.next_check_at);
	return look(call, "retry", wait_ms);
}

static bool ask_sender(struct api_call *call, struct can_send *in, struct err *err)
{
	struct str from = arena_lower(call->a, api_member(call->query, "from"));
	struct sender_row *sender;

	if (from.n == 0)
		return true;
	if (!sender_find_address(call->api->store, call->a, call->account->id, from,
	                         &sender, err))
		return false;
	in->sender = sender && sender->domain_id == call->domain->id ? SENDER_KNOWN
	                                                             : SENDER_UNKNOWN;
	return true;
}

/* The account's own addresses: its owner's and those of its users. */
static bool ask_recipient(struct api_call *call, struct can_send *in, struct err *err)
{
	struct str to = arena_lower(call->a, api_member(call->query, "to"));
	struct user_row *user;

	if (to.n == 0)
		return true;
	in->recipient = RECIPIENT_OTHER;
	if (!user_find_email(call->api->store, call->a, to, &user, err))
		return false;
	if (str_eq_nocase(to, call->account->owner_email) ||
	    (user && user->account_id == call->account->id))
		in->recipient = RECIPIENT_OWN;
	return true;
}

enum api_result domain_can_send(struct api_call *call)
{
	struct can_send in =
	        domain_can_send_input(call->domain, call->account->closed_at != 0);
	const struct can_send_row *row;
	json_t *codes, *texts;
	unsigned why_not;
	struct err err;

	if (!ask_sender(call, &in, &err) || !ask_recipient(call, &in, &err))
		return api_broken(call, &err);
	why_not = can_send(&in);
	codes = json_array();
	texts = json_array();
	for (size_t i = 0; (row = can_send_reason(why_not, i)); i++) {
		json_array_append_new(codes, json_string(row->code));
		json_array_append_new(texts, json_string(row->text));
	}
	return api_answer(call, 200,
	                  json_pack("{s:b, s:s, s:o, s:o}", "can_send", why_not == 0,
	                            "status", life_shown_status(&in), "reasons", codes,
	                            "details", texts));
}
