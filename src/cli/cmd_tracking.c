/* `signet tracking add|list|show|verify|rm`: hosts of tracked links under the customers'
 * own names. */
#include "cli/commands.h"

#include "cli/client.h"
#include "cli/tracking_text.h"

#include <string.h>

struct tracking_options {
	struct cli_common common;
	struct str domain, mode, region, environment;
	bool http_allowed;
	int64_t limit;
};

#define AT(field) offsetof(struct tracking_options, field)

static const struct client_column columns[] = {
        {"NAME",   "name"       },
        {"ID",     "id"         },
        {"STATUS", "status"     },
        {"HTTP",   "http"       },
        {"HTTPS",  "https"      },
        {"LINKS",  "link.scheme"},
        {"MODE",   "mode"       },
        {"DOMAIN", "domain"     },
};

static struct str tracking_path(struct cli *cli, const char *what)
{
	return client_path(cli, "tracking-domains", cli->arguments.v[0].p, what, NULL);
}

static void print_tracking(struct cli *cli, json_t *tracking)
{
	const struct cli_common *common = cli->options;

	if (common->json)
		cli_print_json(json_incref(tracking));
	else
		tracking_text(stdout, tracking, cli_colour(stdout));
}

static void set_text(json_t *body, const char *name, struct str value)
{
	if (value.n)
		json_object_set_new(body, name, json_text(value));
}

static bool run_add(struct cli *cli, struct err *err)
{
	const struct tracking_options *o = cli->options;
	AUTO_JSON json_t *body = NULL, *tracking = NULL;

	if (o->domain.n == 0)
		return err_set(err, ERR_USAGE,
		               "--domain is needed: the sending domain it belongs to");
	body = json_pack("{s:o, s:o}", "name", json_text(cli->arguments.v[0]), "domain",
	                 json_text(o->domain));
	set_text(body, "mode", o->mode);
	set_text(body, "region", o->region);
	set_text(body, "environment", o->environment);
	if (o->http_allowed)
		json_object_set_new(body, "http_allowed", json_true());
	if (!client_call(cli, "POST", client_path(cli, "tracking-domains", NULL),
	                 json_incref(body), &tracking, err))
		return false;
	print_tracking(cli, tracking);
	return true;
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct tracking_options *o = cli->options;
	struct str path = client_query(cli, client_path(cli, "tracking-domains", NULL),
	                               "domain", o->domain);

	return client_run_list(cli, path, o->limit, columns, LEN(columns), err);
}

static bool run_show(struct cli *cli, struct err *err)
{
	AUTO_JSON json_t *tracking = NULL;

	if (!client_call(cli, "GET", tracking_path(cli, NULL), NULL, &tracking, err))
		return false;
	print_tracking(cli, tracking);
	return true;
}

static bool run_verify(struct cli *cli, struct err *err)
{
	AUTO_JSON json_t *tracking = NULL;
	struct str path =
	        client_query(cli, tracking_path(cli, "verify"), "wait", STR("30s"));
	const char *status;

	if (!client_call(cli, "POST", path, NULL, &tracking, err))
		return false;
	print_tracking(cli, tracking);
	status = json_string_value(json_object_get(tracking, "status"));
	cli->status = status && strcmp(status, "verified") == 0 ? 0 : 1;
	return true;
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(cli, tracking_path(cli, NULL), err);
}

static const struct option add_rows[] = {
        TEXT_OPTION("domain", AT(domain), "DOMAIN", "the sending domain it belongs to"),
        TEXT_OPTION("mode", AT(mode), "MODE",
                    "managed: its CNAME leads here; own_cdn: through a CDN of yours"),
        TEXT_OPTION("region", AT(region), "REGION", "where it is served"),
        TEXT_OPTION("environment", AT(environment), "NAME",
                    "production, staging or test"),
        FLAG_OPTION("http-allowed", AT(http_allowed),
                    "let links begin with http: where HTTPS does not work"),
};

static const struct option list_rows[] = {
        TEXT_OPTION("domain", AT(domain), "DOMAIN", "only those of this domain"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

const struct command cmd_tracking_add = {
        .name = "tracking add",
        .arguments = "NAME",
        .summary = "add a host of tracked links",
        .description = "Adds a name under which links are tracked, as "
                       "track.acme.example, for a sending domain. It must serve "
                       "nothing else. Prints the record to publish. It waits until "
                       "the sending domain is verified.",
        .options = add_rows,
        .option_count = LEN(add_rows),
        .options_size = sizeof(struct tracking_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_add,
};

const struct command cmd_tracking_list = {
        .name = "tracking list",
        .arguments = "",
        .summary = "list the hosts of tracked links",
        .description = "Lists the tracking hosts of the account with their lights: "
                       "whether links open by HTTP and by HTTPS.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct tracking_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_tracking_show = {
        .name = "tracking show",
        .arguments = "NAME|ID",
        .summary = "show a host of tracked links, and what is wrong with it",
        .description = "Shows the record to publish, what the last look saw, how new "
                       "links begin, and what to do.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_show,
};

const struct command cmd_tracking_verify = {
        .name = "tracking verify",
        .arguments = "NAME|ID",
        .summary = "look at a host of tracked links now",
        .description = "Looks its record up, probes it by HTTP and HTTPS, and shows "
                       "it. The exit status is 0 where its record is right, else 1.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_verify,
};

const struct command cmd_tracking_rm = {
        .name = "tracking rm",
        .arguments = "NAME|ID",
        .summary = "retire a host of tracked links",
        .description = "Makes no new links with it. Old links go on for as long as its "
                       "record leads here.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};
