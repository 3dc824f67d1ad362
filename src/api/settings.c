#include "api/settings.h"

#include "api/parts.h"
#include "base/random.h"

#include <string.h>

enum { TOKEN_CHARS = 20 };

bool settings_is_own(struct str profile)
{
	return str_eq(profile, STR("standard")) || str_eq(profile, STR("delegated"));
}

static struct str token(struct arena *a)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	char text[TOKEN_CHARS + 1] = "";

	for (size_t i = 0; i < TOKEN_CHARS; i++)
		text[i] = alphabet[random_below(sizeof(alphabet) - 1)];
	return arena_printf(a, "sg%s", text);
}

/* What the installation says of a variable; empty: nothing. */
static struct str instance_value(struct api_call *call, struct str name,
                                 struct str region, struct str own_token)
{
	const struct config *c = call->api->config;
	const struct {
		const char *name;
		struct str value;
	} known[] = {
	        {"account",
	         arena_printf(call->a,	                                                       "%lld", (long long)call->account->id)},
	        {"region",                         region	                                          },
	        {"mx1",	                c->instance_mx.n > 0 ? c->instance_mx.v[0] : STR_NONE},
	        {"mx2",c->instance_mx.n > 1 ? c->instance_mx.v[1] : STR_NONE    },
	        {"spf",	                c->instance_spf	                                     },
	        {"track_target",                config_pair(&c->instance_tracking,region)},
	        {"dmarc_rua",      c->instance_dmarc_rua                            },
	        {"verify_token",	                                    own_token	                                   },
	        {"verify_target",	                                 c->instance_verify_target              },
	        {"bounce_target",	                                c->instance_bounce_target},
	};

	for (size_t i = 0; i < LEN(known); i++)
		if (str_eq(name, str_c(known[i].name)))
			return known[i].value;
	if (c->instance_dkim_zone.n && str_eq(name, STR("dkim_target1")))
		return arena_printf(call->a, "%.*s-1.%.*s", STR_ARG(own_token),
		                    STR_ARG(c->instance_dkim_zone));
	if (c->instance_dkim_zone.n && str_eq(name, STR("dkim_target2")))
		return arena_printf(call->a, "%.*s-2.%.*s", STR_ARG(own_token),
		                    STR_ARG(c->instance_dkim_zone));
	return STR_NONE;
}

/* Variables of Signet's own layouts that are not the customer's. */
static bool is_reserved(struct str name)
{
	static const char *const names[] = {
	        "account",       "label",        "mx1",           "mx2",
	        "spf",           "track_target", "dmarc_rua",     "dkim_key",
	        "dkim_key2",     "verify_token", "verify_target", "bounce_target",
	        "dkim_target1",  "dkim_target2", "region",        "selector_next",
	        "dkim_key_next", "selector_old", "dkim_key_old",
	};

	for (size_t i = 0; i < LEN(names); i++)
		if (str_eq(name, str_c(names[i])))
			return true;
	return false;
}

static bool is_rotation(struct str name)
{
	return str_ends(name, STR("_next")) || str_ends(name, STR("_old"));
}

/* Whether a record that is not left out uses the variable. */
static bool is_used(struct api_call *call, const struct profile *profile,
                    const json_t *settings, struct str name)
{
	struct str mark = arena_printf(call->a, "{%.*s}", STR_ARG(name));

	for (size_t i = 0; i < profile->record_count; i++) {
		const struct profile_record *r = &profile->records[i];

		if (r->when.n && !str_eq(r->when, name) &&
		    settings_value(settings, profile, arena_cstr(call->a, r->when)).n ==
		            0)
			continue;
		if (r->when.n && str_eq(r->when, name) &&
		    !str_eq(name, STR("dkim_key")))
			continue;
		if (str_find(r->name, mark) >= 0 || str_find(r->value, mark) >= 0)
			return true;
	}
	return false;
}

struct str settings_value(const json_t *settings, const struct profile *profile,
                          const char *name)
{
	struct str given = api_member(settings, name);
	const struct profile_variable *v = profile_find(profile, str_c(name));

	if (given.n || !v || !v->has_default || v->by.n)
		return given;
	return v->text;
}

/* What the customer gives; errors for what nobody may or can give. */
static void take_given(struct api_call *call, const struct profile *profile,
                       json_t *out)
{
	json_t *given = json_object_get(call->body, "settings");
	const char *name;
	json_t *value;

	if (!given)
		return;
	json_object_foreach(given, name, value)
	{
		struct str pointer = problem_pointer(call->a, STR("/settings"), name);

		if (!profile_find(profile, str_c(name)))
			api_error(call, pointer.p, FIELD_UNKNOWN,
			          "The profile has no such variable.");
		else if (is_rotation(str_c(name)) ||
		         (settings_is_own(profile->id) && is_reserved(str_c(name))))
			api_error(call, pointer.p, FIELD_RESERVED, "%s",
			          field_error_row(FIELD_RESERVED)->title);
		else if (json_string_length(value))
			json_object_set(out, name, value);
	}
}

json_t *settings_make(struct api_call *call, const struct profile *profile,
                      struct str region, struct settings_wanted *wanted)
{
	bool own = settings_is_own(profile->id);
	struct str own_token = token(call->a);
	json_t *out = json_object();

	*wanted = (struct settings_wanted){0};
	take_given(call, profile, out);
	for (size_t i = 0; i < profile->variable_count; i++) {
		const struct profile_variable *v = &profile->variables[i];
		const char *name = arena_cstr(call->a, v->name);
		struct str value;

		if (api_member(out, name).n)
			continue;
		value = instance_value(call, v->name, region, own_token);
		if (str_eq(v->name, STR("label")) && !v->has_default)
			value = arena_printf(call->a, "sg%lld",
			                     (long long)call->account->id);
		if (!own && !str_eq(v->name, STR("account")) &&
		    !str_eq(v->name, STR("region")) &&
		    (v->has_default || !is_used(call, profile, out, v->name)))
			continue;
		if (str_eq(v->name, STR("dkim_key")))
			wanted->rsa = true;
		else if (str_eq(v->name, STR("dkim_key2")))
			wanted->ed25519 = api_member_bool(call->body, "ed25519", false);
		else if (value.n)
			json_object_set_new(out, name, json_text(value));
	}
	/* Signet's own delegated keys stand in its own zone. */
	if (own && profile_find(profile, STR("dkim_target1")))
		wanted->rsa = wanted->rsa2 = true;
	return out;
}

struct str region_check(struct api_call *call, struct str otherwise)
{
	const struct config *c = call->api->config;
	struct str region = api_member(call->body, "region");

	if (region.n == 0)
		return otherwise;
	if (!str_eq(region, c->instance_region) &&
	    config_pair(&c->instance_tracking, region).n == 0)
		api_error(call, "/region", FIELD_NO_SUCH,
		          "This installation has no such region.");
	return region;
}

void settings_error(struct api_call *call, const struct err *err)
{
	struct str text = str_c(err->text), name = STR_NONE;

	if (str_starts(text, STR("--set "))) {
		text = str_from(text, 6);
		str_cut(&text, ':', &name);
		text = str_trim(text);
	}
	if (name.n)
		api_error(call,
		          arena_printf(call->a, "/settings/%.*s", STR_ARG(name)).p,
		          FIELD_FORM, "%.*s", STR_ARG(text));
	else
		api_error(call, "/settings", FIELD_REQUIRED, "%.*s", STR_ARG(text));
}
