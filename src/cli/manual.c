#include "cli/manual.h"

#include "api/metrics.h"
#include "cli/commands.h"
#include "cli/configured.h"
#include "diagnose/rule.h"
#include "ipc/edge_stats.h"
#include "life/link_status.h"

void manual_roff(FILE *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			fputs("\\e", out);
		else if (text.p[i] == '-')
			fputs("\\-", out);
		else if ((text.p[i] == '.' || text.p[i] == '\'') &&
		         (i == 0 || text.p[i - 1] == '\n'))
			fprintf(out, "\\&%c", text.p[i]);
		else
			fputc(text.p[i], out);
	}
}

static void put_paragraphs(FILE *out, struct str text)
{
	while (text.p) {
		ptrdiff_t end = str_find(text, STR("\n\n"));

		fputs(".PP\n", out);
		manual_roff(out, end < 0 ? text : str_slice(text, 0, (size_t)end));
		fputc('\n', out);
		text = end < 0 ? STR_NONE : str_from(text, (size_t)end + 2);
	}
}

static void put_options(FILE *out, const struct option_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct option *o = &table->rows[i];

		fputs(".TP\n.B \\-\\-", out);
		manual_roff(out, str_c(o->name));
		if (o->metavar) {
			fputs(" \\fI", out);
			manual_roff(out, str_c(o->metavar));
			fputs("\\fR", out);
		}
		fputc('\n', out);
		manual_roff(out, str_c(o->help));
		fputs(".\n", out);
	}
}

static void put_command(FILE *out, const struct command *c)
{
	struct option_table table = {c->options, c->option_count};

	fprintf(out, ".SS \"signet %s", c->name);
	if (c->arguments[0])
		fprintf(out, " %s", c->arguments);
	fputs("\"\n", out);
	put_paragraphs(out, str_c(c->description));
	put_options(out, &table);
	if (c->uses_config)
		put_options(out, &cli_config_options);
	if (c->uses_config)
		fputs(".PP\nTakes every option of\n.BR signet.conf (5)\nas a flag: "
		      "\\-\\-api\\-listen for api.listen.\n",
		      out);
	if (c->uses_dns)
		fputs(".PP\nTakes the DNS options below.\n", out);
	if (c->uses_server)
		fputs(".PP\nTakes the options of a client below.\n", out);
}

void manual_page(FILE *out, const struct option_table *common,
                 const struct option_table *dns, const struct option_table *server)
{
	fputs(".\\\" Made from the tables of the program by `make docs`.\n"
	      ".TH SIGNET 1 \"\" \"Signet\" \"User commands\"\n"
	      ".SH NAME\nsignet \\- prove, sign and track sending domains\n"
	      ".SH SYNOPSIS\n.B signet\n.I COMMAND\n[\\fIOPTIONS\\fR] "
	      "[\\fIARGUMENTS\\fR]\n.SH COMMANDS\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
	fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
	put_options(out, common);
	fputs(".SH DNS OPTIONS\n", out);
	put_options(out, dns);
	fputs(".SH OPTIONS OF A CLIENT\n", out);
	put_options(out, server);
	fputs(".SH EXIT STATUS\n"
	      "0 an answer was computed, whatever it is. For\n.B check\nthis means "
	      "that everything required is verified; 1 that something is not; 2 that "
	      "DNS faults kept it from being decided. 64 wrong usage. 65 input that "
	      "cannot be parsed at all. 69 a needed service is unreachable. 70 a bug.\n"
	      ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nNo colour, even on a terminal.\n"
	      ".TP\n.B SIGNET_RESOLVERS\nThe public resolvers that\n.B check\nasks "
	      "where no\n.B \\-\\-resolver\nis given: addresses between commas.\n"
	      ".TP\n.B SIGNET_URL\nThe server whose API the commands call.\n"
	      ".TP\n.B SIGNET_KEY\nThe key they call it with.\n"
	      ".TP\n.B SIGNET_CA\nCertificates to trust there, beside none other.\n"
	      ".TP\n.B SIGNET_DATA_DIR\nWhere admin.json of a server on this machine "
	      "is looked for; /var/lib/signet where it is not set.\n",
	      out);
}

static const char *when_text(const struct rule *r)
{
	static const char *const texts[] = {
	        [RULE_WRONG] = "a record that is not verified",
	        [RULE_RIGHT] = "a record that is verified",
	        [RULE_ALWAYS] = "any record",
	        [RULE_CLOSER] = "any record",
	        [RULE_FALLBACK] = "a record with no other error",
	        [RULE_DOMAIN] = "the domain",
	        [RULE_DOMAIN_CLOSER] = "the domain",
	};

	return texts[r->when];
}

void manual_diagnoses(FILE *out)
{
	fputs("# Diagnoses\n\nMade from `src/diagnose/rules.h` by `make docs`. The "
	      "order is that of cause: the first\ndiagnosis of a record is what to "
	      "mend first. The severity is the usual one; a rule may\nlower or raise "
	      "it.\n\n"
	      "| code | severity | about | when |\n| --- | --- | --- | --- |\n",
	      out);
	for (size_t i = 0; i < rule_count; i++)
		fprintf(out, "| `%s` | %s | %s | %s |\n", rules[i].code,
		        severity_name(rules[i].severity), when_text(&rules[i]),
		        rules[i].about);
	fputs("\n## Tracking names\n\nWhat the probes of a tracking name say beside "
	      "that, from `src/life/link_status.h`: the `checks`\nof the API, each "
	      "green, "
	      "amber, red or unknown.\n\n| code | green where |\n| --- | --- |\n",
	      out);
	for (size_t i = 0; i < LINK_CHECK_COUNT; i++)
		fprintf(out, "| `%s` | %s |\n", link_check_code((enum link_check)i),
		        link_check_text((enum link_check)i));
}

void manual_metrics(FILE *out)
{
	const struct api_metric_row *row;

	fputs("# Metrics\n\nMade from `src/api/metrics.h` and "
	      "`src/ipc/edge_stats.h` by `make docs`. `GET /metrics` answers\nthem to "
	      "operators, in the text "
	      "format of Prometheus. Counters begin at 0 when core starts,\nthose of "
	      "edges when an edge does. What is counted in the database is up to 15 "
	      "seconds old.\n\n"
	      "| name | type | labels | |\n| --- | --- | --- | --- |\n",
	      out);
	for (size_t i = 0; (row = api_metric_at(i)); i++)
		fprintf(out, "| `signet_%s` | %s | %s | %s |\n", row->name, row->type,
		        row->labels ? row->labels : "", row->help);
	fputs("\n## Edges\n\nOf all processes together.\n\n"
	      "| name | type | |\n| --- | --- | --- |\n",
	      out);
	for (size_t i = 0; i < EDGE_STATS_COUNT; i++) {
		char name[EDGE_STATS_NAME];

		edge_stats_name(&edge_stats_rows[i], name);
		fprintf(out, "| `signet_%s` | %s | %s |\n", name,
		        edge_stats_rows[i].type, edge_stats_rows[i].help);
	}
}
