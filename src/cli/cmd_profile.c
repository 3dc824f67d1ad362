/* `signet profile list|show|render`: the records to publish, for whoever publishes
 * them. */
#include "cli/commands.h"

#include "catalog/catalog.h"
#include "dns/name.h"
#include "plan/render.h"

struct render_options {
	struct cli_common common;
	struct option_list set;
	struct str settings, format, provider, zone;
};

static void print_text(struct str text)
{
	fwrite(text.p, 1, text.n, stdout);
}

static json_t *names_of(const struct profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->variable_count; i++)
		json_array_append_new(list, json_text(p->variables[i].name));
	return list;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	AUTO_JSON json_t *list = json_array();
	struct str name;

	for (size_t i = 0; (name = catalog_profile_name(i)).n; i++) {
		struct profile *p;
		json_t *o = json_object();

		json_array_append_new(list, o);
		if (!catalog_profile(cli->a, name, &p, err))
			return false;
		json_object_set_new(o, "id", json_text(p->id));
		json_object_set_new(o, "name", json_text(p->name));
		json_object_set_new(o, "summary", json_text(p->summary));
		json_object_set_new(o, "variables", names_of(p));
		if (!common->json)
			printf("%-12.*s %.*s\n", STR_ARG(p->id), STR_ARG(p->summary));
	}
	if (common->json)
		cli_print_json(json_incref(list));
	return true;
}

/* What the default of a variable is, for people. */
static struct str default_text(struct arena *a, const struct profile_variable *v)
{
	struct str text = STR_NONE;

	if (!v->has_default)
		return STR("-");
	if (!v->by.n)
		return v->text;
	for (size_t i = 0; i < v->choice_count; i++)
		text = arena_printf(a, "%.*s%s%.*s (%.*s)", STR_ARG(text),
		                    i ? " or " : "", STR_ARG(v->choices[i].text),
		                    STR_ARG(v->choices[i].value));
	return text;
}

static json_t *default_json(const struct profile_variable *v)
{
	json_t *values;

	if (!v->by.n)
		return v->has_default ? json_text(v->text) : json_null();
	values = json_object();
	for (size_t i = 0; i < v->choice_count; i++)
		json_object_set_new(values, v->choices[i].value.p,
		                    json_text(v->choices[i].text));
	return json_pack("{s:o, s:o}", "by", json_text(v->by), "values", values);
}

static json_t *record_json(const struct profile_record *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "purpose", json_string(plan_purpose_name(r->purpose)));
	json_object_set_new(o, "type", json_string(dns_type_name(r->type)));
	json_object_set_new(o, "name", json_text(r->name));
	json_object_set_new(o, "value", json_text(r->value));
	if (r->priority >= 0)
		json_object_set_new(o, "priority", json_integer(r->priority));
	json_object_set_new(o, "ttl", json_integer(r->ttl));
	json_object_set_new(o, "required", json_boolean(r->required));
	json_object_set_new(o, "match", json_string(plan_match_name(r->match)));
	if (r->when.n)
		json_object_set_new(o, "when", json_text(r->when));
	return o;
}

