/* Tracking domains: hosts of tracked links under the customers' own names. */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/domain_json.h"
#include "api/domain_name.h"
#include "api/domain_words.h"
#include "api/parts.h"
#include "api/tracking_json.h"
#include "api/tracking_state.h"
#include "api/wait.h"

enum { APP_TEXT_MAX = 24 * 1024 };

static const char *const modes[] = {"managed", "own_cdn", NULL};
static const char *const statuses[] = {"waiting",  "pending", "in_use",
                                       "verified", "lost",    NULL};
static const char *const lights[] = {"unknown", "green", "red", NULL};
static const char *const verdict_lights[] = {"unknown", "green", "red", "amber", NULL};
static const char *const schemes[] = {"https", "http", "none", NULL};

/* clang-format off */
static const struct schema_field record_fields[] = {
        {"type", SCHEMA_TEXT, true, .help = "CNAME"},
        {"name", SCHEMA_NAME, true, .help = "in full"},
        {"host", SCHEMA_TEXT, true, .help = "what to type into the provider's name field"},
        {"value", SCHEMA_TEXT, true, true, .help = "what to type into its value field; null with own_cdn: the name that the CDN gives"},
        {"ttl", SCHEMA_NUMBER, true, .help = "seconds"},
        {"provider", SCHEMA_TEXT, true, .help = "in whose words"},
        {"instruction", SCHEMA_TEXT, true, .max = 4096, .help = "the same as a sentence"},
};
static const struct schema schema_record = {"TrackingRecord", record_fields, LEN(record_fields)};

static const struct schema_field link_fields[] = {
        {"scheme", SCHEMA_WORD, true, .words = schemes, .help = "how new links begin; none: links stay as they are"},
        {"host", SCHEMA_NAME, true, true, .help = "their host"},
        {"own", SCHEMA_BOOL, true, .help = "whether that is this name, and not the platform's"},
        {"reason", SCHEMA_TEXT, true, .help = "why, as a code"},
        {"detail", SCHEMA_TEXT, true, .help = "and in words"},
};
static const struct schema schema_link = {"TrackingLink", link_fields, LEN(link_fields)};

static const struct schema_field check_fields[] = {
        {"code", SCHEMA_TEXT, true, .help = "http, hsts, certificate, https, addresses, forwards_host, forces_https, not_cached"},
        {"light", SCHEMA_WORD, true, .words = verdict_lights, .help = "green: as it should be; amber: not for all recipients"},
        {"message", SCHEMA_TEXT, true, .max = 4096, .help = "what was seen"},
        {"fix", SCHEMA_TEXT, true, true, .max = 4096, .help = "what to do"},
};
static const struct schema schema_tracking_check = {"TrackingCheck", check_fields, LEN(check_fields)};

