/* `signet domain verify|watch|retry|rotate`: what sets a check or a key going. */
#include "cli/commands.h"

#include "base/clock.h"
#include "cli/client.h"
#include "cli/domain_text.h"

#include <string.h>
#include <unistd.h>

struct check_domain_options {
	struct cli_common common;
	int64_t interval_s, timeout_s;
};

#define AT(field) offsetof(struct check_domain_options, field)

enum { INTERVAL_S = 5, INTERVAL_MAX_S = 24 * 3600 };

static struct str domain_path(struct cli *cli, const char *what)
{
	return client_path(cli, "domains", cli->arguments.v[0].p, what, NULL);
}

static bool has_status(const json_t *domain, const char *status)
{
	const char *text = json_string_value(json_object_get(domain, "status"));

	return text && strcmp(text, status) == 0;
}

/* As `signet check`: whether all that is required is there. */
static void finish(struct cli *cli, json_t *domain)
{
	const struct cli_common *common = cli->options;

	if (common->json)
		cli_print_json(json_incref(domain));
	else
		domain_text(stdout, domain, cli_colour(stdout));
	cli->status = has_status(domain, "verified") ? 0 : 1;
}

/* A check, and what the domain is then. */
static bool check_now(struct cli *cli, const char *what, struct err *err)
{
	AUTO_JSON json_t *domain = NULL;
	struct str path = client_query(cli, domain_path(cli, what), "wait", STR("30s"));

	if (!client_call(cli, "POST", path, NULL, &domain, err))
		return false;
	finish(cli, domain);
	return true;
}

static bool run_verify(struct cli *cli, struct err *err)
{
	return check_now(cli, "verify", err);
}

static bool run_retry(struct cli *cli, struct err *err)
{
	return check_now(cli, "retry", err);
}

/* One line each time something has changed, so that a log shows the way there. */
static void report(struct cli *cli, const json_t *domain, struct str *last)
{
	struct str now = domain_progress(cli->a, domain);

	if (str_eq(now, *last))
		return;
	fprintf(stderr, "%.*s %s: %.*s\n", STR_ARG(clock_format(cli->a, clock_now())),
	        cli->arguments.v[0].p, STR_ARG(now));
	*last = now;
}

/* Whether waiting longer changes nothing, without someone doing something. */
static bool is_settled(const json_t *domain)
{
	return has_status(domain, "verified") || has_status(domain, "failed") ||
	       has_status(domain, "rejected") || has_status(domain, "suspended") ||
	       has_status(domain, "deleted");
}

static bool run_watch(struct cli *cli, struct err *err)
{
	const struct check_domain_options *o = cli->options;
	int64_t end = clock_monotonic_ms() + o->timeout_s * 1000;
	struct str last = STR_NONE;

	for (;;) {
		AUTO_JSON json_t *domain = NULL;

		if (!client_call(cli, "GET", domain_path(cli, NULL), NULL, &domain,
		                 err))
			return false;
		report(cli, domain, &last);
		if (is_settled(domain) ||
		    (o->timeout_s && clock_monotonic_ms() >= end)) {
			finish(cli, domain);
			return true;
		}
		sleep((unsigned)(o->interval_s ? o->interval_s : INTERVAL_S));
	}
}

static const struct client_column key_columns[] = {
        {"id",        "id"         },
        {"selector",  "selector"   },
        {"algorithm", "algorithm"  },
        {"bits",      "bits"       },
        {"stage",     "stage"      },
        {"record",    "record_name"},
        {"created",   "created_at" },
};

static bool run_rotate(struct cli *cli, struct err *err)
{
	AUTO_JSON json_t *key = NULL;

	struct str path = client_path(cli, "domains", cli->arguments.v[0].p, "dkim",
	                              "rotate", NULL);

	if (!client_call(cli, "POST", path, NULL, &key, err))
		return false;
	client_print(cli, key, key_columns, LEN(key_columns));
	return true;
}

static const struct option watch_rows[] = {
        NUMBER_OPTION("interval", AT(interval_s), "SECONDS", 1, INTERVAL_MAX_S,
                      "how often to look; 5 where not given"),
        NUMBER_OPTION("timeout", AT(timeout_s), "SECONDS", 1, INT32_MAX,
                      "give up after this; exit status 1"),
};

const struct command cmd_domain_verify = {
        .name = "domain verify",
        .arguments = "DOMAIN",
        .summary = "have a domain checked now",
        .description = "Has the server look up the records of a domain at once, and "
                       "shows what it has found. Once a minute for each domain. Exit "
                       "status 0 where the domain is verified, else 1.",
        .options_size = sizeof(struct check_domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_verify,
};

const struct command cmd_domain_watch = {
        .name = "domain watch",
        .arguments = "DOMAIN",
        .summary = "wait until a domain is verified",
        .description = "Shows a line each time something changes, until the domain is "
                       "verified (exit status 0), has failed or may not send for "
                       "another reason (1). The server checks by its own schedule; "
                       "`signet domain verify` makes it look at once.",
        .options = watch_rows,
        .option_count = LEN(watch_rows),
        .options_size = sizeof(struct check_domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_watch,
};

const struct command cmd_domain_retry = {
        .name = "domain retry",
        .arguments = "DOMAIN",
        .summary = "start over with a domain that has failed",
        .description = "Restarts the 72 hours in which the records of a domain are "
                       "looked for.",
        .options_size = sizeof(struct check_domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_retry,
};

const struct command cmd_domain_rotate = {
        .name = "domain rotate",
        .arguments = "DOMAIN",
        .summary = "make a new DKIM key beside the old",
        .description = "Makes a new DKIM key for a domain, with a selector of its own. "
                       "The old one signs until the new record is published; it may "
                       "be removed when `safe_to_remove` says so.",
        .options_size = sizeof(struct check_domain_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rotate,
};
