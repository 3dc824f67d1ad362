/* `signet account add|list|show`: the customers of an installation, for its operator. */
#include "cli/commands.h"

#include "cli/client.h"

struct account_options {
	struct cli_common common;
	struct str email, region, language;
	int64_t limit;
};

#define AT(field) offsetof(struct account_options, field)

static const struct client_column columns[] = {
        {"ID",       "id"         },
        {"NAME",     "name"       },
        {"OWNER",    "owner_email"},
        {"REGION",   "region"     },
        {"OPERATOR", "operator"   },
        {"CREATED",  "created_at" },
        {"CLOSED",   "closed_at"  },
};

static bool run_add(struct cli *cli, struct err *err)
{
	const struct account_options *o = cli->options;
	AUTO_JSON json_t *account = NULL;
	json_t *body;

	if (!o->email.n)
		return err_set(err, ERR_USAGE,
		               "--email: the owner's address is needed");
	body = json_pack("{s:o, s:o}", "name", json_text(cli->arguments.v[0]),
	                 "owner_email", json_text(o->email));
	if (o->region.n)
		json_object_set_new(body, "region", json_text(o->region));
	if (o->language.n)
		json_object_set_new(body, "language", json_text(o->language));
	if (!client_call(cli, "POST", client_path(cli, "accounts", NULL), body,
	                 &account, err))
		return false;
	client_print(cli, account, columns, LEN(columns));
	return true;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct account_options *o = cli->options;

	return client_run_list(cli, client_path(cli, "accounts", NULL), o->limit,
	                       columns, LEN(columns), err);
}

static bool run_show(struct cli *cli, struct err *err)
{
	AUTO_JSON json_t *account = NULL;
	struct str path = cli->arguments.n ? client_path(cli, "accounts",
	                                                 cli->arguments.v[0].p, NULL)
	                                   : client_path(cli, "account", NULL);

	if (!client_call(cli, "GET", path, NULL, &account, err))
		return false;
	client_print(cli, account, columns, LEN(columns));
	return true;
}

static const struct option add_rows[] = {
        TEXT_OPTION("email", AT(email), "ADDRESS", "of the owner; needed"),
        TEXT_OPTION("region", AT(region), "REGION",
                    "where its tracking is served, as instance.tracking names it"),
        TEXT_OPTION("language", AT(language), "TAG",
                    "of the letters to it, as en or de"),
};

static const struct option list_rows[] = {CLIENT_LIMIT_ROW(AT(limit))};

const struct command cmd_account_add = {
        .name = "account add",
        .arguments = "NAME",
        .summary = "add a customer",
        .description = "Adds an account. Its first key is made with `signet key add "
                       "--account ID`.",
        .options = add_rows,
        .option_count = LEN(add_rows),
        .options_size = sizeof(struct account_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_add,
};

const struct command cmd_account_list = {
        .name = "account list",
        .arguments = "",
        .summary = "list the customers",
        .description = "Lists the accounts of the installation.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct account_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_account_show = {
        .name = "account show",
        .arguments = "[ID]",
        .summary = "show an account, one's own where none is named",
        .description = "Shows the account of the key, or for an operator another one, "
                       "by its id (acc_7).",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_max = 1,
        .run = run_show,
};