static const struct schema_field tracking_fields[] = {
        {"id", SCHEMA_ID, true, .help = "trk_5"},
        {"name", SCHEMA_NAME, true, .help = "host of tracked links"},
        {"domain_id", SCHEMA_ID, true, true, .help = "its sending domain"},
        {"domain", SCHEMA_NAME, true, true, .help = "the name of that"},
        {"mode", SCHEMA_TEXT, true, .help = "managed: led to our edge; own_cdn: through the customer's CDN; operator: the platform's own"},
        {"region", SCHEMA_TEXT, true, .help = "which edge serves it"},
        {"environment", SCHEMA_TEXT, true, .help = "production, staging, test"},
        {"target", SCHEMA_TEXT, true, .help = "what its CNAME leads to, or the origin of its CDN"},
        {"status", SCHEMA_WORD, true, .words = statuses, .help = "of its record; waiting: for the sending domain to be verified"},
        {"status_since", SCHEMA_TIME, true, true, .help = "since when"},
        {"reason", SCHEMA_TEXT, true, .max = 8192, .help = "why, in words; empty where all is well"},
        {"http", SCHEMA_WORD, true, .words = lights, .help = "green: links by HTTP open"},
        {"https", SCHEMA_WORD, true, .words = lights, .help = "green: links by HTTPS open"},
        {"dangling", SCHEMA_BOOL, true, .help = "it leads to what others may take"},
        {"http_allowed", SCHEMA_BOOL, true, .help = "whether links may begin with http: where HTTPS does not work"},
        {"apple_app_site_association", SCHEMA_TEXT, true, true, .max = APP_TEXT_MAX, .help = "JSON for apps of iOS"},
        {"assetlinks", SCHEMA_TEXT, true, true, .max = APP_TEXT_MAX, .help = "JSON for apps of Android"},
        {"link", SCHEMA_OBJECT, true, .object = &schema_link, .help = "how new links begin"},
        {"record", SCHEMA_OBJECT, true, .object = &schema_record, .help = "what to publish"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was made"},
        {"verified_at", SCHEMA_TIME, true, true, .help = "the first time its record was right"},
        {"checked_at", SCHEMA_TIME, true, true, .help = "the last look"},
        {"next_check_at", SCHEMA_TIME, true, true, .help = "the next one by itself"},
        {"retired_at", SCHEMA_TIME, true, true, .help = "no new links since; old ones stay alive"},
        {"diagnosis", SCHEMA_LIST, true, .max = 1000, .object = &schema_diagnosis, .help = "what is wrong with the record"},
        {"advice", SCHEMA_LIST, true, .max = 1000, .object = &schema_diagnosis, .help = "what might be better"},
        {"checks", SCHEMA_LIST, true, .object = &schema_tracking_check, .help = "what the probes saw, a verdict each"},
        {"certificate", SCHEMA_ANY, true, true, .help = "names, issuer, not_after, days_left, valid, problem, as seen from outside"},
        {"certificate_state", SCHEMA_TEXT, true, .help = "none, checking, issuing, valid, renewing, failed"},
        {"certificate_reason", SCHEMA_TEXT, true, true, .max = 8192, .help = "what stands in its way"},
        {"addresses", SCHEMA_LIST, true, .help = "that the name has"},
        {"servers", SCHEMA_ANY, true, true, .help = "how many authoritative servers were asked, and have the record"},
        {"listed", SCHEMA_ANY, true, true, .help = "the block-list it stands on: name, zone, answer"},
        {"found", SCHEMA_LIST, true, .max = 1000, .object = &schema_found, .help = "what stands in DNS"},
        {"evidence", SCHEMA_LIST, true, .max = 10000, .object = &schema_evidence, .help = "the DNS answers that are cited"},
};
const struct schema schema_tracking = {"TrackingDomain", tracking_fields, LEN(tracking_fields)};

static const struct schema_field new_fields[] = {
        {"name", SCHEMA_NAME, true, .min = 1, .max = 1024, .help = "a name that serves nothing else", .example = "\"track.acme.example\""},
        {"domain", SCHEMA_TEXT, true, .min = 1, .help = "its sending domain: id or name", .example = "\"acme.example\""},
        {"mode", SCHEMA_WORD, .words = modes, .help = "managed where it is not given"},
        {"region", SCHEMA_TEXT, .min = 1, .max = 32, .help = "where it is served; that of the sending domain where it is not given"},
        {"environment", SCHEMA_WORD, .words = environment_words, .help = "that of the sending domain where it is not given"},
        {"http_allowed", SCHEMA_BOOL, .help = "whether links may begin with http: where HTTPS does not work; false where it is not given"},
};
const struct schema schema_tracking_new = {"TrackingDomainNew", new_fields, LEN(new_fields)};

static const struct schema_field change_fields[] = {
        {"mode", SCHEMA_WORD, .words = modes, .help = "managed or own_cdn"},
        {"http_allowed", SCHEMA_BOOL, .help = "whether links may begin with http: where HTTPS does not work"},
        {"environment", SCHEMA_WORD, .words = environment_words, .help = "production, staging, test"},
        {"apple_app_site_association", SCHEMA_TEXT, .nullable = true, .max = APP_TEXT_MAX, .help = "a JSON object, served under /.well-known/; null takes it away"},
        {"assetlinks", SCHEMA_TEXT, .nullable = true, .max = APP_TEXT_MAX, .help = "a JSON list, served under /.well-known/assetlinks.json; null takes it away"},
};
const struct schema schema_tracking_change = {"TrackingDomainChange", change_fields, LEN(change_fields)};

static const struct schema_field query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"domain", SCHEMA_TEXT, .min = 1, .help = "of this sending domain alone: id or name"},
};
const struct schema schema_tracking_query = {"TrackingQuery", query_fields, LEN(query_fields)};
/* clang-format on */

