/* `signet auth`: SPF, DKIM and DMARC of one message, and the header that tells them. */
#include "cli/answers.h"
#include "catalog/catalog.h"
#include "cli/commands.h"

#include "cli/input.h"
#include "base/json.h"
#include "base/utf8.h"
#include "auth/authenticate.h"

struct options {
	struct cli_common common;
	struct str ip, helo, mail_from, authserv_id;
	bool legacy;
	int64_t max_bytes;
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
        TEXT_OPTION("ip", AT(ip), "IP", "the address of the client that connects"),
        ANY_TEXT_OPTION("helo", AT(helo), "NAME", "the name it gives in HELO or EHLO"),
        ANY_TEXT_OPTION(
                "mail-from", AT(mail_from), "ADDR",
                "the address in MAIL FROM; empty for a bounce: then HELO is checked"),
        TEXT_OPTION("authserv-id", AT(authserv_id), "NAME",
                    "who says so: the first word of Authentication-Results"),
        FLAG_OPTION("legacy", AT(legacy),
                    "evaluate DMARC by RFC 7489 with the public suffix list"),
        MAX_BYTES_ROW,
};

struct run {
	struct dkim_message message;
	struct authenticate_input in;
	struct authenticity out;
};

static void check(struct arena *pass, struct dns_answers *answers, void *arg)
{
	struct run *run = arg;

	authenticate(pass, answers, &run->in, &run->out);
}

static json_t *make_json(const struct authenticity *out)
{
	json_t *j = json_object();

	json_object_set_new(j, "spf", answer_spf(&out->spf));
	json_object_set_new(j, "dkim", answer_dkim(&out->dkim));
	json_object_set_new(j, "dmarc", answer_dmarc(&out->dmarc));
	json_object_set_new(j, "authentication_results", json_text(out->results));
	return j;
}

static void print_text(struct arena *a, const struct authenticity *out)
{
	const struct from *from = &out->from;
	struct str domain = from->problem ? str_c(from->problem) : from->domain;

	printf("spf           %s\n", spf_outcome_name(out->spf.outcome));
	if (out->spf.problem.n)
		printf("              %.*s\n",
		       STR_ARG(utf8_printable(a, out->spf.problem)));
	puts("dkim");
	answer_print_dkim(a, &out->dkim);
	printf("from          %.*s\n", STR_ARG(utf8_printable(a, domain)));
	printf("dmarc         %s\n", dmarc_result_name(out->dmarc.result));
	if (out->dmarc.policy != DMARC_NO_POLICY)
		printf("disposition   %s\n", dmarc_policy_name(out->dmarc.disposition));
	printf("\nAuthentication-Results: %.*s\n",
	       STR_ARG(utf8_printable(a, out->results)));
}

static bool read_options(struct cli *cli, struct authenticate_input *in,
                         struct err *err)
{
	const struct options *o = cli->options;

	if (!o->ip.p)
		return err_set(err, ERR_USAGE, "--ip IP is missing");
	if (!ip_parse(o->ip, &in->spf.ip))
		return err_set(err, ERR_USAGE, "--ip: \"%.*s\" is not an address",
		               STR_ARG(o->ip));
	if (!o->helo.p && !o->mail_from.n)
		return err_set(err, ERR_USAGE,
		               "--helo NAME or --mail-from ADDR is missing");
	if (!o->authserv_id.p)
		return err_set(err, ERR_USAGE, "--authserv-id NAME is missing");
	in->spf.helo = o->helo;
	in->spf.mail_from = o->mail_from;
	in->spf.receiver = o->authserv_id;
	in->spf.now = cli->now;
	in->authserv_id = o->authserv_id;
	in->standard = o->legacy ? DMARC_RFC7489 : DMARC_RFC9989;
	return true;
}

static bool evaluate(struct cli *cli, struct run *run, struct err *err)
{
	const struct options *o = cli->options;
	struct dns_answers answers = dns_answers_init(cli->a, cli->now);
	AUTO(arena) pass = {0};

	if (!cli_evaluate(cli, &answers, &pass, check, run, err))
		return false;
	if (o->common.json)
		cli_print_json(make_json(&run->out));
	else
		print_text(cli->a, &run->out);
	return true;
}

static bool run_auth(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct suffixes *suffixes = NULL;
	struct run run = {.in.message = &run.message};
	struct resolver *r;
	bool ok;

	if (!read_options(cli, &run.in, err) || !cli_resolver(cli, &r, err) ||
	    !answer_read_message(cli, o->max_bytes, &run.message, err))
		return false;
	if (o->legacy)
		suffixes = catalog_suffixes();
	run.in.suffixes = suffixes;
	ok = evaluate(cli, &run, err);
	suffixes_free(suffixes);
	return ok;
}

const struct command cmd_auth = {
        .name = "auth",
        .arguments = "",
        .summary = "evaluate SPF, DKIM and DMARC for a message",
        .description =
                "Reads a message from standard input and evaluates all three as a "
                "receiver does: SPF for --ip and --mail-from, every DKIM signature, "
                "and "
                "DMARC for the domain in From with what the two passed for. Prints the "
                "value of the Authentication-Results field (RFC 8601) as well.\n\n"
                "Where From is missing, given twice, cannot be read or names several "
                "domains, DMARC is permerror.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .uses_dns = true,
        .run = run_auth,
};
