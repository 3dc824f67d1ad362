/* `signet sender add|list|rm`: the From addresses that an account sends with. */
#include "cli/commands.h"

#include "cli/client.h"

struct sender_options {
	struct cli_common common;
	struct str name, domain;
	int64_t limit;
};

#define AT(field) offsetof(struct sender_options, field)

static const struct client_column columns[] = {
        {"ID",      "id"          },
        {"ADDRESS", "address"     },
        {"NAME",    "display_name"},
        {"STATUS",  "status"      },
        {"DOMAIN",  "domain_id"   },
};

static bool run_add(struct cli *cli, struct err *err)
{
	const struct sender_options *o = cli->options;
	AUTO_JSON json_t *sender = NULL;
	json_t *body = json_pack("{s:o}", "address", json_text(cli->arguments.v[0]));

	if (o->name.n)
		json_object_set_new(body, "display_name", json_text(o->name));
	if (!client_call(cli, "POST", client_path(cli, "senders", NULL), body, &sender,
	                 err))
		return false;
	client_print(cli, sender, columns, LEN(columns));
	return true;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct sender_options *o = cli->options;
	struct str path = client_query(cli, client_path(cli, "senders", NULL), "domain",
	                               o->domain);

	return client_run_list(cli, path, o->limit, columns, LEN(columns), err);
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(
	        cli, client_path(cli, "senders", cli->arguments.v[0].p, NULL), err);
}

static const struct option add_rows[] = {
        TEXT_OPTION("name", AT(name), "TEXT", "the name shown beside the address"),
};

static const struct option list_rows[] = {
        TEXT_OPTION("domain", AT(domain), "DOMAIN", "only those of this domain"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

const struct command cmd_sender_add = {
        .name = "sender add",
        .arguments = "ADDRESS",
        .summary = "let an address be used in From",
        .description = "Adds an address that mail is sent from. A domain needs one to "
                       "be complete. Where the domain of the address holds template "
                       "code, its status is undetermined until mail is sent.",
        .options = add_rows,
        .option_count = LEN(add_rows),
        .options_size = sizeof(struct sender_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_add,
};

const struct command cmd_sender_list = {
        .name = "sender list",
        .arguments = "",
        .summary = "list the addresses that may be used in From",
        .description = "Lists the sender addresses of the account.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct sender_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_sender_rm = {
        .name = "sender rm",
        .arguments = "ID",
        .summary = "remove an address",
        .description = "Removes a sender address, by its id (snd_7).",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};
