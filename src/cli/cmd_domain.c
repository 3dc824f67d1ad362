/* `signet domain add|list|show|records|instructions|rm`: sending domains of an account.
 * What checks them is in cmd_domain_check.c. */
#include "cli/commands.h"

#include "cli/client.h"
#include "cli/domain_text.h"

struct domain_options {
	struct cli_common common;
	struct str profile, region, environment, sender, sender_name;
	struct option_list set, tags;
	bool ed25519;
	struct str status, tag, prefix;
	struct str format, provider, to, message;
	int64_t limit;
};

#define AT(field) offsetof(struct domain_options, field)

static const struct client_column list_columns[] = {
        {"DOMAIN",      "domain"     },
        {"ID",          "id"         },
        {"STATUS",      "status"     },
        {"CAN SEND",    "can_send"   },
        {"DNS AT",      "provider"   },
        {"ENVIRONMENT", "environment"},
        {"TAGS",        "tags"       },
        {"CHECKED",     "checked_at" },
};

static struct str domain_path(struct cli *cli, const char *what)
{
	return client_path(cli, "domains", cli->arguments.v[0].p, what, NULL);
}

static void set_text(json_t *body, const char *name, struct str value)
{
	if (value.n)
		json_object_set_new(body, name, json_text(value));
}

/* --set name=value, as an object. */
static bool set_variables(json_t *body, const struct option_list *set, struct err *err)
{
	json_t *variables;

	if (!set->n)
		return true;
	variables = json_object();
	json_object_set_new(body, "settings", variables);
	for (size_t i = 0; i < set->n; i++) {
		struct str value = set->v[i], name;

		if (!str_cut(&value, '=', &name) || !value.p || !name.n)
			return err_set(err, ERR_USAGE,
			               "--set: \"%.*s\" is not NAME=VALUE",
			               STR_ARG(str_slice(set->v[i], 0, 100)));
		json_object_setn_new(variables, name.p, name.n, json_text(value));
	}
	return true;
}

static void print_domain(struct cli *cli, json_t *domain)
{
	const struct cli_common *common = cli->options;

	if (common->json)
		cli_print_json(json_incref(domain));
	else
		domain_text(stdout, domain, cli_colour(stdout));
}

static bool run_add(struct cli *cli, struct err *err)
{
	const struct domain_options *o = cli->options;
	AUTO_JSON json_t *body =
	        json_pack("{s:o}", "name", json_text(cli->arguments.v[0]));
	AUTO_JSON json_t *domain = NULL;

	set_text(body, "profile", o->profile);
	set_text(body, "region", o->region);
	set_text(body, "environment", o->environment);
	set_text(body, "sender_address", o->sender);
	set_text(body, "sender_name", o->sender_name);
	if (o->ed25519)
		json_object_set_new(body, "ed25519", json_true());
	if (o->tags.n)
		json_object_set_new(body, "tags", client_words(&o->tags));
	if (!set_variables(body, &o->set, err) ||
	    !client_call(cli, "POST", client_path(cli, "domains", NULL),
	                 json_incref(body), &domain, err))
		return false;
	print_domain(cli, domain);
	if (!o->common.json)
		printf("\nNext: signet domain records %s\n", cli->arguments.v[0].p);
	return true;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct domain_options *o = cli->options;
	struct str path = client_path(cli, "domains", NULL);

	path = client_query(cli, path, "status", o->status);
	path = client_query(cli, path, "tag", o->tag);
	path = client_query(cli, path, "name_prefix", o->prefix);
	return client_run_list(cli, path, o->limit, list_columns, LEN(list_columns),
	                       err);
}

static bool run_show(struct cli *cli, struct err *err)
{
	AUTO_JSON json_t *domain = NULL;

	if (!client_call(cli, "GET", domain_path(cli, NULL), NULL, &domain, err))
		return false;
	print_domain(cli, domain);
	return true;
}

static bool run_records(struct cli *cli, struct err *err)
{
	const struct domain_options *o = cli->options;
	struct str format = o->format.n ? o->format : STR("table");
	struct str path = domain_path(cli, "records"), text;

	if (o->common.json && o->format.n && !str_eq(format, STR("json")))
		return err_set(err, ERR_USAGE, "--json or --format, not both");
	if (o->common.json)
		format = STR("json");
	path = client_query(cli, path, "format", format);
	path = client_query(cli, path, "provider", o->provider);
	if (!client_text(cli, path, &text, err))
		return false;
	printf("%.*s", STR_ARG(text));
	if (text.n && text.p[text.n - 1] != '\n')
		putchar('\n');
	return true;
}

