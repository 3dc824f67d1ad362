/* `signet serve`: the server. */
#include "cli/commands.h"

#include "base/log.h"
#include "cli/configured.h"
#include "parent/parent.h"

#include <stdlib.h>

struct serving {
	struct cli *cli;
	bool is_started;
	struct config started; /* as it was read at the start */
};

static void tell_restart(const struct config *fresh, enum config_id id)
{
	log_warning("config.needs_restart", LOG_CSTR("option", config_rows[id].name),
	            LOG_STR("read_from", fresh->origin[id]));
}

/* Of a reload too: what was read before stays in its own arena. */
static bool configure(void *arg, struct arena *a, struct config *out, struct err *err)
{
	struct serving *s = arg;
	struct cli cli = *s->cli;
	enum config_id changed[CONFIG_OPTION_COUNT];
	struct config fresh;
	size_t n;

	cli.a = a;
	if (!cli_config(&cli, out, err) || !config_check(out, err))
		return false;
	if (!s->is_started) {
		s->is_started = true;
		s->started = *out;
		return true;
	}
	fresh = *out;
	n = config_keep_started(&s->started, out, changed);
	for (size_t i = 0; i < n; i++)
		tell_restart(&fresh, changed[i]);
	return true;
}

static bool run(struct cli *cli, struct err *err)
{
	static struct serving serving;
	const struct parent_setup setup = {configure, &serving};

	serving.cli = cli;
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
                "of options that need a restart (signet.conf(5) says which) the log "
                "tells where they have changed. The log is on standard error.\n\n"
                "The server is several processes of this program, each with its own "
                "rights: core (API, database), keys (private keys, no network), edge "
                "and "
                "gate (where they listen). One that ends is started again.",
        .options_size = sizeof(struct cli_configured),
        .uses_config = true,
        .run = run,
};
