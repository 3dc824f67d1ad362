/* `signet config check|show|doc`: the configuration, before a server reads it. */
#include "cli/commands.h"

#include "base/json.h"
#include "cli/config_text.h"
#include "cli/configured.h"

/* A line for each; main() prints the last. Of several kinds the file's decides. */
static bool tell_mistakes(const struct config_mistakes *mistakes, struct err *err)
{
	const struct err *last = &mistakes->v[mistakes->n - 1];
	enum err_kind kind = last->kind;

	for (size_t i = 0; i + 1 < mistakes->n; i++) {
		fprintf(stderr, "signet: config check: %s\n", mistakes->v[i].text);
		if (mistakes->v[i].kind == ERR_INPUT)
			kind = ERR_INPUT;
	}
	return err_set(err, kind, "%s", last->text);
}

static bool run_check(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	struct str file = cli_config_file(cli);
	struct config_mistakes mistakes;
	struct config_sources from;
	struct config c;

	if (!cli_config_sources(cli, &from, err))
		return false;
	if (!config_check_all(cli->a, &from, &c, &mistakes))
		return tell_mistakes(&mistakes, err);
	if (common->json) {
		json_t *o = json_object();

		json_object_set_new(o, "ok", json_true());
		json_object_set_new(o, "file", json_text_or_null(file));
		cli_print_json(o);
	} else if (file.n) {
		printf("%.*s: ok\n", STR_ARG(file));
	} else {
		puts("no file, the defaults hold: ok");
	}
	return true;
}

/* A number as number, a list as array, "not set" as null; a duration and a size as they
 * are written. */
static json_t *value_json(struct arena *a, const struct config *c, enum config_id id)
{
	const struct config_row *row = &config_rows[id];
	const void *field = (const char *)c + row->offset;
	json_t *list;

	if (row->kind == CONFIG_NUMBER)
		return json_integer(*(const int64_t *)field);
	if (row->kind == CONFIG_BOOL)
		return json_boolean(*(const bool *)field);
	if (!config_is_list(row->kind))
		return json_text_or_null(config_value(a, c, id));
	list = json_array();
	for (size_t i = 0; i < ((const struct str_list *)field)->n; i++)
		json_array_append_new(
		        list, json_text(((const struct str_list *)field)->v[i]));
	return list;
}

static void show_json(struct cli *cli, const struct config *c)
{
	json_t *o = json_object();
	json_t *options = json_object();

	json_object_set_new(o, "file", json_text_or_null(cli_config_file(cli)));
	json_object_set_new(o, "options", options);
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		json_t *option = json_object();

		json_object_set_new(options, config_rows[i].name, option);
		json_object_set_new(option, "value",
		                    value_json(cli->a, c, (enum config_id)i));
		json_object_set_new(option, "from", json_text(c->origin[i]));
	}
	cli_print_json(o);
}

/* As a file that says the same, with where each value comes from as its comment. */
static void show_text(struct cli *cli, const struct config *c)
{
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		struct str value = config_value(cli->a, c, (enum config_id)i);

		printf("%s =%s%.*s  # %.*s\n", config_rows[i].name, value.n ? " " : "",
		       STR_ARG(value), STR_ARG(c->origin[i]));
	}
}

static bool run_show(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	struct config c;

	if (!cli_config(cli, &c, err))
		return false;
	if (common->json)
		show_json(cli, &c);
	else
		show_text(cli, &c);
	return true;
}

static bool run_doc(struct cli *cli, struct err *err)
{
	(void)cli;
	(void)err;
	config_example(stdout);
	return true;
}

const struct command cmd_config_check = {
        .name = "config check",
        .arguments = "",
        .summary = "say whether the configuration can be used",
        .description = "Reads the configuration as `signet serve` does and checks each "
                       "value, and where all can be read the rules between them. Every "
                       "mistake is said with its place, a line each, and the exit "
                       "status is 65, or 64 where only flags or variables are wrong.",
        .options_size = sizeof(struct cli_configured),
        .uses_config = true,
        .run = run_check,
};

const struct command cmd_config_show = {
        .name = "config show",
        .arguments = "",
        .summary = "print the values that hold and where each comes from",
        .description = "Prints every option with the value that `signet serve` would "
                       "use, and whether that comes from the default, the file and its "
                       "line, a variable or a flag. The text can be read as a "
                       "configuration file again.",
        .options_size = sizeof(struct cli_configured),
        .uses_config = true,
        .run = run_show,
};

const struct command cmd_config_doc = {
        .name = "config doc",
        .arguments = "",
        .summary = "print a configuration file with every option explained",
        .description = "Prints an example of signet.conf: every option with its "
                       "meaning and its default, commented out.",
        .options_size = sizeof(struct cli_common),
        .run = run_doc,
};
