/* POST /v1/tracking-domains. What is wrong at once is refused at once; what DNS and HTTP
 * say of the name shows in its state. */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/domain_json.h"
#include "api/domain_name.h"
#include "api/parts.h"
#include "api/settings.h"
#include "api/tracking_claim.h"
#include "api/tracking_json.h"
#include "api/tracking_state.h"
#include "dns/name.h"

/* One tracking domain on its way in. */
struct adding {
	struct str name, region, target;
	struct domain_row *domain;
	struct tracking_row *holder; /* whoever has the name now */
};

static bool find_domain(struct api_call *call, struct adding *add, struct err *err)
{
	if (!domain_of_text(call, api_member(call->body, "domain"), &add->domain, err))
		return false;
	if (!add->domain)
		api_error(call, "/domain", FIELD_NO_SUCH,
		          "The account has no such sending domain; add it first.");
	else if (add->domain->is_demo)
		api_error(call, "/domain", FIELD_NOT_ALLOWED,
		          "A demo domain has no tracking name of its own.");
	return true;
}

/* Names that a CNAME cannot stand at, or that are somebody's already. */
static void check_place(struct api_call *call, const struct adding *add)
{
	const struct config *c = call->api->config;
	struct str organization = tracking_organization(call, add->name);

	if (str_eq(add->name, organization)) {
		api_error(
		        call, "/name", FIELD_NOT_ALLOWED,
		        "%.*s is the root of a domain: no CNAME can stand there "
		        "(RFC 1034 §3.6.2), and a listing would take web site and mail "
		        "with it. Use a name below it, as track.%.*s.",
		        STR_ARG(add->name), STR_ARG(organization));
		return;
	}
	for (size_t i = 0; i < c->instance_tracking.n; i++) {
		struct str host = c->instance_tracking.v[i], region;

		str_cut(&host, '=', &region);
		if (!str_eq(add->name, host))
			continue;
		api_error(call, "/name", FIELD_NOT_ALLOWED,
		          "It is the platform's own host of the region %.*s.",
		          STR_ARG(region));
		return;
	}
}

/* S2-14, S2-17: names of the sending domain that mail goes by. */
static bool check_mail(struct api_call *call, const struct adding *add, struct err *err)
{
	struct domain_row *same;
	struct plan *plan = NULL;

	if (!domain_find_name(call->api->store, call->a, call->account->id, add->name,
	                      &same, err) ||
	    (add->domain && !domain_plan(call, add->domain, &plan, err)))
		return false;
	if (same) {
		api_error(call, "/name", FIELD_NOT_ALLOWED,
		          "%.*s is a sending domain: a CNAME cannot stand beside its "
		          "records. Use a name of its own, as track.%.*s.",
		          STR_ARG(add->name), STR_ARG(add->name));
		return true;
	}
	for (size_t i = 0; plan && i < plan->record_count; i++) {
		const struct plan_record *r = &plan->records[i];

		if (r->purpose == PLAN_TRACKING || !str_eq(r->name, add->name))
			continue;
		api_error(call, "/name", FIELD_NOT_ALLOWED,
		          "%.*s has another purpose: it carries the %s record of "
		          "%.*s, and a CNAME cannot stand beside it.",
		          STR_ARG(add->name), plan_purpose_name(r->purpose),
		          STR_ARG(add->domain->name));
		break;
	}
	return true;
}

static bool check_name(struct api_call *call, struct adding *add, struct err *err)
{
	struct domain_name_error wrong;

	if (!domain_name_check(call->a, call->api->suffixes,
	                       api_member(call->body, "name"), &add->name, &wrong)) {
		api_error(call, "/name", wrong.code, "%.*s", STR_ARG(wrong.detail));
		return true;
	}
	check_place(call, add);
	return call->errors.n || check_mail(call, add, err);
}

/* Whether the name can be had from whoever has it; false: answered, or an error. */
static bool can_have(struct api_call *call, struct adding *add, bool *out,
                     struct err *err)
{
	struct domain_row *theirs = NULL;
	struct tracking_row *holder;

	*out = true;
	if (!tracking_find_name(call->api->store, call->a, add->name, &holder, err) ||
	    (holder && holder->domain_id &&
	     !domain_find(call->api->store, call->a, 0, holder->domain_id, &theirs,
	                  err)))
		return false;
	add->holder = holder;
	if (!holder)
		return true;
	*out = false;
	if (holder->account_id == call->account->id) {
		api_duplicate(call, "/name", "The account has it: trk_%lld.",
		              (long long)holder->id);
		return true;
	}
	*out = tracking_may_claim(
	        tracking_proof_of(call->a, call->api->suffixes, add->domain, add->name),
	        tracking_proof_of(call->a, call->api->suffixes, theirs, add->name));
	if (!*out)
		api_duplicate(call, "/name",
		              "Another account has added it. It becomes yours when you "
		              "prove that %.*s is yours: add that as a sending domain, "
		              "have it verified, then add this name again.",
		              STR_ARG(tracking_organization(call, add->name)));
	return true;
}

static enum api_result insert(struct api_call *call, const struct adding *add)
{
	struct str mode = api_member(call->body, "mode");
	struct str environment = api_member(call->body, "environment");
	struct tracking_row row =
	        tracking_row_of(add->domain, add->name, add->target, call->now);
	json_t *data = json_pack("{s:o, s:o}", "name", json_text(add->name), "domain",
	                         json_text(add->domain->name));
	json_t *document;
	struct err err;

	row.region = add->region;
	row.http_allowed = api_member_bool(call->body, "http_allowed", false);
	if (mode.n)
		row.mode = mode;
	if (environment.n)
		row.environment = environment;
	if (!api_event(call, "tracking.created", row.domain_id, data, &err) ||
	    (add->holder &&
	     !tracking_take_from(call->api, call->a, add->holder, call->now, &err)) ||
	    !tracking_add(call->api->store, &row, &row.id, &err) ||
	    !tracking_document(call, &row, add->domain, &document, &err))
		return api_broken(call, &err);
	if (call->api->host.tracking_changed)
		call->api->host.tracking_changed(call->api->host.arg, &row);
	call->object = api_id(call->a, "trk", row.id);
	api_header(call, "Location",
	           arena_printf(call->a, "/v1/tracking-domains/%.*s",
	                        STR_ARG(call->object)));
	return api_answer(call, 201, document);
}

enum api_result tracking_create(struct api_call *call)
{
	const struct config *c = call->api->config;
	struct adding add = {0};
	bool can;
	struct err err;

	if (!find_domain(call, &add, &err) || !check_name(call, &add, &err))
		return api_broken(call, &err);
	if (add.domain)
		add.region = region_check(call, add.domain->region);
	if (call->errors.n)
		return api_invalid(call);
	add.target = config_pair(&c->instance_tracking, add.region);
	if (add.target.n == 0)
		return api_problem(call, PROBLEM_UNAVAILABLE,
		                   "The installation names no host for the region %.*s "
		                   "(instance.tracking).",
		                   STR_ARG(add.region));
	if (!can_have(call, &add, &can, &err))
		return api_broken(call, &err);
	return can ? insert(call, &add) : API_DONE;
}
