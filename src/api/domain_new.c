/*
 * POST /v1/domains. The name and the settings are checked, the keys asked of `keys`, and
 * once they are there the domain is added with all that belongs to it, in one savepoint.
 */
#include "api/handlers.h"

#include "api/domain_find.h"
#include "api/domain_json.h"
#include "api/domain_name.h"
#include "api/domain_state.h"
#include "api/domain_words.h"
#include "api/layout.h"
#include "api/parts.h"
#include "api/settings.h"
#include "api/sign_keys.h"
#include "api/tracking_state.h"
#include "base/file.h"
#include "data/data.h"
#include "store/dkim_key.h"
#include "store/sender.h"
#include "store/tracking.h"

const char *const environment_words[] = {"production", "staging", "test", NULL};
const char *const unsubscribe_words[] = {"off", "header", "footer", "both", NULL};

/* clang-format off */
static const struct schema_field fields[] = {
        {"name", SCHEMA_NAME, true, .min = 1, .max = 1024, .help = "the domain to send from", .example = "\"acme.example\""},
        {"profile", SCHEMA_TEXT, .min = 1, .max = 64, .help = "record layout, of GET /v1/profiles; that of the installation where it is not given", .example = "\"standard\""},
        {"region", SCHEMA_TEXT, .min = 1, .max = 32, .help = "where its links are served; that of the account where it is not given"},
        {"environment", SCHEMA_WORD, .words = environment_words, .help = "production where it is not given"},
        {"tags", SCHEMA_LIST, .max = 16, .help = "words to find it by"},
        {"open_tracking", SCHEMA_BOOL, .help = "count opens; true where it is not given"},
        {"click_tracking", SCHEMA_BOOL, .help = "count clicks; true where it is not given"},
        {"unsubscribe_mode", SCHEMA_WORD, .words = unsubscribe_words, .help = "how recipients may leave; header where it is not given"},
        {"ed25519", SCHEMA_BOOL, .help = "a second DKIM key, Ed25519, where the layout has room for it"},
        {"settings", SCHEMA_MAP, .help = "values for variables of the profile, as track_host"},
        {"sender_address", SCHEMA_EMAIL, .min = 3, .max = 254, .help = "a first From address of the domain"},
        {"sender_name", SCHEMA_TEXT, .help = "the name beside it"},
};
const struct schema schema_domain_new = {"DomainNew", fields, LEN(fields)};
/* clang-format on */

/* One domain on its way in. */
struct adding {
	struct str name, region, tags;
	int64_t there; /* the account's domain of that name */
	struct layout_row layout;
	struct profile *profile;
	json_t *settings; /* the call's: dropped with it */
	struct settings_wanted wanted;
	struct sign_keys keys;
	struct plan *plan;
};

/* The text of a profile that customers may name: a built-in one, or the installation's. */
static bool profile_text(struct api_call *call, struct str name, struct str *text,
                         struct err *err)
{
	const struct config *c = call->api->config;
	struct str file;

	*text = STR_NONE;
	if (str_find_char(name, '/') >= 0 || str_ends(name, STR(".json"))) {
		if (!str_eq(name, c->instance_profile))
			return true;
		return file_read(call->a, arena_cstr(call->a, name), PROFILE_TEXT_MAX,
		                 text, err);
	}
	file = arena_printf(call->a, "profiles/%.*s.json", STR_ARG(name));
	*text = data_file(file);
	return true;
}

static bool choose_profile(struct api_call *call, struct adding *add, struct err *err)
{
	struct str name = api_member(call->body, "profile");
	struct str text;

	if (name.n == 0)
		name = call->api->config->instance_profile;
	if (!profile_text(call, name, &text, err))
		return false;
	if (!text.p) {
		api_error(call, "/profile", FIELD_NO_SUCH,
		          "There is no such profile; see GET /v1/profiles.");
		return true;
	}
	return layout_freeze(call->a, name, text, &add->layout, err) &&
	       profile_parse(call->a, name, add->layout.text, &add->profile, err);
}

static bool check_name(struct api_call *call, struct adding *add, struct err *err)
{
	struct domain_name_error wrong;
	struct domain_row *there;

	if (!domain_name_check(call->a, call->api->suffixes,
	                       api_member(call->body, "name"), &add->name, &wrong)) {
		api_error(call, "/name", wrong.code, "%.*s", STR_ARG(wrong.detail));
		return true;
	}
	if (!domain_find_name(call->api->store, call->a, call->account->id, add->name,
	                      &there, err))
		return false;
	add->there = there ? there->id : 0;
	return true;
}