static bool load_domain(struct api_call *call, const struct tracking_row *row,
                        struct domain_row **out, struct err *err)
{
	*out = NULL;
	return row->domain_id == 0 ||
	       domain_find(call->api->store, call->a, 0, row->domain_id, out, err);
}

static enum api_result answer(struct api_call *call, unsigned status,
                              const struct tracking_row *row)
{
	struct domain_row *domain;
	json_t *document;
	struct err err;

	if (!load_domain(call, row, &domain, &err) ||
	    !tracking_document(call, row, domain, &document, &err))
		return api_broken(call, &err);
	return api_answer(call, status, document);
}

static void tell_host(struct api_call *call, const struct tracking_row *row)
{
	const struct api_host *host = &call->api->host;

	if (host->tracking_changed)
		host->tracking_changed(host->arg, row);
}

enum api_result tracking_get_list(struct api_call *call)
{
	struct tracking_filter filter = {call->account->id, call->who.bound_domain};
	struct str text = api_member(call->query, "domain");
	struct domain_row *domain = NULL;
	struct store_page page;
	struct tracking_rows rows;
	json_t *list, *document;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (text.n && !domain_of_text(call, text, &domain, &err))
		return api_broken(call, &err);
	if (text.n && !domain)
		return api_not_found(call, "domain");
	if (domain)
		filter.domain_id = domain->id;
	if (!tracking_list(call->api->store, call->a, &filter, &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++) {
		if (!load_domain(call, &rows.v[i], &domain, &err) ||
		    !tracking_document(call, &rows.v[i], domain, &document, &err)) {
			json_decref(list);
			return api_broken(call, &err);
		}
		json_array_append_new(list, document);
	}
	return api_answer_list(call, list, rows.next);
}

/* The one in use of the account, by its name. */
static bool find_by_name(struct api_call *call, struct tracking_row **out,
                         struct err *err)
{
	struct domain_name_error wrong;
	struct str name;

	*out = NULL;
	if (!domain_name_check(call->a, call->api->suffixes, call->captures[0], &name,
	                       &wrong))
		return true;
	if (!tracking_find_name(call->api->store, call->a, name, out, err))
		return false;
	if (*out && (*out)->account_id != call->account->id)
		*out = NULL;
	return true;
}

/* The one of {tracking}, an id or a name; NULL: answered. */
static struct tracking_row *named(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[0], "trk");
	struct tracking_row *row = NULL;
	struct err err;

	if (id ? !tracking_find(call->api->store, call->a, call->account->id, id, &row,
	                        &err)
	       : !find_by_name(call, &row, &err)) {
		api_broken(call, &err);
		return NULL;
	}
	if (row && call->who.bound_domain && row->domain_id != call->who.bound_domain)
		row = NULL;
	if (!row)
		api_not_found(call, "tracking domain");
	else
		call->object = api_id(call->a, "trk", row->id);
	return row;
}

/* The same of one that its owner may change; NULL: answered. */
static struct tracking_row *named_own(struct api_call *call)
{
	struct tracking_row *row = named(call);

	if (row && tracking_mode_of(row) == TRACKING_MODE_OPERATOR) {
		api_problem(call, PROBLEM_CONFLICT,
		            "It is the platform's own host, of instance.tracking.");
		return NULL;
	}
	if (row && row->retired_at) {
		api_problem(call, PROBLEM_CONFLICT, "It is retired.");
		return NULL;
	}
	return row;
}

enum api_result tracking_get(struct api_call *call)
{
	struct tracking_row *row = named(call);

	return row ? answer(call, 200, row) : API_DONE;
}

/* A text that must be JSON of this kind; false: an error was added. */
static bool take_json(struct api_call *call, const char *member, bool is_list,
                      struct str *into)
{
	struct str text = api_member(call->body, member);
	const char *pointer = arena_printf(call->a, "/%s", member).p;
	AUTO_JSON json_t *value = NULL;
	struct err err;

