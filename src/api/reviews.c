/* The routes of reviews: the customer's form and answers, the operator's queue. */
#include "api/handlers.h"

#include "api/domain_state.h"
#include "api/parts.h"
#include "api/review.h"

enum { SWITCHES_MAX = 1 };

static const char *const kinds[] = {"business", "personal", NULL};
static const char *const states[] = {"form",     "waiting",  "questions", "manual",
                                     "approved", "rejected", NULL};

/* clang-format off */
static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, true, .help = "rev_4; null: nothing was filled in"},
        {"domain_id", SCHEMA_ID, true, .help = "whose review it is"},
        {"state", SCHEMA_TEXT, true, .help = "none, form, waiting, questions, manual, approved, rejected"},
        {"kind", SCHEMA_TEXT, true, true, .help = "business or personal"},
        {"form", SCHEMA_ANY, true, true, .help = "what was filled in"},
        {"may_switch", SCHEMA_BOOL, true, .help = "whether the kind may still be changed"},
        {"questions", SCHEMA_LIST, true, .help = "what is asked"},
        {"answers", SCHEMA_LIST, true, .help = "in the order of the questions"},
        {"reason", SCHEMA_TEXT, true, true, .max = 2000, .help = "of a rejection"},
        {"submitted_at", SCHEMA_TIME, true, true, .help = "when the form was submitted"},
        {"decided_at", SCHEMA_TIME, true, true, .help = "when it was decided"},
};
const struct schema schema_review = {"Review", fields, LEN(fields)};

static const struct schema_field form_fields[] = {
        {"kind", SCHEMA_WORD, true, .words = kinds, .help = "may be changed once before submitting", .example = "\"business\""},
        {"name", SCHEMA_TEXT, true, .min = 1, .help = "of the company or the person", .example = "\"Acme Ltd\""},
        {"address", SCHEMA_TEXT, true, .min = 1, .max = 255, .help = "street and town", .example = "\"1 Main St, Springfield\""},
        {"country", SCHEMA_TEXT, true, .min = 2, .max = 2, .help = "two letters", .example = "\"US\""},
        {"website", SCHEMA_TEXT, .min = 1, .help = "of the company"},
        {"contact_email", SCHEMA_EMAIL, .min = 3, .max = 254, .help = "whom to ask"},
        {"registration", SCHEMA_TEXT, .min = 1, .help = "number in the register of companies"},
        {"purpose", SCHEMA_TEXT, .max = 2000, .help = "what will be sent"},
};
const struct schema schema_review_form = {"ReviewForm", form_fields, LEN(form_fields)};

static const struct schema_field answer_fields[] = {
        {"answers", SCHEMA_LIST, true, .min = 1, .max = 50, .help = "in the order of the questions", .example = "[\"They signed up.\"]"},
};
const struct schema schema_review_answers = {"ReviewAnswers", answer_fields, LEN(answer_fields)};

static const struct schema_field decision_fields[] = {
        {"reason", SCHEMA_TEXT, true, .min = 1, .max = 2000, .help = "told to the customer", .example = "\"The company is not known.\""},
};
const struct schema schema_review_decision = {"ReviewDecision", decision_fields, LEN(decision_fields)};

static const struct schema_field question_fields[] = {
        {"questions", SCHEMA_LIST, true, .min = 1, .max = 50, .help = "what is asked", .example = "[\"Who are the recipients?\"]"},
};
const struct schema schema_review_questions = {"ReviewQuestions", question_fields, LEN(question_fields)};

static const struct schema_field query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"state", SCHEMA_WORD, .words = states, .help = "manual where it is not given: what waits for an operator"},
};
const struct schema schema_review_query = {"ReviewQuery", query_fields, LEN(query_fields)};
/* clang-format on */

static json_t *list_or_empty(struct str text)
{
	json_t *out = api_stored_json(text);

	if (json_is_array(out))
		return out;
	json_decref(out);
	return json_array();
}

static bool may_switch(const struct review_row *row)
{
	uint64_t n = 0;

	return row->switches.n == 0 ||
	       (str_parse_uint(row->switches, 1000, &n) && n < SWITCHES_MAX);
}

static json_t *review_json(int64_t domain, struct str state,
                           const struct review_row *row)
{
	static const struct review_row none;

	if (!row)
		row = &none;
	return json_pack(
	        "{s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "id",
	        api_id_json("rev", row->id), "domain_id", api_id_json("dom", domain),
	        "state", json_text(state.n ? state : STR("none")), "kind",
	        json_text_or_null(row->kind), "form", api_stored_json(row->form),
	        "may_switch", may_switch(row), "questions",
	        list_or_empty(row->questions), "answers", list_or_empty(row->answers),
	        "reason", json_text_or_null(row->reason), "submitted_at",
	        api_time_json(row->submitted_at), "decided_at",
	        api_time_json(row->decided_at));
}

/* The review of the call's domain; false: answered. c->review may be NULL. */
static bool open_case(struct api_call *call, struct review_case *c)
{
	struct err err;

	*c = (struct review_case){
	        .api = call->api,
	        .a = call->a,
	        .now = call->now,
	        .account = call->account,
	        .domain = call->domain,
	};
	if (review_find_newest(call->api->store, call->a, call->domain->id, &c->review,
	                       &err))
		return true;
	api_broken(call, &err);
	return false;
}

static enum api_result answer(struct api_call *call, const struct review_case *c)
{
	return api_answer(
	        call, 200,
	        review_json(c->domain->id, c->domain->review_state, c->review));
}

