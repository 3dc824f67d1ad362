#include "cli/help.h"

#include "cli/commands.h"

#include <string.h>

enum { WIDTH = 80 };

void help_wrapped(FILE *out, struct str text, const char *indent)
{
	const size_t width = WIDTH - str_c(indent).n;
	struct str word;
	size_t column = 0;

	while (str_cut(&text, ' ', &word)) {
		if (column && column + 1 + word.n > width) {
			fputc('\n', out);
			column = 0;
		}
		fputs(column ? " " : indent, out);
		fprintf(out, "%.*s", STR_ARG(word));
		column += word.n + (column ? 1 : 0);
	}
	fputc('\n', out);
}

/* Whether the first word of the command's name is `first`; any where that is NULL. */
static bool begins_with(const struct command *c, const char *first)
{
	struct str rest = str_c(c->name);
	struct str word;

	str_cut(&rest, ' ', &word);
	return !first || str_eq(word, str_c(first));
}

/* Columns of the longest name that is listed. */
static int name_width(const char *first)
{
	size_t width = 0;

	for (size_t i = 0; commands[i]; i++)
		if (begins_with(commands[i], first) &&
		    str_c(commands[i]->name).n > width)
			width = str_c(commands[i]->name).n;
	return (int)width;
}

bool help_overview(const char *first, FILE *out)
{
	size_t i = 0;
	int width;

	while (commands[i] && !begins_with(commands[i], first))
		i++;
	if (!commands[i])
		return false;
	fprintf(out, "usage: signet %s%sCOMMAND [OPTIONS] [ARGUMENTS]\n\n",
	        first ? first : "", first ? " " : "");
	width = name_width(first);
	for (; commands[i]; i++)
		if (begins_with(commands[i], first))
			fprintf(out, "  %-*s  %s\n", width, commands[i]->name,
			        commands[i]->summary);
	fputs("\n`signet COMMAND --help` says more; the manual page is signet(1).\n",
	      out);
	return true;
}

static void print_option(FILE *out, const struct option *o)
{
	fprintf(out, "  --%s%s%s\n", o->name, o->metavar ? " " : "",
	        o->metavar ? o->metavar : "");
	help_wrapped(out, str_c(o->help), "        ");
}

void help_command(const struct command *c, const struct option_table *tables,
                  size_t table_count, FILE *out)
{
	struct str text = str_c(c->description);

	fprintf(out, "usage: signet %s [OPTIONS]%s%s\n\n", c->name,
	        c->arguments[0] ? " " : "", c->arguments);
	while (text.p) {
		ptrdiff_t end = str_find(text, STR("\n\n"));
		struct str paragraph = end < 0 ? text : str_slice(text, 0, (size_t)end);

		help_wrapped(out, paragraph, "");
		fputc('\n', out);
		text = end < 0 ? STR_NONE : str_from(text, (size_t)end + 2);
	}
	fputs("options:\n", out);
	for (size_t t = 0; t < table_count; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			print_option(out, &tables[t].rows[i]);
	if (c->uses_config)
		help_wrapped(out,
		             STR("every option of signet.conf(5), as --api-listen "
		                 "ADDR:PORT for api.listen; `signet config doc` lists "
		                 "them"),
		             "  ");
}

bool help_unknown_command(int argc, char **argv, struct err *err)
{
	bool group = false;
	char near[256] = "";
	size_t n = 0;

	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		if (argv[0][0] == '\0' ||
		    strncmp(c->name, argv[0], strlen(argv[0])) != 0)
			continue;
		group |= begins_with(c, argv[0]);
		n += (size_t)snprintf(near + n, sizeof(near) - n, "%s%s", n ? ", " : "",
		                      c->name);
		if (n >= sizeof(near))
			break;
	}
	if (group && argc < 2)
		return err_set(err, ERR_USAGE, "%s: half a command, there are %s",
		               argv[0], near);
	if (n)
		return err_set(err, ERR_USAGE,
		               "%s%s%s: unknown command, did you mean %s?", argv[0],
		               group ? " " : "", group ? argv[1] : "", near);
	return err_set(err, ERR_USAGE, "%s: unknown command, see signet --help",
	               argv[0]);
}
