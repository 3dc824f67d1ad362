/* `signet user add|list|rm`: people who sign in; `signet token add|rm`: signing in, and
 * the token that comes of it. */
#include "cli/commands.h"

#include "cli/client.h"
#include "cli/password.h"

struct user_options {
	struct cli_common common;
	struct str role;
	int64_t limit;
};

#define AT(field) offsetof(struct user_options, field)

static const struct client_column columns[] = {
        {"ID",      "id"        },
        {"EMAIL",   "email"     },
        {"ROLE",    "role"      },
        {"CREATED", "created_at"},
};

/* {"email":…,"password":…} of the argument and standard input. */
static bool credentials(struct cli *cli, const char *prompt, json_t **out,
                        struct err *err)
{
	AUTO(secret) password = {0};

	if (!cli_password(prompt, &password, err))
		return false;
	*out = json_pack("{s:o, s:o}", "email", json_text(cli->arguments.v[0]),
	                 "password", json_text(secret_str(&password)));
	return true;
}

static bool run_add(struct cli *cli, struct err *err)
{
	const struct user_options *o = cli->options;
	AUTO_JSON json_t *user = NULL;
	json_t *body;

	if (!credentials(cli, "Password of the new user", &body, err))
		return false;
	json_object_set_new(body, "role",
	                    json_text(o->role.n ? o->role : STR("viewer")));
	if (!client_call(cli, "POST", client_path(cli, "users", NULL), body, &user,
	                 err))
		return false;
	client_print(cli, user, columns, LEN(columns));
	return true;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct user_options *o = cli->options;

	return client_run_list(cli, client_path(cli, "users", NULL), o->limit, columns,
	                       LEN(columns), err);
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(
	        cli, client_path(cli, "users", cli->arguments.v[0].p, NULL), err);
}

static bool run_token_add(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	AUTO_JSON json_t *session = NULL;
	json_t *body;

	if (!credentials(cli, "Password", &body, err) ||
	    !client_sign_in(cli, body, &session, err))
		return false;
	if (common->json)
		cli_print_json(json_incref(session));
	else
		printf("%.*s\n", STR_ARG(client_value(cli->a, session, "secret")));
	return true;
}

static bool run_token_rm(struct cli *cli, struct err *err)
{
	return client_remove(cli, client_path(cli, "sessions", "current", NULL), err);
}

static const struct option add_rows[] = {
        TEXT_OPTION("role", AT(role), "ROLE",
                    "owner, admin, member or viewer; viewer where not given"),
};

static const struct option list_rows[] = {CLIENT_LIMIT_ROW(AT(limit))};

const struct command cmd_user_add = {
        .name = "user add",
        .arguments = "EMAIL",
        .summary = "let a person sign in",
        .description = "Makes a user of the account. The password, twelve bytes or "
                       "more, is the "
                       "first line of standard input; at a terminal it is asked for. "
                       "Owners and "
                       "admins do everything, members change domains, viewers look.",
        .options = add_rows,
        .option_count = LEN(add_rows),
        .options_size = sizeof(struct user_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_add,
};

const struct command cmd_user_list = {
        .name = "user list",
        .arguments = "",
        .summary = "list the people who may sign in",
        .description = "Lists the users of the account.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct user_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_user_rm = {
        .name = "user rm",
        .arguments = "ID",
        .summary = "remove a user",
        .description =
                "Removes a user, by its id (usr_2), and ends the user's sessions.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};

const struct command cmd_token_add = {
        .name = "token add",
        .arguments = "EMAIL",
        .summary = "sign in, and print the token of the session",
        .description =
                "Signs a user in with the password on standard input and prints a "
                "token, "
                "good as --key until it ends: SIGNET_KEY=$(signet token add EMAIL). "
                "Needs no key.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_token_add,
};

const struct command cmd_token_rm = {
        .name = "token rm",
        .arguments = "",
        .summary = "sign out",
        .description = "Ends the session whose token is the key of this call.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .run = run_token_rm,
};
