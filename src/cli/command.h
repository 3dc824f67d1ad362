/*
 * A subcommand of `signet` is one row: its name, its options as a table, its words for
 * help and manual page, and the function that runs it. main.c finds the row, parses the
 * options into a zeroed struct of the row's size and calls run(); `--help`, the manual
 * page and the completion of names come from the same rows.
 *
 * Every command's options struct begins with struct cli_common.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/iov.h"
#include "base/option.h"
#include "dns/answer.h"

#include <stdio.h>

struct resolver;
struct json_t;

struct cli_common {
	bool json, help;
	struct option_list dns; /* --dns ADDR[:PORT], repeatable */
	struct str root_hints;
	struct str trust_anchor;
	int64_t dns_timeout_ms;
	int64_t now_s;                       /* --now; negative when not given */
	struct str server, key, account, ca; /* of the commands that ask a server */
};

struct cli {
	struct arena *a;              /* of the whole run */
	void *options;                /* the command's own struct */
	struct option_list arguments; /* what is no option */
	int64_t now;                  /* milliseconds */
	int status;                /* exit status of a run that succeeded; 0 at first */
	struct resolver *resolver; /* made by cli_resolver() on first use */
};

struct command {
	const char *name;        /* "dkim keygen" */
	const char *arguments;   /* "DOMAIN [ZONE]", or "" */
	const char *summary;     /* one line, no final dot */
	const char *description; /* paragraphs for the manual page, separated by \n\n */
	const struct option *options;
	size_t option_count;
	size_t options_size; /* of the struct they fill */
	bool uses_dns;       /* takes --dns, --root-hints … */
	bool uses_server;    /* takes --server, --key … (client.h) */
	bool uses_config;    /* takes --config and the flags (configured.h) */
	size_t arguments_min, arguments_max;
	bool (*run)(struct cli *cli, struct err *err);
};

/* The resolver that --dns, --root-hints and --dns-timeout-ms describe. */
NODISCARD bool cli_resolver(struct cli *cli, struct resolver **out, struct err *err);

/* One pass of a pure check; its result counts when nothing is pending afterwards. */
typedef void cli_check_fn(struct arena *a, struct dns_answers *answers, void *arg);

/*
 * Asks, answers, re-runs: calls check() until no question is pending, resolving between
 * the calls. The arena of each pass is emptied before the next. Fails with
 * ERR_UNAVAILABLE where the DNS server that was named cannot be reached at all.
 */
NODISCARD bool cli_evaluate(struct cli *cli, struct dns_answers *answers,
                            struct arena *pass, cli_check_fn *check, void *arg,
                            struct err *err);

/* Whether to colour: a terminal, and NO_COLOR is not set. */
bool cli_colour(FILE *out);
/* Prints one JSON value on one line on standard output and drops the reference. */
void cli_print_json(struct json_t *value);
/* Writes the pieces to standard output as they are, without copying them together. */
NODISCARD bool cli_print_iov(const struct iov *iov, struct err *err);
/* Standard input, at most `max` bytes. */
NODISCARD bool cli_stdin(struct cli *cli, size_t max, struct str *out, struct err *err);
