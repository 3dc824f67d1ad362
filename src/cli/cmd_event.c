/* `signet event list`: what has happened to the domains of an account. */
#include "cli/commands.h"

#include "cli/client.h"

struct event_options {
	struct cli_common common;
	struct str domain, type;
	int64_t limit;
	bool newest;
};

#define AT(field) offsetof(struct event_options, field)

static const struct client_column columns[] = {
        {"AT",     "timestamp"},
        {"ID",     "id"       },
        {"TYPE",   "type"     },
        {"DOMAIN", "domain_id"},
        {"DATA",   "data"     },
};

static bool run_list(struct cli *cli, struct err *err)
{
	const struct event_options *o = cli->options;
	struct str path = client_path(cli, "events", NULL);

	path = client_query(cli, path, "domain", o->domain);
	path = client_query(cli, path, "type", o->type);
	path = client_query(cli, path, "order", o->newest ? STR("newest") : STR_NONE);
	return client_run_list(cli, path, o->limit, columns, LEN(columns), err);
}

static const struct option list_rows[] = {
        TEXT_OPTION("domain", AT(domain), "DOMAIN", "only those of this domain"),
        TEXT_OPTION("type", AT(type), "TYPE", "only these, as domain.verified"),
        FLAG_OPTION("newest", AT(newest), "the newest first"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

const struct command cmd_event_list = {
        .name = "event list",
        .arguments = "",
        .summary = "list what has happened",
        .description = "Lists the events of the account, oldest first.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct event_options),
        .uses_server = true,
        .run = run_list,
};
