/* `signet tracking events`, `statistics`, `unsubscribe list|rm`: what happened to tracked
 * links. */
#include "cli/commands.h"

#include "cli/client.h"

struct track_options {
	struct cli_common common;
	struct str domain, message, type, verdict, from, to;
	int64_t limit;
	bool newest;
};

#define AT(field) offsetof(struct track_options, field)

static const struct client_column event_columns[] = {
        {"AT",      "timestamp"},
        {"ID",      "id"       },
        {"TYPE",    "type"     },
        {"VERDICT", "verdict"  },
        {"REASONS", "reasons"  },
        {"HOST",    "host"     },
        {"MESSAGE", "message"  },
        {"URL",     "url"      },
};

static bool run_events(struct cli *cli, struct err *err)
{
	const struct track_options *o = cli->options;
	struct str path = client_path(cli, "tracking-events", NULL);

	path = client_query(cli, path, "domain", o->domain);
	path = client_query(cli, path, "message", o->message);
	path = client_query(cli, path, "type", o->type);
	path = client_query(cli, path, "verdict", o->verdict);
	path = client_query(cli, path, "order", o->newest ? STR("newest") : STR_NONE);
	return client_run_list(cli, path, o->limit, event_columns, LEN(event_columns),
	                       err);
}

static const struct client_column statistics_columns[] = {
        {"DOMAIN",             "domain"                           },
        {"OPENED",             "total.open.person.messages"       },
        {"OPENS",              "total.open.person.events"         },
        {"OPENS BY MACHINES",  "total.open.machine.events"        },
        {"OPENS OF UNKNOWN",   "total.open.undetermined.events"   },
        {"CLICKED",            "total.click.person.messages"      },
        {"CLICKS",             "total.click.person.events"        },
        {"CLICKS BY MACHINES", "total.click.machine.events"       },
        {"CLICKS OF UNKNOWN",  "total.click.undetermined.events"  },
        {"UNSUBSCRIBED",       "total.unsubscribe.person.messages"},
};

static bool run_statistics(struct cli *cli, struct err *err)
{
	const struct track_options *o = cli->options;
	AUTO_JSON json_t *got = NULL;
	bool is_one = cli->arguments.n > 0;
	struct str path = is_one ? client_path(cli, "domains", cli->arguments.v[0].p,
	                                       "statistics", NULL)
	                         : client_path(cli, "statistics", NULL);

	path = client_query(cli, path, "from", o->from);
	path = client_query(cli, path, "to", o->to);
	if (!is_one)
		return client_run_list(cli, path, CLIENT_LIMIT_MAX, statistics_columns,
		                       LEN(statistics_columns), err);
	if (!client_call(cli, "GET", path, NULL, &got, err))
		return false;
	client_print(cli, got, statistics_columns, LEN(statistics_columns));
	return true;
}

static const struct client_column unsubscribe_columns[] = {
        {"ID",      "id"        },
        {"ADDRESS", "address"   },
        {"DOMAIN",  "domain_id" },
        {"AT",      "created_at"},
};

static bool run_unsubscribes(struct cli *cli, struct err *err)
{
	const struct track_options *o = cli->options;
	struct str path = client_path(cli, "unsubscribes", NULL);

	path = client_query(cli, path, "domain", o->domain);
	return client_run_list(cli, path, o->limit, unsubscribe_columns,
	                       LEN(unsubscribe_columns), err);
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(
	        cli, client_path(cli, "unsubscribes", cli->arguments.v[0].p, NULL),
	        err);
}

#define DOMAIN_ROW                                                                     \
	TEXT_OPTION("domain", AT(domain), "DOMAIN", "only those of this domain")

static const struct option event_rows[] = {
        DOMAIN_ROW,
        TEXT_OPTION("message", AT(message), "N", "only those of this message"),
        TEXT_OPTION("type", AT(type), "TYPE", "only these: click, open, unsubscribe"),
        TEXT_OPTION("verdict", AT(verdict), "VERDICT",
                    "only these: person, machine, undetermined"),
        FLAG_OPTION("newest", AT(newest), "the newest first"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

static const struct option statistics_rows[] = {
        TEXT_OPTION("from", AT(from), "DAY", "the first day, as 2026-11-01"),
        TEXT_OPTION("to", AT(to), "DAY", "the last day; today where not given"),
};

static const struct option unsubscribe_rows[] = {
        DOMAIN_ROW,
        CLIENT_LIMIT_ROW(AT(limit)),
};

const struct command cmd_tracking_events = {
        .name = "tracking events",
        .arguments = "",
        .summary = "list clicks, opens and unsubscriptions",
        .description =
                "Lists what happened to the tracked links of the account, oldest "
                "first. Nothing is left out: each says whether a person or a machine "
                "seems to have done it, and why.",
        .options = event_rows,
        .option_count = LEN(event_rows),
        .options_size = sizeof(struct track_options),
        .uses_server = true,
        .run = run_events,
};

const struct command cmd_statistics = {
        .name = "statistics",
        .arguments = "[DOMAIN]",
        .summary = "count opens, clicks and unsubscriptions",
        .description =
                "What happened to the tracked links of a domain, or of each domain of "
                "the account, in the last 30 days or the days that are named: how many "
                "messages were opened and clicked by people, how often, and what "
                "machines did. --json has each day.",
        .options = statistics_rows,
        .option_count = LEN(statistics_rows),
        .options_size = sizeof(struct track_options),
        .uses_server = true,
        .arguments_max = 1,
        .run = run_statistics,
};

const struct command cmd_unsubscribe_list = {
        .name = "unsubscribe list",
        .arguments = "",
        .summary = "list who unsubscribed",
        .description = "Lists the addresses that get no more mail of a domain since "
                       "they unsubscribed.",
        .options = unsubscribe_rows,
        .option_count = LEN(unsubscribe_rows),
        .options_size = sizeof(struct track_options),
        .uses_server = true,
        .run = run_unsubscribes,
};

const struct command cmd_unsubscribe_rm = {
        .name = "unsubscribe rm",
        .arguments = "ID",
        .summary = "take an unsubscription back",
        .description =
                "Takes an unsubscription back, by its id (uns_3), for an address "
                "whose owner asks for mail again.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};
