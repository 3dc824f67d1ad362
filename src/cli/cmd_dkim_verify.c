/* `signet dkim verify`: every signature of a message, judged. */
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/input.h"

struct options {
	struct cli_common common;
	int64_t max_bytes;
};

static const struct option options[] = {
        MAX_BYTES_ROW,
};

struct run {
	struct dkim_message message;
	int64_t now;
	struct dkim_verdicts out;
};

static void check(struct arena *pass, struct dns_answers *answers, void *arg)
{
	struct run *run = arg;

	dkim_verify(pass, answers, &run->message, run->now, &run->out);
}

static bool run_dkim_verify(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct dns_answers answers = dns_answers_init(cli->a, cli->now);
	AUTO(arena) pass = {0};
	struct run run = {.now = cli->now};
	struct resolver *r;

	if (!cli_resolver(cli, &r, err) ||
	    !answer_read_message(cli, o->max_bytes, &run.message, err) ||
	    !cli_evaluate(cli, &answers, &pass, check, &run, err))
		return false;
	if (o->common.json)
		cli_print_json(answer_dkim(&run.out));
	else
		answer_print_dkim(cli->a, &run.out);
	return true;
}

const struct command cmd_dkim_verify = {
        .name = "dkim verify",
        .arguments = "",
        .summary = "verify the DKIM signatures of a message",
        .description =
                "Reads a message from standard input and judges each of its "
                "DKIM-Signature fields by RFC 6376, RFC 8301 and RFC 8463, the one on "
                "top first: pass; fail, where a hash or the signature does not fit; "
                "permerror, where the signature or its key record cannot be used; "
                "temperror, where DNS did not answer; neutral, where a message has so "
                "many signatures that this one was not looked at.\n\n"
                "A line may end with LF alone; it is verified as the CRLF that is sent "
                "for it. rsa-sha1 and RSA keys below 1024 bits never pass. A signature "
                "over a part of the body (l=) passes with a reason that says how much "
                "of it is covered.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .uses_dns = true,
        .run = run_dkim_verify,
};
