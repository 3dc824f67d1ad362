/*
 * Commands that read the configuration of the server: a row with .uses_config takes
 * --config FILE and every option of signet.conf as a flag, and its options struct begins
 * with struct cli_configured.
 *
 *	struct config c;
 *	if (!cli_config(cli, &c, err) || !config_check(&c, err))
 *		return false;
 */
#pragma once

#include "cli/command.h"
#include "config/config.h"

#define CLI_CONFIG_FILE "/etc/signet/signet.conf"

struct cli_configured {
	struct cli_common common;
	struct str config; /* --config */
	struct config_flags flags;
};

/*
 * The file to read: --config, else $SIGNET_CONFIG, else CLI_CONFIG_FILE where that is
 * there; else empty, and the configuration has defaults, environment and flags alone.
 */
struct str cli_config_file(const struct cli *cli);
/* The sources of a command's configuration; the file is read. */
NODISCARD bool cli_config_sources(struct cli *cli, struct config_sources *from,
                                  struct err *err);
/* Reads the configuration of a command with .uses_config; rules between options are left
 * to config_check(). */
NODISCARD bool cli_config(struct cli *cli, struct config *out, struct err *err);
/* --config alone, for help. */
extern const struct option_table cli_config_options;
