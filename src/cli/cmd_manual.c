/* `signet manual`: the documents that are made from the tables. */
#include "cli/commands.h"

#include "api/api.h"
#include "cli/common.h"
#include "cli/config_text.h"
#include "cli/manual.h"

static bool run(struct cli *cli, struct err *err)
{
	struct str what = cli->arguments.n ? cli->arguments.v[0] : STR("page");

	if (str_eq(what, STR("page"))) {
		manual_page(stdout, &cli_common_options, &cli_dns_options,
		            &cli_server_options);
		return true;
	}
	if (str_eq(what, STR("diagnoses"))) {
		manual_diagnoses(stdout);
		return true;
	}
	if (str_eq(what, STR("metrics"))) {
		manual_metrics(stdout);
		return true;
	}
	if (str_eq(what, STR("config"))) {
		config_manual(stdout);
		return true;
	}
	if (str_eq(what, STR("example"))) {
		config_example(stdout);
		return true;
	}
	if (str_eq(what, STR("api"))) {
		struct str text = api_manual(cli->a);

		return fwrite(text.p, 1, text.n, stdout) == text.n ||
		       err_set(err, ERR_INTERNAL, "standard output: cannot write");
	}
	return err_set(err, ERR_USAGE,
	               "\"%.*s\" is none of page, config, example, diagnoses, "
	               "metrics, api",
	               STR_ARG(what));
}

const struct command cmd_manual = {
        .name = "manual",
        .arguments = "[page|config|example|diagnoses|metrics|api]",
        .summary = "print a manual page or the reference of diagnoses",
        .description = "Prints what the tables of the program say of it: signet(1) as "
                       "roff (try `signet manual | man -l -`), signet.conf(5), an "
                       "example of that file, every diagnosis code with its "
                       "meaning, every number for Prometheus, or the reference of the "
                       "API, as Markdown.",
        .options_size = sizeof(struct cli_common),
        .arguments_max = 1,
        .run = run,
};