	if (text.n && !json_parse(text, &value, &err)) {
		api_error(call, pointer, FIELD_FORM, "It is no JSON: %s.", err.text);
		return false;
	}
	if (text.n && (is_list ? !json_is_array(value) : !json_is_object(value))) {
		api_error(call, pointer, FIELD_FORM, "It must be a JSON %s.",
		          is_list ? "list" : "object");
		return false;
	}
	*into = text;
	return true;
}

static bool is_given(const struct api_call *call, const char *member)
{
	return json_object_get(call->body, member) != NULL;
}

/* What was seen in the other mode says nothing about this one. */
static void change_mode(struct tracking_row *row, struct str mode, int64_t now)
{
	struct tracking t = tracking_state_of(row);

	row->mode = mode;
	t.http = t.https = TRACKING_UNKNOWN;
	t.verified_at = 0;
	t.is_dangling = false;
	if (t.status != TRACKING_WAITING) {
		t.status = TRACKING_PENDING;
		t.status_since = now;
		tracking_stir(&t, now);
	}
	tracking_state_set(row, &t);
	row->seen = STR_NONE;
}

enum api_result tracking_change(struct api_call *call)
{
	struct tracking_row *row = named_own(call);
	struct str mode = api_member(call->body, "mode");
	struct err err;

	if (!row)
		return API_DONE;
	if (is_given(call, "apple_app_site_association"))
		take_json(call, "apple_app_site_association", false, &row->aasa);
	if (is_given(call, "assetlinks"))
		take_json(call, "assetlinks", true, &row->assetlinks);
	if (call->errors.n)
		return api_invalid(call);
	row->http_allowed =
	        api_member_bool(call->body, "http_allowed", row->http_allowed);
	if (is_given(call, "environment"))
		row->environment = api_member(call->body, "environment");
	if (mode.n && !str_eq(mode, row->mode))
		change_mode(row, mode, call->now);
	if (!tracking_save(call->api->store, row, &err))
		return api_broken(call, &err);
	tell_host(call, row);
	return answer(call, 200, row);
}

enum api_result tracking_remove(struct api_call *call)
{
	struct tracking_row *row = named_own(call);
	bool retired;
	struct err err;

	if (!row)
		return API_DONE;
	if (!tracking_retire(call->api->store, row->account_id, row->id, call->now,
	                     &retired, &err) ||
	    !api_event(call, "tracking.retired", row->domain_id,
	               json_pack("{s:o, s:s}", "name", json_text(row->name), "cause",
	                         "request"),
	               &err))
		return api_broken(call, &err);
	row->retired_at = row->next_at = call->now;
	tell_host(call, row);
	return api_answer_nothing(call);
}

/* One look that a request waits for. */
struct waiting {
	struct api_call *call;
	int64_t id;
	enum api_verified how;
};

static enum api_result answer_now(struct api_call *call, int64_t id, unsigned status)
{
	struct tracking_row *row;
	struct err err;

	if (!tracking_find(call->api->store, call->a, call->account->id, id, &row,
	                   &err))
		return api_broken(call, &err);
	return row ? answer(call, status, row) : api_not_found(call, "tracking domain");
}

static enum api_result verified(struct api_call *call)
{
	struct waiting *w = call->state;

	return answer_now(call, w->id, w->how == API_VERIFIED_DONE ? 200 : 202);
}

static void on_verified(void *arg, enum api_verified how)
{
	struct waiting *w = arg;

	w->how = how;
	api_resume(w->call);
}

enum api_result tracking_verify(struct api_call *call)
{
	const struct api_host *host = &call->api->host;
	struct tracking_row *row = named_own(call);
	struct waiting *w;
	int64_t wait_ms;

	if (!row || !wait_read(call, &wait_ms) ||
	    !wait_pace(call, RATE_TRACKING, row->id, "A tracking domain"))
		return API_DONE;
	if (!host->tracking_now)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	if (wait_ms == 0) {
		host->tracking_now(host->arg, row->id, "request", 0, NULL, NULL);
		return answer(call, 202, row);
	}
	w = ARENA_NEW(call->a, struct waiting);
	*w = (struct waiting){.call = call, .id = row->id};
	call->state = w;
	call->resume = verified;
	host->tracking_now(host->arg, row->id, "request", wait_ms, on_verified, w);
	return API_LATER;
}
