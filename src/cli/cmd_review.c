/* `signet review list|approve|reject|ask`: the operator's queue of domains that wait for
 * a person to look at them. */
#include "cli/commands.h"

#include "cli/client.h"

struct review_options {
	struct cli_common common;
	struct str state, reason;
	struct option_list questions;
	int64_t limit;
};

#define AT(field) offsetof(struct review_options, field)

static const struct client_column columns[] = {
        {"ID",        "id"          },
        {"DOMAIN",    "domain_id"   },
        {"STATE",     "state"       },
        {"KIND",      "kind"        },
        {"SUBMITTED", "submitted_at"},
        {"DECIDED",   "decided_at"  },
        {"REASON",    "reason"      },
};

static bool run_list(struct cli *cli, struct err *err)
{
	const struct review_options *o = cli->options;
	struct str path =
	        client_query(cli, client_path(cli, "reviews", NULL), "state", o->state);

	return client_run_list(cli, path, o->limit, columns, LEN(columns), err);
}

/* POST /v1/reviews/{id}/approve and its like. */
static bool decide(struct cli *cli, const char *action, json_t *body, struct err *err)
{
	AUTO_JSON json_t *review = NULL;
	struct str path =
	        client_path(cli, "reviews", cli->arguments.v[0].p, action, NULL);

	if (!client_call(cli, "POST", path, body, &review, err))
		return false;
	client_print(cli, review, columns, LEN(columns));
	return true;
}

static bool run_approve(struct cli *cli, struct err *err)
{
	return decide(cli, "approve", NULL, err);
}

static bool run_reject(struct cli *cli, struct err *err)
{
	const struct review_options *o = cli->options;

	if (!o->reason.n)
		return err_set(err, ERR_USAGE,
		               "--reason: the customer needs to be told why");
	return decide(cli, "reject", json_pack("{s:o}", "reason", json_text(o->reason)),
	              err);
}

static bool run_ask(struct cli *cli, struct err *err)
{
	const struct review_options *o = cli->options;

	if (!o->questions.n)
		return err_set(err, ERR_USAGE, "--question: what is to be asked");
	return decide(cli, "ask",
	              json_pack("{s:o}", "questions", client_words(&o->questions)),
	              err);
}

static const struct option list_rows[] = {
        TEXT_OPTION("state", AT(state), "STATE",
                    "only those in this state; those that wait where not given"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

static const struct option reject_rows[] = {
        TEXT_OPTION("reason", AT(reason), "TEXT", "what the customer is told; needed"),
};

static const struct option ask_rows[] = {
        LIST_OPTION("question", AT(questions), "TEXT",
                    "what the customer is asked; needed (repeatable)"),
};

const struct command cmd_review_list = {
        .name = "review list",
        .arguments = "",
        .summary = "list the domains that wait for a review",
        .description = "Lists the reviews that wait for the operator, oldest first.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct review_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_review_approve = {
        .name = "review approve",
        .arguments = "ID",
        .summary = "let a domain send",
        .description = "Approves a review (rev_4): the domain may send as soon as its "
                       "records are verified. The account's owner is told by mail.",
        .options_size = sizeof(struct review_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_approve,
};

const struct command cmd_review_reject = {
        .name = "review reject",
        .arguments = "ID",
        .summary = "keep a domain from sending",
        .description = "Rejects a review (rev_4) with a reason that the account's "
                       "owner is told by mail.",
        .options = reject_rows,
        .option_count = LEN(reject_rows),
        .options_size = sizeof(struct review_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_reject,
};

const struct command cmd_review_ask = {
        .name = "review ask",
        .arguments = "ID",
        .summary = "ask the customer before deciding",
        .description = "Sends questions to the account's owner; the review (rev_4) "
                       "waits for the answers.",
        .options = ask_rows,
        .option_count = LEN(ask_rows),
        .options_size = sizeof(struct review_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_ask,
};
