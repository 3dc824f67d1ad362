/* `signet key add|list|rm`: the secrets with which programs call the API. */
#include "cli/commands.h"

#include "cli/client.h"

struct key_options {
	struct cli_common common;
	struct option_list scopes;
	struct str domain;
	int64_t limit;
};

#define AT(field) offsetof(struct key_options, field)

static const struct client_column columns[] = {
        {"ID",      "id"          },
        {"NAME",    "name"        },
        {"KEY",     "hint"        },
        {"SCOPES",  "scopes"      },
        {"DOMAIN",  "domain_id"   },
        {"CREATED", "created_at"  },
        {"USED",    "last_used_at"},
        {"REVOKED", "revoked_at"  },
};

static bool run_add(struct cli *cli, struct err *err)
{
	const struct key_options *o = cli->options;
	AUTO_JSON json_t *key = NULL;
	json_t *body = json_pack("{s:o}", "name", json_text(cli->arguments.v[0]));

	json_object_set_new(body, "scopes",
	                    o->scopes.n ? client_words(&o->scopes)
	                                : json_pack("[s]", "read"));
	if (o->domain.n)
		json_object_set_new(body, "domain", json_text(o->domain));
	if (!client_call(cli, "POST", client_path(cli, "keys", NULL), body, &key, err))
		return false;
	client_print(cli, key, columns, 5);
	if (!o->common.json)
		printf("\n%.*s\n\nThis is the only time it is shown.\n",
		       STR_ARG(client_value(cli->a, key, "secret")));
	return true;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct key_options *o = cli->options;

	return client_run_list(cli, client_path(cli, "keys", NULL), o->limit, columns,
	                       LEN(columns), err);
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(cli, client_path(cli, "keys", cli->arguments.v[0].p, NULL),
	                     err);
}

static const struct option add_rows[] = {
        LIST_OPTION("scope", AT(scopes), "SCOPE",
                    "read, send, domains or full (repeatable); read where not given"),
        TEXT_OPTION("domain", AT(domain), "DOMAIN", "good for this domain alone"),
};

static const struct option list_rows[] = {CLIENT_LIMIT_ROW(AT(limit))};

const struct command cmd_key_add = {
        .name = "key add",
        .arguments = "NAME",
        .summary = "make a key of the API",
        .description =
                "Makes a key of the API and prints it, this once: the server keeps "
                "only its hash. `read` looks at everything but secrets, `send` sends "
                "mail, `domains` adds and changes domains, `full` does everything.",
        .options = add_rows,
        .option_count = LEN(add_rows),
        .options_size = sizeof(struct key_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_add,
};

const struct command cmd_key_list = {
        .name = "key list",
        .arguments = "",
        .summary = "list the keys of the API",
        .description = "Lists the keys of the account, revoked ones too.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct key_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_key_rm = {
        .name = "key rm",
        .arguments = "ID",
        .summary = "revoke a key of the API",
        .description = "Revokes a key, by its id (key_3); at once and for good.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};