static bool run_instructions(struct cli *cli, struct err *err)
{
	const struct domain_options *o = cli->options;
	AUTO_JSON json_t *answer = NULL;
	json_t *body;

	if (!o->to.n)
		return err_set(err, ERR_USAGE,
		               "--to: the address of whoever keeps the DNS is needed");
	body = json_pack("{s:o}", "to", json_text(o->to));
	set_text(body, "provider", o->provider);
	set_text(body, "message", o->message);
	if (!client_call(cli, "POST", domain_path(cli, "instructions"), body, &answer,
	                 err))
		return false;
	if (o->common.json)
		cli_print_json(answer ? json_incref(answer) : json_null());
	else
		printf("The records of %s are on their way to %.*s.\n",
		       cli->arguments.v[0].p, STR_ARG(o->to));
	return true;
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(cli, domain_path(cli, NULL), err);
}

static const struct option add_rows[] = {
        TEXT_OPTION("profile", AT(profile), "NAME",
                    "the record layout; that of the installation where not given"),
        LIST_OPTION("set", AT(set), "NAME=VALUE",
                    "a variable of the profile (repeatable)"),
        TEXT_OPTION("region", AT(region), "REGION", "where its tracking is served"),
        TEXT_OPTION("environment", AT(environment), "NAME",
                    "production, staging or test"),
        TEXT_OPTION("sender", AT(sender), "ADDRESS", "a first From address of it"),
        TEXT_OPTION("sender-name", AT(sender_name), "TEXT",
                    "the name shown beside that address"),
        FLAG_OPTION("ed25519", AT(ed25519),
                    "a second DKIM key, where the layout has room for it"),
        LIST_OPTION("tag", AT(tags), "WORD", "a word to find it by (repeatable)"),
};

static const struct option list_rows[] = {
        TEXT_OPTION("status", AT(status), "STATUS",
                    "only those of this status; deleted ones are in no other list"),
        TEXT_OPTION("tag", AT(tag), "WORD", "only those with this tag"),
        TEXT_OPTION("prefix", AT(prefix), "TEXT", "only names that begin so"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

static const struct option records_rows[] = {
        TEXT_OPTION("format", AT(format), "FORMAT",
                    "table (the default), zone, markdown or json"),
        TEXT_OPTION("provider", AT(provider), "NAME",
                    "the DNS provider whose panel they are for; else the one "
                    "recognised"),
};

static const struct option instructions_rows[] = {
        TEXT_OPTION("to", AT(to), "ADDRESS", "who gets the letter; needed"),
        TEXT_OPTION("provider", AT(provider), "NAME",
                    "the DNS provider whose panel it explains; else the one "
                    "recognised"),
        TEXT_OPTION("message", AT(message), "TEXT", "a few words of your own"),
};

const struct command cmd_domain_add = {
        .name = "domain add",
        .arguments = "DOMAIN",
        .summary = "add a sending domain",
        .description = "Adds a domain to the account. Signet makes its keys and the "
                       "records to publish (`signet domain records`), looks for them "
                       "by itself and keeps watching.",
        .options = add_rows,
        .option_count = LEN(add_rows),
        .options_size = sizeof(struct domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_add,
};

const struct command cmd_domain_list = {
        .name = "domain list",
        .arguments = "",
        .summary = "list the sending domains",
        .description = "Lists the domains of the account with their status.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct domain_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_domain_show = {
        .name = "domain show",
        .arguments = "DOMAIN",
        .summary = "show a sending domain, its records and what to do",
        .description = "Shows what the last check of a domain has found. DOMAIN is "
                       "the name or the id (dom_42).",
        .options_size = sizeof(struct domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_show,
};

const struct command cmd_domain_records = {
        .name = "domain records",
        .arguments = "DOMAIN",
        .summary = "print the records a domain has to publish",
        .description = "Prints the records of a domain as its DNS provider's panel "
                       "wants them, or as zone text that can go into a zone file.",
        .options = records_rows,
        .option_count = LEN(records_rows),
        .options_size = sizeof(struct domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_records,
};

const struct command cmd_domain_instructions = {
        .name = "domain instructions",
        .arguments = "DOMAIN",
        .summary = "mail the records to whoever keeps the DNS",
        .description = "Has the server mail the records of a domain, in the words of "
                       "the DNS provider, to a colleague who can publish them.",
        .options = instructions_rows,
        .option_count = LEN(instructions_rows),
        .options_size = sizeof(struct domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_instructions,
};

const struct command cmd_domain_rm = {
        .name = "domain rm",
        .arguments = "DOMAIN",
        .summary = "remove a sending domain",
        .description = "Removes a domain: sending from it stops at once. Its "
                       "statistics stay, under its name with \"(deleted)\".",
        .options_size = sizeof(struct domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};