static json_t *profile_json(const struct profile *p)
{
	json_t *variables = json_array(), *records = json_array();

	for (size_t i = 0; i < p->variable_count; i++) {
		const struct profile_variable *v = &p->variables[i];

		json_array_append_new(variables, json_pack("{s:o, s:o, s:o}", "name",
		                                           json_text(v->name),
		                                           "default", default_json(v),
		                                           "help", json_text(v->help)));
	}
	for (size_t i = 0; i < p->record_count; i++)
		json_array_append_new(records, record_json(&p->records[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "id", json_text(p->id), "name",
	                 json_text(p->name), "summary", json_text(p->summary),
	                 "variables", variables, "records", records);
}

static bool run_show(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	struct profile *p;

	if (!catalog_profile(cli->a, cli->arguments.v[0], &p, err))
		return false;
	if (common->json) {
		cli_print_json(profile_json(p));
		return true;
	}
	printf("%.*s: %.*s\n\nvariables (--set name=value):\n", STR_ARG(p->name),
	       STR_ARG(p->summary));
	for (size_t i = 0; i < p->variable_count; i++) {
		const struct profile_variable *v = &p->variables[i];
		struct str text = default_text(cli->a, v);

		printf("  %-14.*s %.*s [%.*s]\n", STR_ARG(v->name), STR_ARG(v->help),
		       STR_ARG(text));
	}
	puts("\nrecords:");
	for (size_t i = 0; i < p->record_count; i++) {
		const struct profile_record *r = &p->records[i];

		printf("  %-5s %.*s\n        ", dns_type_name(r->type),
		       STR_ARG(r->name));
		if (r->priority >= 0)
			printf("%d ", r->priority);
		printf("%.*s\n        %s, %s", STR_ARG(r->value),
		       plan_purpose_name(r->purpose),
		       r->required ? "required" : "optional");
		if (r->when.n)
			printf(", with --set %.*s", STR_ARG(r->when));
		putchar('\n');
	}
	return true;
}

/* Provider and zone of the options; the zone is the domain where none is given. */
static bool find_place(struct cli *cli, const struct plan *plan, struct field_place *at,
                       struct err *err)
{
	const struct render_options *o = cli->options;
	struct providers *list = ARENA_NEW(cli->a, struct providers);

	*at = (struct field_place){provider_generic(), plan->domain};
	if (o->provider.n) {
		catalog_providers(cli->a, list);
		if (!catalog_provider(list, o->provider, &at->provider, err))
			return false;
	}
	if (!o->zone.n)
		return true;
	if (!dns_name_parse(cli->a, o->zone, &at->zone, err))
		return err_add(err, "--zone");
	if (!dns_name_is_within(plan->domain, at->zone))
		return err_set(err, ERR_USAGE, "--zone: %.*s is not within %.*s",
		               STR_ARG(plan->domain), STR_ARG(at->zone));
	return true;
}

static bool run_render(struct cli *cli, struct err *err)
{
	const struct render_options *o = cli->options;
	struct str format = o->format.n ? o->format : STR("table");
	struct plan_settings settings;
	struct profile *profile;
	struct plan *plan;
	struct field_place at;

	if (o->common.json) {
		if (o->format.n && !str_eq(format, STR("json")))
			return err_set(err, ERR_USAGE, "--json or --format, not both");
		format = STR("json");
	}
	if (!catalog_profile(cli->a, cli->arguments.v[0], &profile, err) ||
	    !catalog_settings(cli->a, &o->set, o->settings, &settings, err) ||
	    !plan_make(cli->a, profile, cli->arguments.v[1], &settings, &plan, err) ||
	    !find_place(cli, plan, &at, err))
		return false;
	if (str_eq(format, STR("json")))
		cli_print_json(render_json(cli->a, plan, &at));
	else if (str_eq(format, STR("zone")))
		print_text(render_zone(cli->a, plan));
	else if (str_eq(format, STR("table")))
		print_text(render_table(cli->a, plan, &at));
	else if (str_eq(format, STR("markdown")))
		print_text(render_markdown(cli->a, plan, &at));
	else
		return err_set(err, ERR_USAGE,
		               "--format: \"%.*s\" is none of json, zone, table, "
		               "markdown",
		               (int)(format.n < 100 ? format.n : 100), format.p);
	return true;
}

#define AT(field) offsetof(struct render_options, field)

static const struct option render_rows[] = {
        LIST_OPTION("set", AT(set), "NAME=VALUE",
                    "a variable of the profile (repeatable)"),
        TEXT_OPTION("settings", AT(settings), "FILE",
                    "variables of the profile, a NAME=VALUE a line; --set wins"),
        TEXT_OPTION("format", AT(format), "FORMAT",
                    "json, zone, table (the default) or markdown"),
        TEXT_OPTION("provider", AT(provider), "NAME",
                    "the DNS provider whose panel the records are for"),
        TEXT_OPTION("zone", AT(zone), "NAME",
                    "the zone the records go into, where it lies above DOMAIN"),
};

const struct command cmd_profile_list = {
        .name = "profile list",
        .arguments = "",
        .summary = "list the record layouts",
        .description = "Lists the profiles that are built in, one a line.",
        .options_size = sizeof(struct cli_common),
        .run = run_list,
};

const struct command cmd_profile_show = {
        .name = "profile show",
        .arguments = "PROFILE",
        .summary = "show the variables and records of a layout",
        .description = "Shows the variables of a profile with their defaults, and its "
                       "records. PROFILE is a name of `signet profile list` or a file.",
        .options_size = sizeof(struct cli_common),
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_show,
};

const struct command cmd_profile_render = {
        .name = "profile render",
        .arguments = "PROFILE DOMAIN",
        .summary = "print the records a domain has to publish",
        .description =
                "Prints the records of a profile for a domain. PROFILE is a name of "
                "`signet profile list` or a file (with a slash, or ending in "
                ".json).\n\n"
                "The table and the member \"host\" are in the form that the panel of "
                "--provider wants. Zone text can go into a zone file as it is.",
        .options = render_rows,
        .option_count = LEN(render_rows),
        .options_size = sizeof(struct render_options),
        .arguments_min = 2,
        .arguments_max = 2,
        .run = run_render,
};
