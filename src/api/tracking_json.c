#include "api/tracking_json.h"

#include "api/domain_json.h"
#include "api/parts.h"
#include "api/tracking_state.h"
#include "auth/suffixes.h"
#include "plan/field.h"
#include "store/certificate.h"

struct str tracking_organization(struct api_call *call, struct str name)
{
	return suffixes_organization(call->a, call->api->suffixes, name);
}

/* Whose words: those of the provider that the last look recognised, else the domain's. */
static struct field_place place_of(struct api_call *call,
                                   const struct tracking_row *row,
                                   const struct domain_row *domain, const json_t *seen)
{
	struct str id = api_member(json_object_get(seen, "provider"), "id");
	struct str organization = tracking_organization(call, row->name);
	const struct provider *p = NULL;

	if (id.n)
		p = provider_find(&call->api->providers, id);
	else if (domain && domain->life.provider.n &&
	         str_eq(organization, tracking_organization(call, domain->name)))
		p = provider_find(&call->api->providers, domain->life.provider);
	return (struct field_place){p ? p : provider_generic(), organization};
}

/* What to publish. At a CDN the target is the CDN's to say, and ours is its origin. */
static json_t *record_json(struct api_call *call, const struct tracking_row *row,
                           const struct field_place *at)
{
	bool is_cdn = tracking_mode_of(row) == TRACKING_MODE_OWN_CDN;
	struct field_record r = {DNS_CNAME, row->name, row->target, -1};
	struct str instruction = field_instruction(call->a, at, &r);

	if (is_cdn)
		instruction = arena_printf(
		        call->a,
		        "Set up a distribution for %.*s at your CDN with the origin "
		        "%.*s: it must forward the Host header, redirect HTTP to "
		        "HTTPS, "
		        "not cache, and have a certificate for the name. Then add a "
		        "CNAME record for %.*s that leads to the name the CDN gives "
		        "you.",
		        STR_ARG(row->name), STR_ARG(row->target), STR_ARG(row->name));
	return json_pack("{s:s, s:o, s:o, s:o, s:i, s:o, s:o}", "type", "CNAME", "name",
	                 json_text(row->name), "host",
	                 json_text(field_host(call->a, at, row->name)), "value",
	                 is_cdn ? json_null() : json_text(field_value(call->a, at, &r)),
	                 "ttl", 3600, "provider", json_text(at->provider->id),
	                 "instruction", json_text(instruction));
}

/* The operator's host for links whose own is not ready. */
static bool operator_host(struct api_call *call, const struct tracking_row *row,
                          struct link_host *out, bool *has, struct err *err)
{
	const struct config *c = call->api->config;
	struct str name = c->tracking_fallback_host;
	struct tracking_row *found;

	*has = false;
	if (name.n == 0)
		name = config_pair(&c->instance_tracking, row->region);
	if (name.n == 0)
		return true;
	if (!tracking_find_name(call->api->store, call->a, name, &found, err))
		return false;
	if (found && tracking_mode_of(found) == TRACKING_MODE_OPERATOR) {
		*out = tracking_link_of(found);
		*has = true;
	}
	return true;
}

static bool link_json(struct api_call *call, const struct tracking_row *row,
                      json_t **out, struct err *err)
{
	struct link_host own = tracking_link_of(row), other;
	struct link_choice choice;
	bool has_other;

	if (!operator_host(call, row, &other, &has_other, err))
		return false;
	choice = link_choice(&own, has_other ? &other : NULL);
	*out = json_pack("{s:s, s:o, s:b, s:s, s:s}", "scheme",
	                 link_scheme_name(choice.scheme), "host",
	                 json_text_or_null(choice.host), "own", choice.is_own, "reason",
	                 link_reason_code(choice.reason), "detail",
	                 link_reason_text(choice.reason));
	return true;
}

/* What is known at once, without a look (S4-15). */
static json_t *advice_json(struct api_call *call, const struct tracking_row *row,
                           const struct domain_row *domain)
{
	json_t *out = json_array();
	struct str organization;

	if (!domain)
		return out;
	organization = tracking_organization(call, domain->name);
	if (!str_eq(organization, tracking_organization(call, row->name)))
		json_array_append_new(
		        out,
		        json_pack(
		                "{s:s, s:s, s:o, s:o, s:[]}", "code",
		                "tracking.other_organization", "severity", "warning",
		                "message",
		                json_text(arena_printf(
		                        call->a,
		                        "%.*s does not belong to the organization of "
		                        "%.*s: links and sender do not match, and "
		                        "filters notice.",
		                        STR_ARG(row->name), STR_ARG(domain->name))),
		                "fix",
		                json_text(arena_printf(
		                        call->a,
		                        "Use a name below %.*s, as track.%.*s.",
		                        STR_ARG(organization), STR_ARG(organization))),
		                "evidence"));
	return out;
}

