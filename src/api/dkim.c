/*
 * DKIM keys of a domain and their rotation. A new key is made beside the one in use and
 * waits until its record is published (pending); then it signs (active) and the old one
 * only has to be found by those who check mail that is still on its way (retiring), until
 * that is over (retired). The records that were given out stay as they are meanwhile.
 */
#include "api/handlers.h"

#include "api/domain_json.h"
#include "api/layout.h"
#include "api/parts.h"
#include "api/sign_keys.h"
#include "store/check.h"
#include "store/dkim_key.h"

/* Mail is tried for five days, and read a little later. */
#define SAFE_AFTER_MS ((int64_t)7 * 24 * 3600 * 1000)

static const char *const stages[] = {"pending", "active", "retiring", "retired", NULL};

/* clang-format off */
static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, .help = "dkm_3"},
        {"selector", SCHEMA_TEXT, true, .help = "by which receivers find it"},
        {"record_name", SCHEMA_TEXT, true, true, .max = 1024, .help = "where its record stands; null: it needs none any more"},
        {"target", SCHEMA_TEXT, true, true, .max = 1024, .help = "of a delegated key: the name in the operator's zone that its record leads to"},
        {"algorithm", SCHEMA_TEXT, true, .help = "rsa or ed25519"},
        {"bits", SCHEMA_NUMBER, true, .help = "its length"},
        {"public_key", SCHEMA_TEXT, true, .max = 2048, .help = "base64, as behind p="},
        {"stage", SCHEMA_WORD, true, .words = stages, .help = "pending, active, retiring, retired"},
        {"safe_to_remove", SCHEMA_BOOL, true, .help = "whether its record may be removed from DNS"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was made"},
        {"active_at", SCHEMA_TIME, true, true, .help = "since when it signs"},
        {"retiring_at", SCHEMA_TIME, true, true, .help = "since when it signs no more"},
        {"retired_at", SCHEMA_TIME, true, true, .help = "since when nobody needs it"},
};
const struct schema schema_dkim_key = {"DkimKey", fields, LEN(fields)};

static const struct schema_field rotate_fields[] = {
        {"force", SCHEMA_BOOL, .help = "although its record was not seen, or mail may still be on its way"},
};
const struct schema schema_rotate = {"KeyStep", rotate_fields, LEN(rotate_fields)};
/* clang-format on */

/* The record by which receivers find the key, or NULL. */
static const struct plan_record *record_of(struct arena *a, const struct plan *plan,
                                           const struct dkim_key_row *key)
{
	struct str head = arena_printf(a, "%.*s._domainkey.", STR_ARG(key->selector));

	for (size_t i = 0; plan && i < plan->record_count; i++)
		if (plan->records[i].purpose == PLAN_DKIM &&
		    str_starts(plan->records[i].name, head))
			return &plan->records[i];
	return NULL;
}

static bool is_stage(const struct dkim_key_row *key, const char *stage)
{
	return str_eq(key->stage, str_c(stage));
}

static bool is_safe(const struct dkim_key_row *key, int64_t now)
{
	return is_stage(key, "retired") ||
	       (is_stage(key, "retiring") && now - key->retiring_at >= SAFE_AFTER_MS);
}

static json_t *key_json(struct api_call *call, const struct plan *plan,
                        const struct dkim_key_row *key)
{
	const struct plan_record *record = record_of(call->a, plan, key);
	bool delegated = record && record->type == DNS_CNAME;

	return json_pack(
	        "{s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:b, s:o, s:o, s:o, s:o}",
	        "id", api_id_json("dkm", key->id), "selector", json_text(key->selector),
	        "record_name", json_text_or_null(record ? record->name : STR_NONE),
	        "target", json_text_or_null(delegated ? record->value : STR_NONE),
	        "algorithm", json_text(key->algorithm), "bits", (json_int_t)key->bits,
	        "public_key", json_text(key->public_key), "stage",
	        json_text(key->stage), "safe_to_remove", is_safe(key, call->now),
	        "created_at", api_time_json(key->created_at), "active_at",
	        api_time_json(key->active_at), "retiring_at",
	        api_time_json(key->retiring_at), "retired_at",
	        api_time_json(key->retired_at));
}

enum api_result dkim_get_list(struct api_call *call)
{
	struct dkim_key_rows keys;
	struct plan *plan;
	json_t *list;
	struct err err;

	if (!dkim_key_list(call->api->store, call->a, call->domain->id, &keys, &err) ||
	    !domain_plan(call, call->domain, &plan, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < keys.n; i++)
		json_array_append_new(list, key_json(call, plan, &keys.v[i]));
	return api_answer_list(call, list, 0);
}

static enum api_result answer_key(struct api_call *call, unsigned status, int64_t id)
{
	struct dkim_key_row *key;
	struct plan *plan;
	struct err err;

