/* `signet provider list|show`: what is known of DNS providers and their panels. */
#include "cli/commands.h"

#include "catalog/catalog.h"

static bool run_list(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	AUTO_JSON json_t *list = json_array();
	struct providers providers;

	(void)err;
	catalog_providers(cli->a, &providers);
	for (size_t i = 0; i < providers.n; i++) {
		const struct provider *p = &providers.v[i];

		if (common->json)
			json_array_append_new(list, json_pack("{s:o, s:o}", "id",
			                                      json_text(p->id), "name",
			                                      json_text(p->name)));
		else
			printf("%-22.*s %.*s\n", STR_ARG(p->id), STR_ARG(p->name));
	}
	if (common->json)
		cli_print_json(json_incref(list));
	return true;
}

static json_t *patterns_json(const struct patterns *patterns)
{
	json_t *list = json_array();

	for (size_t i = 0; i < patterns->n; i++)
		json_array_append_new(list, json_text(patterns->v[i]));
	return list;
}

static json_t *provider_json(const struct provider *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", json_text(p->id));
	json_object_set_new(o, "name", json_text(p->name));
	json_object_set_new(o, "aliases", patterns_json(&p->aliases));
	json_object_set_new(o, "ns", patterns_json(&p->ns));
	json_object_set_new(o, "soa", patterns_json(&p->soa));
	json_object_set_new(o, "panel_url", json_text_or_null(p->panel_url));
	json_object_set_new(o, "guide", json_text(p->guide));
	return o;
}

static void print_provider(const struct provider *p)
{
	static const char *const apexes[] = {"\"@\"", "an empty field",
	                                     "its full name"};

	printf("%.*s (%.*s)\n", STR_ARG(p->name), STR_ARG(p->id));
	if (p->panel_url.n)
		printf("%.*s\n", STR_ARG(p->panel_url));
	puts("");
	printf("name        %s\n", p->host == PROVIDER_HOST_FULL
	                                   ? "in full"
	                                   : "the part in front of the zone");
	printf("zone itself %s\n", apexes[p->apex]);
	printf("targets     %s\n", p->target_dot == PROVIDER_DOT_REQUIRED
	                                   ? "end with a dot"
	                                   : "without a dot at the end");
	printf("texts       %s%s\n",
	       p->txt_quotes == PROVIDER_QUOTES_REQUIRED ? "in quotes"
	                                                 : "without quotes",
	       p->txt_split == PROVIDER_SPLIT_MANUAL
	               ? ", long ones in pieces of 255 characters"
	               : "");
	printf("MX          %s%s%s\n",
	       p->mx_one_field ? "all of a name in one field" : "one a row",
	       p->mx_priority_in_value ? ", priority in front of the host" : "",
	       p->mx_below_apex ? "" : ", only for the domain itself");
	if (p->proxy_field.n)
		printf("proxy       set %.*s to %.*s\n", STR_ARG(p->proxy_field),
		       STR_ARG(p->proxy_off));
	printf("\n%.*s\n", STR_ARG(p->guide));
}

static bool run_show(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	const struct provider *p;
	struct providers providers;

	catalog_providers(cli->a, &providers);
	if (!catalog_provider(&providers, cli->arguments.v[0], &p, err))
		return false;
	if (common->json)
		cli_print_json(provider_json(p));
	else
		print_provider(p);
	return true;
}

const struct command cmd_provider_list = {
        .name = "provider list",
        .arguments = "",
        .summary = "list the DNS providers whose panels are known",
        .description = "Lists the DNS providers, id and name, one a line.",
        .options_size = sizeof(struct cli_common),
        .run = run_list,
};

const struct command cmd_provider_show = {
        .name = "provider show",
        .arguments = "NAME",
        .summary = "show what a DNS provider's panel wants",
        .description = "Shows how records are typed at a DNS provider, and its guide.",
        .options_size = sizeof(struct cli_common),
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_show,
};