/* How far its certificate is; more by GET …/certificate. */
static bool add_certificate_state(struct api_call *call, const struct tracking_row *row,
                                  json_t *out, struct err *err)
{
	struct certificate_row *c;

	if (!certificate_find(call->api->store, call->a, 0, row->id, &c, err))
		return false;
	json_object_set_new(out, "certificate_state",
	                    json_text(c ? c->state : STR("none")));
	json_object_set_new(out, "certificate_reason",
	                    json_text_or_null(c ? c->words : STR_NONE));
	return true;
}

static struct str reason_of(struct api_call *call, const struct tracking_row *row,
                            const struct domain_row *domain, const json_t *seen)
{
	struct tracking t = tracking_state_of(row);
	struct str said = api_member(seen, "reason");

	if (row->retired_at)
		return STR(
		        "It is retired: its old links go on, new ones are not made.");
	if (t.status == TRACKING_WAITING)
		return arena_printf(
		        call->a, "The sending domain %.*s has to be verified first.",
		        domain ? (int)domain->name.n : 0, domain ? domain->name.p : "");
	if (t.checked_at == 0)
		return STR("It is being looked at for the first time.");
	return said;
}

/* Members of the last look, or what stands for them before the first. */
static void add_seen(json_t *out, const json_t *seen)
{
	static const char *const lists[] = {"diagnosis", "checks", "addresses", "found",
	                                    "evidence"};
	static const char *const objects[] = {"certificate", "listed", "servers"};

	for (size_t i = 0; i < LEN(lists); i++) {
		json_t *list = json_object_get(seen, lists[i]);

		if (json_is_array(list))
			json_object_set(out, lists[i], list);
		else
			json_object_set_new(out, lists[i], json_array());
	}
	for (size_t i = 0; i < LEN(objects); i++) {
		json_t *object = json_object_get(seen, objects[i]);

		if (json_is_object(object))
			json_object_set(out, objects[i], object);
		else
			json_object_set_new(out, objects[i], json_null());
	}
}

static json_t *row_json(const struct tracking_row *r, const struct domain_row *domain)
{
	json_t *out = json_pack(
	        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
	        api_id_json("trk", r->id), "name", json_text(r->name), "domain_id",
	        api_id_json("dom", r->domain_id), "domain",
	        domain ? json_text(domain->name) : json_null(), "mode",
	        json_text(r->mode), "region", json_text(r->region), "environment",
	        json_text(r->environment), "target", json_text(r->target), "status",
	        json_text(r->status), "status_since", api_time_json(r->status_since),
	        "http", json_text(r->http));

	json_object_set_new(out, "https", json_text(r->https));
	json_object_set_new(out, "dangling", json_boolean(r->is_dangling));
	json_object_set_new(out, "http_allowed", json_boolean(r->http_allowed));
	json_object_set_new(out, "apple_app_site_association",
	                    json_text_or_null(r->aasa));
	json_object_set_new(out, "assetlinks", json_text_or_null(r->assetlinks));
	json_object_set_new(out, "created_at", api_time_json(r->created_at));
	json_object_set_new(out, "verified_at", api_time_json(r->verified_at));
	json_object_set_new(out, "checked_at", api_time_json(r->checked_at));
	json_object_set_new(out, "next_check_at", api_time_json(r->next_at));
	json_object_set_new(out, "retired_at", api_time_json(r->retired_at));
	return out;
}

bool tracking_document(struct api_call *call, const struct tracking_row *row,
                       const struct domain_row *domain, json_t **out, struct err *err)
{
	AUTO_JSON json_t *seen = api_stored_json(row->seen);
	struct field_place at = place_of(call, row, domain, seen);
	json_t *document, *link;

	if (!link_json(call, row, &link, err))
		return false;
	document = row_json(row, domain);
	if (!add_certificate_state(call, row, document, err)) {
		json_decref(document);
		json_decref(link);
		return false;
	}
	json_object_set_new(document, "reason",
	                    json_text(reason_of(call, row, domain, seen)));
	json_object_set_new(document, "link", link);
	json_object_set_new(document, "record", record_json(call, row, &at));
	json_object_set_new(document, "advice", advice_json(call, row, domain));
	add_seen(document, seen);
	*out = document;
	return true;
}
