/* `signet spf`: one evaluation of check_host(). */
#include "cli/answers.h"
#include "cli/commands.h"

#include "base/utf8.h"

struct options {
	struct cli_common common;
	struct str ip, helo, mail_from, receiver;
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
        TEXT_OPTION("ip", AT(ip), "IP", "the address of the client that connects"),
        ANY_TEXT_OPTION("helo", AT(helo), "NAME", "the name it gives in HELO or EHLO"),
        ANY_TEXT_OPTION(
                "mail-from", AT(mail_from), "ADDR",
                "the address in MAIL FROM; empty for a bounce: then HELO is checked"),
        ANY_TEXT_OPTION("receiver", AT(receiver), "NAME",
                        "the name of the receiving host, for explanations"),
};

struct run {
	struct spf_query query;
	struct spf_result result;
};

static void check(struct arena *pass, struct dns_answers *answers, void *arg)
{
	struct run *run = arg;

	run->result = spf_check(pass, answers, &run->query);
}

static void print_row(struct arena *a, const char *label, struct str text)
{
	if (text.n)
		printf("%-13s %.*s\n", label, STR_ARG(utf8_printable(a, text)));
}

static void print_text(struct arena *a, const struct spf_result *r)
{
	print_row(a, "result", str_c(spf_outcome_name(r->outcome)));
	print_row(a, r->is_helo ? "helo" : "domain", r->domain);
	print_row(a, "mechanism", r->mechanism);
	print_row(a, "explanation", r->explanation);
	print_row(a, "problem", r->problem);
	printf("%-13s %d of %d, void %d of %d\n", "look-ups", r->lookups,
	       SPF_LOOKUPS_MAX, r->void_lookups, SPF_VOIDS_MAX);
}

static bool run_spf(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct dns_answers answers = dns_answers_init(cli->a, cli->now);
	AUTO(arena) pass = {0};
	struct run run = {
	        .query = {.helo = o->helo,
	                  .mail_from = o->mail_from,
	                  .receiver = o->receiver,
	                  .now = cli->now}
        };

	if (!o->ip.p)
		return err_set(err, ERR_USAGE, "--ip IP is missing");
	if (!o->helo.p && !o->mail_from.n)
		return err_set(err, ERR_USAGE,
		               "--helo NAME or --mail-from ADDR is missing");
	if (!ip_parse(o->ip, &run.query.ip))
		return err_set(err, ERR_USAGE, "--ip: \"%.*s\" is not an address",
		               STR_ARG(o->ip));
	if (!cli_evaluate(cli, &answers, &pass, check, &run, err))
		return false;
	if (o->common.json)
		cli_print_json(answer_spf(&run.result));
	else
		print_text(cli->a, &run.result);
	return true;
}

const struct command cmd_spf = {
        .name = "spf",
        .arguments = "",
        .summary = "evaluate SPF for one message",
        .description =
                "Decides by RFC 7208 whether the address --ip may send mail from "
                "the domain of --mail-from, or of --helo where that is empty, "
                "and names the mechanism that decided.\n\n"
                "A fail comes with the explanation that the domain publishes; "
                "permerror, temperror and none come with the reason, and for a "
                "syntax error the byte of the record.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .uses_dns = true,
        .run = run_spf,
};
