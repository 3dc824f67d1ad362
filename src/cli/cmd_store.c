/* `signet store backup`: a copy of the server's database while the server runs. */
#include "cli/commands.h"

#include "base/json.h"
#include "cli/configured.h"
#include "store/store.h"

#include <sys/stat.h>

/* The database of the configuration. */
static bool find_store(struct cli *cli, struct str *path, struct err *err)
{
	struct config c;
	struct stat found;

	if (!cli_config(cli, &c, err))
		return false;
	*path = config_store_path(cli->a, &c);
	if (stat(path->p, &found) != 0)
		return err_set(err, ERR_UNAVAILABLE,
		               "%.*s: there is no store (data_dir from %.*s)",
		               STR_ARG(*path), STR_ARG(c.origin[CONFIG_ID_data_dir]));
	return true;
}

static bool run_backup(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	const char *to = arena_cstr(cli->a, cli->arguments.v[0]);
	struct str from;
	struct stat made;

	if (!find_store(cli, &from, err))
		return false;
	if (!store_backup(from.p, to, err))
		return false;
	if (stat(to, &made) != 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: not there", to);
	if (common->json)
		cli_print_json(json_pack("{s:o, s:s, s:I}", "store", json_text(from),
		                         "backup", to, "bytes",
		                         (json_int_t)made.st_size));
	else
		printf("%.*s: copied to %s, %lld bytes\n", STR_ARG(from), to,
		       (long long)made.st_size);
	return true;
}

const struct command cmd_store_backup = {
        .name = "store backup",
        .arguments = "FILE",
        .summary = "copy the server's database while it runs",
        .description =
                "Writes all that was committed when it began into a new file, which "
                "appears whole or not at all and never replaces another. The server "
                "goes "
                "on meanwhile. Keys are not in the database: copy keys/ of data_dir, "
                "and "
                "keep the master key elsewhere.",
        .options_size = sizeof(struct cli_configured),
        .uses_config = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_backup,
};