static void check_region(struct api_call *call, struct adding *add)
{
	const struct config *c = call->api->config;

	add->region = region_check(call, call->account->region.n ? call->account->region
	                                                         : c->instance_region);
}

static void check_sender(struct api_call *call, const struct adding *add)
{
	struct str address = api_member(call->body, "sender_address");

	if (address.n &&
	    !str_eq_nocase(address_domain(address), api_member(call->body, "name")) &&
	    !str_eq_nocase(address_domain(address), add->name))
		api_error(call, "/sender_address", FIELD_FORM,
		          "It must be an address of the domain.");
}

/* The settings as JSON text for a plan. `made` stands for keys that are not there yet. */
static struct str settings_text(struct api_call *call, const struct adding *add,
                                struct str rsa, struct str ed25519)
{
	AUTO_JSON json_t *copy = json_deep_copy(add->settings);

	if (add->wanted.rsa && profile_find(add->profile, STR("dkim_key")))
		json_object_set_new(copy, "dkim_key", json_text(rsa));
	if (add->wanted.ed25519)
		json_object_set_new(copy, "dkim_key2", json_text(ed25519));
	return json_line(call->a, copy);
}

/* A plan with stand-ins for the keys: whatever is wrong with the settings shows now. */
static bool try_plan(struct api_call *call, struct adding *add)
{
	struct str text = settings_text(call, add, STR("AAAA"), STR("AAAA"));
	struct err err;

	if (layout_plan(call->a, add->layout.text, add->name, text, &add->plan, &err))
		return true;
	if (settings_is_own(add->profile->id) && !api_has(call->body, "settings")) {
		api_problem(call, PROBLEM_UNAVAILABLE,
		            "The installation is not set up for this profile: %s",
		            err.text);
		return false;
	}
	settings_error(call, &err);
	api_invalid(call);
	return false;
}

static enum api_result insert(struct api_call *call);

static void want_keys(struct adding *add)
{
	const json_t *s = add->settings;

	if (add->wanted.rsa)
		sign_keys_want(&add->keys, API_RSA,
		               settings_value(s, add->profile, "selector"));
	if (add->wanted.rsa2)
		sign_keys_want(&add->keys, API_RSA,
		               settings_value(s, add->profile, "selector2"));
	if (add->wanted.ed25519)
		sign_keys_want(&add->keys, API_ED25519,
		               settings_value(s, add->profile, "selector2"));
}

enum api_result domain_create(struct api_call *call)
{
	struct adding *add = ARENA_NEW(call->a, struct adding);
	struct err err;

	call->state = add;
	if (!check_name(call, add, &err) || !choose_profile(call, add, &err))
		return api_broken(call, &err);
	check_region(call, add);
	check_sender(call, add);
	add->tags = tags_check(call);
	if (add->profile) {
		add->settings =
		        settings_make(call, add->profile, add->region, &add->wanted);
		call->owned = add->settings;
	}
	if (call->errors.n)
		return api_invalid(call);
	if (add->there)
		return api_duplicate(call, "/name",
		                     "The account has this domain: dom_%lld.",
		                     (long long)add->there);
	if (!try_plan(call, add))
		return API_DONE;
	want_keys(add);
	call->resume = insert;
	return sign_keys_take(call, &add->keys, add->name);
}

/* The host of tracked links: the name of the plan's tracking record. */
static const struct plan_record *tracking_record(const struct plan *plan)
{
	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].purpose == PLAN_TRACKING)
			return &plan->records[i];
	return NULL;
}

static struct domain_row make_row(struct api_call *call, const struct adding *add)
{
	const struct plan_record *tracking = tracking_record(add->plan);
	struct str environment = api_member(call->body, "environment");
	struct str unsubscribe = api_member(call->body, "unsubscribe_mode");
	struct life life = life_begin(call->now);
	struct domain_row row = {
	        .account_id = call->account->id,
	        .name = add->name,
	        .settings =
	                settings_text(call, add, sign_keys_text(&add->keys, API_RSA),
	                              sign_keys_text(&add->keys, API_ED25519)),
	        .region = add->region,
	        .environment = environment.n ? environment : STR("production"),
	        .unsubscribe_mode = unsubscribe.n ? unsubscribe : STR("header"),
	        .open_tracking = api_member_bool(call->body, "open_tracking", true),
	        .click_tracking = api_member_bool(call->body, "click_tracking", true),
	        .tracking_host = tracking ? tracking->name : STR_NONE,
	        .tags = add->tags,
	        .review_state =
	                call->api->config->compliance_required ? STR("form") : STR_NONE,
	        .created_at = call->now,
	};