	if (!dkim_key_find(call->api->store, call->a, call->domain->id, id, &key,
	                   &err) ||
	    !domain_plan(call, call->domain, &plan, &err))
		return api_broken(call, &err);
	need(key != NULL);
	call->object = api_id(call->a, "dkm", id);
	return api_answer(call, status, key_json(call, plan, key));
}

/* The domain's RSA key of this stage, the newest; NULL where there is none. */
static struct dkim_key_row *key_of_stage(const struct dkim_key_rows *keys,
                                         const char *stage)
{
	struct dkim_key_row *out = NULL;

	for (size_t i = 0; i < keys->n; i++)
		if (is_stage(&keys->v[i], stage) &&
		    str_eq(keys->v[i].algorithm, STR("rsa")))
			out = &keys->v[i];
	return out;
}

/* Changes the domain's settings by the members of `change`; null removes. */
static bool change_settings(struct api_call *call, json_t *change, struct err *err)
{
	AUTO_JSON json_t *owned = change;
	AUTO_JSON json_t *settings = NULL;
	struct domain_row *row = call->domain;
	const char *name;
	json_t *value;

	if (!json_parse(row->settings, &settings, err))
		return err_add(err, "settings");
	json_object_foreach(owned, name, value)
	{
		if (json_is_null(value))
			json_object_del(settings, name);
		else
			json_object_set(settings, name, value);
	}
	row->settings = json_line(call->a, settings);
	return domain_save_layout(call->api->store, row->id, row->layout_id,
	                          row->settings, err);
}

static struct str setting(struct api_call *call, const char *name)
{
	AUTO_JSON json_t *settings = NULL;
	struct err err;

	if (!json_parse(call->domain->settings, &settings, &err))
		return STR_NONE;
	return arena_dup(call->a, api_member(settings, name));
}

static bool key_event(struct api_call *call, const char *type,
                      const struct dkim_key_row *key, struct err *err)
{
	return api_event(call, type, call->domain->id,
	                 json_pack("{s:o, s:o}", "domain",
	                           json_text(call->domain->name), "selector",
	                           json_text(key->selector)),
	                 err);
}

/* The next selector: the letters of the one in use and a number that none had. */
static struct str new_selector(struct api_call *call, const struct dkim_key_rows *keys,
                               struct str present)
{
	struct str head = present;
	struct str out = STR_NONE;
	size_t number = keys->n + 1;
	bool taken = true;

	while (head.n > 1 && char_is_digit(head.p[head.n - 1]))
		head.n--;
	while (taken) {
		out = arena_printf(call->a, "%.*s%zu", STR_ARG(head), number++);
		taken = str_eq(out, setting(call, "selector2"));
		for (size_t i = 0; i < keys->n; i++)
			taken |= str_eq(keys->v[i].selector, out);
	}
	return out;
}

/* Of a layout that delegates its selectors: the one whose key is retired. Its record stays
 * as it is; what it leads to changes. */
static struct str free_selector(const struct dkim_key_rows *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		bool is_free = true;

		for (size_t j = 0; j < keys->n; j++)
			if (str_eq(keys->v[i].selector, keys->v[j].selector) &&
			    !is_stage(&keys->v[j], "retired"))
				is_free = false;
		if (is_free)
			return keys->v[i].selector;
	}
	return STR_NONE;
}

static enum api_result rotate_made(struct api_call *call)
{
	struct sign_keys *keys = call->state;
	struct dkim_key_row row;
	struct err err;

	if (keys->failed)
		return api_problem(call, PROBLEM_UNAVAILABLE,
		                   "No key could be made; try again.");
	row = (struct dkim_key_row){
	        .domain_id = call->domain->id,
	        .key_ref = keys->v[0].ref,
	        .selector = keys->v[0].selector,
	        .algorithm = STR("rsa"),
	        .bits = call->api->config->keys_rsa_bits,
	        .public_key = keys->v[0].text,
	        .stage = STR("pending"),
	        .created_at = call->now,
	};
	if (!dkim_key_add(call->api->store, &row, &row.id, &err))
		return api_broken(call, &err);
	if (row.id == 0) {
		sign_keys_drop(call, keys);
		return api_problem(call, PROBLEM_CONFLICT, "A rotation is under way.");
	}
	if (setting(call, "dkim_key").n &&
	    !change_settings(call,
	                     json_pack("{s:o, s:o}", "selector_next",
	                               json_text(row.selector), "dkim_key_next",
	                               json_text(row.public_key)),
	                     &err))
		return api_broken(call, &err);
	if (!key_event(call, "dkim.pending", &row, &err))
		return api_broken(call, &err);
	return answer_key(call, 201, row.id);
}

enum api_result dkim_rotate(struct api_call *call)
{
	struct sign_keys *keys = ARENA_NEW(call->a, struct sign_keys);
	struct dkim_key_rows rows;
	struct dkim_key_row *active;
	struct str selector;
	struct err err;