/* Whether the domain's review is in this state; else answered. */
static bool check_state(struct api_call *call, const struct review_case *c,
                        const char *state)
{
	if (str_eq(c->domain->review_state, str_c(state)))
		return true;
	api_problem(call, PROBLEM_CONFLICT, "The review is in the state %.*s, not %s.",
	            STR_ARG(c->domain->review_state.n ? c->domain->review_state
	                                              : STR("none")),
	            state);
	return false;
}

enum api_result review_get(struct api_call *call)
{
	struct review_case c;

	return open_case(call, &c) ? answer(call, &c) : API_DONE;
}

enum api_result review_form(struct api_call *call)
{
	struct str kind = api_member(call->body, "kind");
	struct review_case c;
	struct review_row row;
	struct err err;

	if (!open_case(call, &c) || !check_state(call, &c, "form"))
		return API_DONE;
	row = c.review ? *c.review : (struct review_row){.domain_id = c.domain->id};
	if (row.kind.n && !str_eq(row.kind, kind)) {
		if (!may_switch(&row)) {
			api_error(call, "/kind", FIELD_NOT_ALLOWED,
			          "The kind was changed once already.");
			return api_invalid(call);
		}
		row.switches = STR("1");
	}
	row.kind = kind;
	row.state = STR("form");
	row.form = json_line(call->a, call->body);
	if (c.review ? !review_save(call->api->store, &row, &err)
	             : !review_add(call->api->store, &row, &row.id, &err))
		return api_broken(call, &err);
	c.review = &row;
	call->object = api_id(call->a, "rev", row.id);
	return answer(call, &c);
}

enum api_result review_submit(struct api_call *call)
{
	struct review_case c;
	struct err err;

	if (!open_case(call, &c) || !check_state(call, &c, "form"))
		return API_DONE;
	if (!c.review)
		return api_problem(call, PROBLEM_CONFLICT, "Fill in the form first.");
	c.review->submitted_at = call->now;
	if (!review_enter(&c, "waiting", STR_NONE, &err))
		return api_broken(call, &err);
	if (domain_life_of(c.domain).status == LIFE_VERIFIED &&
	    !review_automatic(&c, &err))
		return api_broken(call, &err);
	return answer(call, &c);
}

enum api_result review_answer(struct api_call *call)
{
	json_t *answers = json_object_get(call->body, "answers");
	AUTO_JSON json_t *asked = NULL;
	struct review_case c;
	struct err err;

	if (!open_case(call, &c) || !check_state(call, &c, "questions") || !c.review)
		return API_DONE;
	asked = list_or_empty(c.review->questions);
	if (json_array_size(asked) != json_array_size(answers)) {
		api_error(call, "/answers", FIELD_FORM, "%zu questions were asked.",
		          json_array_size(asked));
		return api_invalid(call);
	}
	c.review->answers = json_line(call->a, answers);
	if (!review_enter(&c, "manual", STR_NONE, &err))
		return api_broken(call, &err);
	return answer(call, &c);
}

enum api_result review_get_queue(struct api_call *call)
{
	struct str state = api_member(call->query, "state");
	struct store_page page;
	struct review_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (!review_list(call->api->store, call->a, state.n ? state : STR("manual"),
	                 &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, review_json(rows.v[i].domain_id,
		                                        rows.v[i].state, &rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

/* The case of {review}; false: answered. */
static bool named_case(struct api_call *call, struct review_case *c)
{
	int64_t id = api_id_parse(call->captures[0], "rev");
	struct store *store = call->api->store;
	struct err err;

	*c = (struct review_case){.api = call->api, .a = call->a, .now = call->now};
	if ((id && !review_find(store, call->a, id, &c->review, &err)) ||
	    (c->review &&
	     !domain_find(store, call->a, 0, c->review->domain_id, &c->domain, &err)) ||
	    (c->domain &&
	     !account_find(store, call->a, c->domain->account_id, &c->account, &err))) {
		api_broken(call, &err);
		return false;
	}
	if (!c->review || !c->domain || !c->account || c->domain->deleted_at) {
		api_problem(call, PROBLEM_NOT_FOUND, "There is no such review.");
		return false;
	}
	call->object = api_id(call->a, "rev", id);
	return true;
}

/* An operator decides what is submitted, also against what was decided before. */
static enum api_result decide(struct api_call *call, const char *state,
                              struct str detail)
{
	struct review_case c;
	struct err err;

	if (!named_case(call, &c))
		return API_DONE;
	if (str_eq(c.review->state, STR("form")))
		return api_problem(call, PROBLEM_CONFLICT, "It is not submitted yet.");
	if (str_eq(str_c(state), STR("questions"))) {
		c.review->questions =
		        json_line(call->a, json_object_get(call->body, "questions"));
		c.review->answers = STR_NONE;
		c.review->decided_at = 0;
	} else {
		c.review->reason = detail;
		c.review->decided_by = call->who.actor;
		c.review->decided_at = call->now;
	}
	if (!review_enter(&c, state, detail, &err))
		return api_broken(call, &err);
	return answer(call, &c);
}

enum api_result review_approve(struct api_call *call)
{
	return decide(call, "approved", STR_NONE);
}

enum api_result review_reject(struct api_call *call)
{
	return decide(call, "rejected", api_member(call->body, "reason"));
}

enum api_result review_ask(struct api_call *call)
{
	const json_t *list = json_object_get(call->body, "questions");
	struct str lines = STR_NONE;

	for (size_t i = 0; i < json_array_size(list); i++)
		lines = arena_printf(call->a, "%.*s%s%s", STR_ARG(lines), i ? "\n" : "",
		                     json_string_value(json_array_get(list, i)));
	return decide(call, "questions", lines);
}
