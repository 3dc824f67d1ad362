/*
 * A profile, a line of settings and a domain, from any bytes: the parts stand one after
 * the other with NUL between them. What can be planned is rendered in each form, at a
 * provider with every special rule, and its zone text is read back.
 */
#include "fuzz.h"

#include "dns/zone.h"
#include "plan/render.h"

static const struct provider odd = {
        .id = STR_INIT("odd"),
        .name = STR_INIT("Odd"),
        .apex = PROVIDER_APEX_EMPTY,
        .target_dot = PROVIDER_DOT_REQUIRED,
        .txt_quotes = PROVIDER_QUOTES_REQUIRED,
        .txt_semicolon_escaped = true,
        .txt_max = 255,
        .txt_split = PROVIDER_SPLIT_MANUAL,
        .mx_one_field = true,
        .mx_priority_in_value = true,
        .proxy_field = STR_INIT("Proxy"),
        .proxy_off = STR_INIT("off"),
        .field_type = STR_INIT("Type"),
        .field_name = STR_INIT("Name"),
        .field_value = STR_INIT("Value"),
        .field_priority = STR_INIT("Priority"),
        .guide = STR_INIT("Type it."),
};

static void render(struct arena *a, const struct plan *plan,
                   const struct provider *provider)
{
	struct field_place at = {provider, plan->domain};
	struct dns_zone zone = dns_zone_init(a);
	json_t *list = render_json(a, plan, &at);
	struct err err;

	json_decref(list);
	need(dns_zone_parse(&zone, render_zone(a, plan), &err));
	(void)render_table(a, plan, &at);
	(void)render_markdown(a, plan, &at);
	for (size_t i = 0; i < plan->record_count; i++) {
		struct field_record r = field_of_plan(&plan->records[i]);

		(void)field_instruction(a, &at, &r);
		(void)field_change_instruction(a, &at, &r);
		(void)field_delete_instruction(a, &at, &r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str rest = {(const char *)bytes, n};
	struct str text = STR_NONE, line = STR_NONE, domain = STR_NONE, one;
	struct plan_settings settings = {map_init(&a)};
	struct profile *profile;
	struct plan *plan;
	struct err err;

	str_cut(&rest, '\0', &text);
	str_cut(&rest, '\0', &line);
	str_cut(&rest, '\0', &domain);
	if (!profile_parse(&a, STR("fuzz"), text, &profile, &err))
		return 0;
	while (str_cut(&line, '\n', &one))
		if (!plan_set(&settings, one, &err))
			return 0;
	if (!plan_make(&a, profile, domain, &settings, &plan, &err))
		return 0;
	render(&a, plan, provider_generic());
	render(&a, plan, &odd);
	return 0;
}