	domain_life_set(&row.life, &life);
	return row;
}

static bool add_keys(struct api_call *call, const struct adding *add,
                     const struct domain_row *row, struct err *err)
{
	for (size_t i = 0; i < add->keys.n; i++) {
		const struct sign_key *k = &add->keys.v[i];
		/* Of two delegated RSA keys the second waits for the first rotation. */
		bool waits = i == 1 && add->wanted.rsa2;
		struct dkim_key_row key = {
		        .domain_id = row->id,
		        .key_ref = k->ref,
		        .selector = k->selector,
		        .algorithm =
		                k->algorithm == API_RSA ? STR("rsa") : STR("ed25519"),
		        .bits = k->algorithm == API_RSA
		                        ? call->api->config->keys_rsa_bits
		                        : 256,
		        .public_key = k->text,
		        .stage = waits ? STR("pending") : STR("active"),
		        .created_at = call->now,
		        .active_at = waits ? 0 : call->now,
		};
		int64_t id;

		if (!dkim_key_add(call->api->store, &key, &id, err))
			return false;
	}
	return true;
}

static bool add_tracking(struct api_call *call, const struct adding *add,
                         const struct domain_row *row, struct err *err)
{
	const struct plan_record *record = tracking_record(add->plan);
	struct tracking_row tracking;
	int64_t id;

	if (!record || !settings_is_own(add->profile->id))
		return true;
	tracking = tracking_row_of(row, record->name, record->value, call->now);
	/* A name that another account has is its own until this one is proven. */
	return tracking_add(call->api->store, &tracking, &id, err);
}

static bool add_sender(struct api_call *call, const struct domain_row *row,
                       struct err *err)
{
	struct str address = api_member(call->body, "sender_address");
	struct sender_row sender = {
	        .account_id = row->account_id,
	        .domain_id = row->id,
	        .address = arena_lower(call->a, address),
	        .display_name = api_member(call->body, "sender_name"),
	        .created_at = call->now,
	};
	int64_t id;

	return address.n == 0 || sender_add(call->api->store, &sender, &id, err);
}

static bool store_all(struct api_call *call, struct adding *add, struct domain_row *row,
                      struct err *err)
{
	struct store *store = call->api->store;
	json_t *data;

	if (!layout_put(store, &add->layout, &row->layout_id, err) ||
	    !domain_add(store, row, &row->id, err))
		return false;
	if (row->id == 0)
		return true;
	data = json_pack("{s:o, s:o}", "domain", json_text(row->name), "profile",
	                 json_text(add->layout.profile));
	return add_keys(call, add, row, err) && add_tracking(call, add, row, err) &&
	       add_sender(call, row, err) &&
	       api_event(call, "domain.created", row->id, data, err);
}

static enum api_result insert(struct api_call *call)
{
	struct adding *add = call->state;
	const struct api_host *host = &call->api->host;
	struct domain_row row;
	json_t *document;
	struct err err;

	if (add->keys.failed)
		return api_problem(call, PROBLEM_UNAVAILABLE,
		                   "No key could be made; try again.");
	row = make_row(call, add);
	if (!store_all(call, add, &row, &err)) {
		sign_keys_drop(call, &add->keys);
		return api_broken(call, &err);
	}
	if (row.id == 0) {
		sign_keys_drop(call, &add->keys);
		return api_duplicate(call, "/name", "The account has this domain.");
	}
	if (!domain_document(call, &row, &document, &err))
		return api_broken(call, &err);
	if (host->schedule)
		host->schedule(host->arg, row.id, row.life.next_check_at);
	call->object = api_id(call->a, "dom", row.id);
	api_header(call, "Location",
	           arena_printf(call->a, "/v1/domains/%.*s", STR_ARG(call->object)));
	return api_answer(call, 201, document);
}
