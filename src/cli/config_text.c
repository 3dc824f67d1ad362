#include "cli/config_text.h"

#include "cli/help.h"
#include "cli/manual.h"
#include "config/config.h"

/* The part of a name in front of its dot: options of one stand together. */
static struct str group_of(size_t i)
{
	struct str rest = str_c(config_rows[i].name);
	struct str group;

	str_cut(&rest, '.', &group);
	return group;
}

/* "from 1 to 64", or nothing for what has no range. */
static struct str range_text(struct arena *a, const struct config_row *row)
{
	struct config *c = ARENA_NEW(a, struct config);
	enum config_id id = (enum config_id)(row - config_rows);
	int64_t *field = (int64_t *)(void *)((char *)c + row->offset);
	struct str least, most;

	if (row->kind != CONFIG_NUMBER && row->kind != CONFIG_DURATION &&
	    row->kind != CONFIG_SIZE)
		return STR_NONE;
	*field = row->min;
	least = arena_dup(a, config_value(a, c, id));
	*field = row->max;
	most = config_value(a, c, id);
	return arena_printf(a, "from %.*s to %.*s", STR_ARG(least), STR_ARG(most));
}

static void put_example(struct arena *a, FILE *out, size_t i)
{
	const struct config_row *row = &config_rows[i];
	struct str range = range_text(a, row);
	struct str text = arena_printf(
	        a, "%s%s%.*s%s%s", row->help, range.n ? "; " : "", STR_ARG(range),
	        config_is_list(row->kind) ? "; a list" : "",
	        row->roles & CONFIG_ONCE ? "; a change needs a restart" : "");

	if (i && !str_eq(group_of(i), group_of(i - 1)))
		fputc('\n', out);
	fputc('\n', out);
	help_wrapped(out, text, "# ");
	if (row->fallback[0])
		fprintf(out, "#%s = %s\n", row->name, row->fallback);
	else
		fprintf(out, "#%s =\t# %s\n", row->name, row->metavar);
}

void config_example(FILE *out)
{
	AUTO(arena) a = {0};

	fputs("# The configuration of Signet, /etc/signet/signet.conf; see "
	      "signet.conf(5).\n"
	      "#\n"
	      "# NAME = VALUE, and a # begins a comment. What is commented out here "
	      "has "
	      "the\n# value that is shown. `signet config check` reads the file, "
	      "`signet config show`\n# prints what holds, `signet doctor` checks it "
	      "against the world.\n",
	      out);
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++)
		put_example(&a, out, i);
}

static void put_option(struct arena *a, FILE *out, const struct config_row *row)
{
	struct str range = range_text(a, row);

	fputs(".TP\n.B ", out);
	manual_roff(out, str_c(row->name));
	fputs(" = \\fI", out);
	manual_roff(out, str_c(row->metavar));
	fputs("\\fR", out);
	fputs(config_is_list(row->kind) ? " \\&...\n" : "\n", out);
	manual_roff(out, str_c(row->help));
	if (range.n)
		fprintf(out, "; %.*s", STR_ARG(range));
	fputs(".", out);
	if (row->roles & CONFIG_ONCE)
		fputs(" A change needs a restart.", out);
	if (row->fallback[0]) {
		fputs(" Default: ", out);
		manual_roff(out, str_c(row->fallback));
		fputs(".", out);
	}
	fputc('\n', out);
}

void config_manual(FILE *out)
{
	AUTO(arena) a = {0};

	fputs(".\\\" Made from the table of options by `make docs`.\n"
	      ".TH SIGNET.CONF 5 \"\" \"Signet\" \"File formats\"\n"
	      ".SH NAME\nsignet.conf \\- configuration of the Signet server\n"
	      ".SH DESCRIPTION\n"
	      "A line is\n.IR NAME \" = \" VALUE .\n"
	      "A # at the start of a line or after a blank begins a comment. A list is "
	      "written with blanks between its entries, or by repeating the name. An "
	      "empty value is the same as none, where none is allowed.\n"
	      ".PP\nEach option is an environment variable and a flag of\n"
	      ".B signet serve\nas well:\n.B api.listen\nis\n.B "
	      "SIGNET_API_LISTEN\nand\n"
	      ".BR \\-\\-api\\-listen .\n"
	      "A flag wins over the environment, that over the file, that over the "
	      "default; a list is replaced as a whole.\n"
	      ".PP\nA\n.I DURATION\nis a number with its unit: 30d, 72h, 10m, 5s, "
	      "100ms. A\n.I SIZE\nis in bytes, or with K, M or G.\n"
	      ".PP\n.B signet config check\nreads the file and says what is wrong, "
	      "with "
	      "its line;\n.B signet config show\nprints the values that hold and where "
	      "each comes from;\n.B signet doctor\nchecks them against the machine and "
	      "the DNS.\n.SH OPTIONS\n",
	      out);
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++)
		put_option(&a, out, &config_rows[i]);
	fputs(".SH ENVIRONMENT\n.TP\n.B SIGNET_CONFIG\nThe file to read instead of "
	      "/etc/signet/signet.conf, where no\n.B \\-\\-config\nis given.\n"
	      ".SH FILES\n.I /etc/signet/signet.conf\n.SH SEE ALSO\n"
	      ".BR signet (1)\n",
	      out);
}