	if (!dkim_key_list(call->api->store, call->a, call->domain->id, &rows, &err))
		return api_broken(call, &err);
	active = key_of_stage(&rows, "active");
	if (!active)
		return api_problem(call, PROBLEM_CONFLICT,
		                   "The domain has no key of ours.");
	if (key_of_stage(&rows, "pending") || key_of_stage(&rows, "retiring"))
		return api_problem(call, PROBLEM_CONFLICT,
		                   "A rotation is under way; finish it first.");
	selector = setting(call, "dkim_key").n
	                   ? new_selector(call, &rows, active->selector)
	                   : free_selector(&rows);
	if (selector.n == 0)
		return api_problem(call, PROBLEM_CONFLICT,
		                   "The layout has no selector to spare.");
	sign_keys_want(keys, API_RSA, selector);
	call->state = keys;
	call->resume = rotate_made;
	return sign_keys_take(call, keys, call->domain->name);
}

/* The key of {key}; NULL: answered. */
static struct dkim_key_row *named_key(struct api_call *call, const char *stage)
{
	int64_t id = api_id_parse(call->captures[1], "dkm");
	struct dkim_key_row *key = NULL;
	struct err err;

	if (id && !dkim_key_find(call->api->store, call->a, call->domain->id, id, &key,
	                         &err)) {
		api_broken(call, &err);
		return NULL;
	}
	if (!key) {
		api_problem(call, PROBLEM_NOT_FOUND, "The domain has no such key.");
		return NULL;
	}
	if (!is_stage(key, stage)) {
		api_problem(call, PROBLEM_CONFLICT, "The key is %.*s, not %s.",
		            STR_ARG(key->stage), stage);
		return NULL;
	}
	return key;
}

/* Whether the last check saw the record of the key. */
static bool is_published(struct api_call *call, const struct dkim_key_row *key,
                         bool *out, struct err *err)
{
	AUTO_JSON json_t *document = NULL;
	struct str head =
	        arena_printf(call->a, "%.*s._domainkey.", STR_ARG(key->selector));
	struct check_row *check;
	json_t *record;
	size_t i;

	*out = false;
	if (!check_find_newest(call->api->store, call->a, call->domain->id, &check,
	                       err))
		return false;
	document = check ? api_stored_json(check->document) : json_null();
	json_array_foreach(json_object_get(document, "records"), i, record)
	{
		if (str_starts(api_member(record, "name"), head) &&
		    str_eq(api_member(record, "status"), STR("verified")))
			*out = true;
	}
	return true;
}

/* The settings once `key` signs and `old` retires. */
static json_t *swapped(struct api_call *call, const struct dkim_key_row *key,
                       const struct dkim_key_row *old)
{
	struct str selector = setting(call, "selector");

	return json_pack(
	        "{s:o, s:o, s:o, s:o, s:n, s:n}", "selector", json_text(key->selector),
	        "dkim_key", json_text(key->public_key), "selector_old",
	        json_text(selector.n ? selector : old->selector), "dkim_key_old",
	        json_text(old->public_key), "selector_next", "dkim_key_next");
}

enum api_result dkim_activate(struct api_call *call)
{
	struct store *store = call->api->store;
	const struct api_host *host = &call->api->host;
	struct dkim_key_row *key = named_key(call, "pending"), *old;
	struct dkim_key_rows rows;
	bool published;
	struct err err;

	if (!key)
		return API_DONE;
	if (!is_published(call, key, &published, &err) ||
	    !dkim_key_list(store, call->a, call->domain->id, &rows, &err))
		return api_broken(call, &err);
	if (!published && !api_member_bool(call->body, "force", false))
		return api_problem(call, PROBLEM_CONFLICT,
		                   "The last check did not see its record; publish it "
		                   "and verify the domain.");
	old = key_of_stage(&rows, "active");
	if (old &&
	    !dkim_key_set_stage(store, old->id, STR("retiring"), call->now, &err))
		return api_broken(call, &err);
	if (!dkim_key_set_stage(store, key->id, STR("active"), call->now, &err) ||
	    !key_event(call, "dkim.active", key, &err))
		return api_broken(call, &err);
	if (old && setting(call, "dkim_key_next").n &&
	    !change_settings(call, swapped(call, key, old), &err))
		return api_broken(call, &err);
	if (host->verify_now)
		host->verify_now(host->arg, call->domain->id, "request", 0, NULL, NULL);
	return answer_key(call, 200, key->id);
}

enum api_result dkim_finish(struct api_call *call)
{
	struct dkim_key_row *key = named_key(call, "retiring");
	struct err err;

	if (!key)
		return API_DONE;
	if (!is_safe(key, call->now) && !api_member_bool(call->body, "force", false))
		return api_problem(call, PROBLEM_CONFLICT,
		                   "Mail that it signed may still be on its way; its "
		                   "record is to stay for seven days.");
	if (!dkim_key_set_stage(call->api->store, key->id, STR("retired"), call->now,
	                        &err) ||
	    !key_event(call, "dkim.retired", key, &err) ||
	    !change_settings(call,
	                     json_pack("{s:n, s:n}", "selector_old", "dkim_key_old"),
	                     &err))
		return api_broken(call, &err);
	api_drop_key(call, key->key_ref);
	return answer_key(call, 200, key->id);
}
