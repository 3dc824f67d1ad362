/* `signet`: finds the command's row, parses its options, runs it, sets the status. */
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/configured.h"
#include "cli/help.h"

#include "acme/hook.h"
#include "base/clock.h"
#include "resolve/resolver.h"

#include <signal.h>
#include <string.h>

/* Exit statuses of the errors (CLI.md, "Common rules"). */
static const int exit_status[] = {
        [ERR_USAGE] = 64,
        [ERR_INPUT] = 65,
        [ERR_UNAVAILABLE] = 69,
        [ERR_INTERNAL] = 70,
};

/* How many words of argv the command's name takes, 0 where it is another command. */
static int match_name(const struct command *c, int argc, char **argv)
{
	struct str rest = str_c(c->name);
	struct str word;
	int i = 0;

	while (str_cut(&rest, ' ', &word)) {
		if (i == argc || !str_eq(word, str_c(argv[i])))
			return 0;
		i++;
	}
	return i;
}

static const struct command *find_among(const struct command *const *list, int argc,
                                        char **argv, int *words)
{
	for (size_t i = 0; list[i]; i++) {
		*words = match_name(list[i], argc, argv);
		if (*words)
			return list[i];
	}
	return NULL;
}

static const struct command *find_command(int argc, char **argv, int *words)
{
	const struct command *c = find_among(commands, argc, argv, words);

	return c ? c : find_among(hidden_commands, argc, argv, words);
}

static bool check_argument_count(const struct command *c, size_t n, struct err *err)
{
	if (n < c->arguments_min)
		return err_set(err, ERR_USAGE, "missing argument: signet %s %s",
		               c->name, c->arguments);
	if (n > c->arguments_max)
		return err_set(err, ERR_USAGE,
		               c->arguments_max ? "too many arguments: signet %s %s"
		                                : "takes no arguments: signet %s%s",
		               c->name, c->arguments);
	return true;
}

static bool parse(struct cli *cli, const struct command *c, int argc, char **argv,
                  struct err *err)
{
	const struct option_table flags =
	        config_flag_table(cli->a, offsetof(struct cli_configured, flags));
	const struct option_table tables[] = {
	        {c->options,              c->option_count                          },
	        {cli_common_options.rows, cli_common_options.n                     },
	        {cli_dns_options.rows,    c->uses_dns ? cli_dns_options.n : 0      },
	        {cli_server_options.rows, c->uses_server ? cli_server_options.n : 0},
	        {cli_config_options.rows, c->uses_config ? cli_config_options.n : 0},
	        {flags.rows,              c->uses_config ? flags.n : 0             },
	};
	struct cli_common *common = arena_alloc(cli->a, c->options_size);

	need(c->options_size >=
	     (c->uses_config ? sizeof(struct cli_configured) : sizeof(*common)));
	cli->options = common;
	common->now_s = -1;
	if (!option_parse(cli->a, tables, LEN(tables), common, argc,
	                  (const char *const *)argv, &cli->arguments, err))
		return false;
	if (common->help) {
		/* Without the flags of the configuration, which have a page. */
		help_command(c, tables, LEN(tables) - 1, stdout);
		return true;
	}
	if (common->now_s >= 0)
		clock_set(common->now_s * 1000);
	cli->now = clock_now();
	return check_argument_count(c, cli->arguments.n, err);
}

/* -h among the words of a command means --help, as everywhere. */
static bool has_short_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static bool run_command(struct cli *cli, const struct command *c, int argc, char **argv,
                        struct err *err)
{
	static char help[] = "--help";
	char *only_help[] = {help};
	const struct cli_common *common;

	if (has_short_help(argc, argv)) {
		argc = 1;
		argv = only_help;
	}
	if (!parse(cli, c, argc, argv, err))
		return err_add(err, "%s", c->name);
	common = cli->options;
	if (common->help)
		return true;
	if (!c->run(cli, err))
		return err_add(err, "%s", c->name);
	return true;
}

static bool is_word(const char *arg, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(arg, *words) == 0)
			return true;
	return false;
}

/* What stands before any command: --help, --version, the first word of several commands,
 * or nothing at all. */
static bool run_no_command(int argc, char **argv, struct err *err)
{
	static const char *const help[] = {"--help", "-h", "help", NULL};
	static const char *const version[] = {"--version", "-V", "version", NULL};

	if (argc == 0)
		return err_set(err, ERR_USAGE,
		               "no command given: `signet --help` lists them");
	if (is_word(argv[0], help) && argc == 1) {
		help_overview(NULL, stdout);
		return true;
	}
	if (argc > 1 && is_word(argv[1], help) && help_overview(argv[0], stdout))
		return true;
	if (is_word(argv[0], version)) {
		puts("signet " SIGNET_VERSION);
		return true;
	}
	return help_unknown_command(argc, argv, err);
}

static bool run(struct cli *cli, int argc, char **argv, struct err *err)
{
	static char help[] = "--help";
	char *only_help[] = {help};
	int words = 0;
	const struct command *c = find_command(argc, argv, &words);

	if (c)
		return run_command(cli, c, argc - words, argv + words, err);
	if (argc > 1 && strcmp(argv[0], "help") == 0) {
		c = find_command(argc - 1, argv + 1, &words);
		if (c)
			return run_command(cli, c, 1, only_help, err);
		if (help_overview(argv[1], stdout))
			return true;
		return help_unknown_command(argc - 1, argv + 1, err);
	}
	return run_no_command(argc, argv, err);
}

int main(int argc, char **argv)
{
	AUTO(arena) a = {0};
	struct cli cli = {.a = &a};
	struct err err = {0};
	bool ok;

	if (argc > 0 && acme_is_hook(argv[0]))
		return acme_hook_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	ok = run(&cli, argc > 0 ? argc - 1 : 0, argv + 1, &err);
	resolver_free(cli.resolver);
	if (ok && (fflush(stdout) != 0 || ferror(stdout)))
		ok = err_set(&err, ERR_UNAVAILABLE,
		             "standard output: cannot be written");
	if (!ok)
		fprintf(stderr, "signet: %s\n", err.text);
	return ok ? cli.status : exit_status[err.kind];
}
