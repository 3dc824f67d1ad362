/* `signet serve`: the server. */
#include "cli/commands.h"

#include "cli/configured.h"
#include "parent/parent.h"

#include <stdlib.h>

/* Of a reload too: what was read before stays in its own arena. */
static bool configure(void *arg, struct arena *a, struct config *out, struct err *err)
{
	struct cli cli = *(const struct cli *)arg;

	cli.a = a;
	return cli_config(&cli, out, err) && config_check(out, err);
}

static bool run(struct cli *cli, struct err *err)
{
	const struct parent_setup setup = {configure, cli};

	return parent_run(&setup, err);
}

const struct command cmd_serve = {
        .name = "serve",
        .arguments = "",
        .summary = "run the server",
        .description =
                "Runs the API and all that belongs to it, in the foreground, until it "
                "gets SIGTERM or SIGINT: then it finishes what is under way and ends; "
                "a "
                "second one ends it at once. SIGHUP reads the configuration again; "
                "addresses and users need a restart. The log is on standard error.\n\n"
                "The server is several processes of this program, each with its own "
                "rights: core (API, database), keys (private keys, no network), edge "
                "and "
                "gate (where they listen). One that ends is started again.",
        .options_size = sizeof(struct cli_configured),
        .uses_config = true,
        .run = run,
};
