#include "cli/configured.h"

#include "base/file.h"

#include <stdlib.h>
#include <unistd.h>

static const struct option rows[] = {
        TEXT_OPTION("config", offsetof(struct cli_configured, config), "FILE",
                    "the configuration; else $SIGNET_CONFIG, "
                    "else " CLI_CONFIG_FILE " where that is there"),
};

const struct option_table cli_config_options = {rows, LEN(rows)};

struct str cli_config_file(const struct cli *cli)
{
	const struct cli_configured *o = cli->options;
	struct str named = o->config.n ? o->config : str_c(getenv("SIGNET_CONFIG"));

	if (named.n)
		return named;
	return access(CLI_CONFIG_FILE, F_OK) == 0 ? STR(CLI_CONFIG_FILE) : STR_NONE;
}

bool cli_config_sources(struct cli *cli, struct config_sources *from, struct err *err)
{
	const struct cli_configured *o = cli->options;

	*from = (struct config_sources){
	        .file = cli_config_file(cli),
	        .environment = (const char *const *)environ,
	        .flags = &o->flags,
	};
	return from->file.n == 0 || file_read(cli->a, arena_cstr(cli->a, from->file),
	                                      CONFIG_TEXT_MAX, &from->text, err);
}

bool cli_config(struct cli *cli, struct config *out, struct err *err)
{
	struct config_sources from;

	return cli_config_sources(cli, &from, err) &&
	       config_parse(cli->a, &from, out, err);
}
