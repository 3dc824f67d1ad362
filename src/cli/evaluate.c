/* What commands share: the resolver, the ask-answer loop, input and output. */
#include "cli/command.h"

#include "base/file.h"
#include "base/json.h"
#include "resolve/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A check that still asks after so many rounds asks without end: a bug. */
enum { ROUNDS_MAX = 200 };

bool cli_resolver(struct cli *cli, struct resolver **out, struct err *err)
{
	const struct cli_common *common = cli->options;
	struct resolver_options options = {
	        .servers = common->dns,
	        .root_hints = common->root_hints,
	        .trust_anchor = common->trust_anchor,
	        .timeout_ms = common->dns_timeout_ms,
	};

	if (!cli->resolver && !resolver_new(&options, &cli->resolver, err))
		return err->kind == ERR_USAGE ? err_add(err, "--dns") : false;
	*out = cli->resolver;
	return true;
}

static bool saw_only_timeouts(const struct dns_answers *answers)
{
	for (size_t i = 0; i < answers->by_key.n; i++)
		if (dns_answers_at(answers, i)->status != DNS_TIMEOUT)
			return false;
	return answers->by_key.n > 0;
}

bool cli_evaluate(struct cli *cli, struct dns_answers *answers, struct arena *pass,
                  cli_check_fn *check, void *arg, struct err *err)
{
	struct resolver *r = NULL;

	if (!cli_resolver(cli, &r, err))
		return false;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		arena_reset(pass);
		check(pass, answers, arg);
		if (!dns_answers_pending(answers))
			return !saw_only_timeouts(answers) ||
			       resolver_check_reachable(r, err);
		resolver_run(r, answers);
	}
	return err_set(err, ERR_INTERNAL, "the check asks without end");
}

bool cli_colour(FILE *out)
{
	return isatty(fileno(out)) && !getenv("NO_COLOR");
}

void cli_print_json(struct json_t *value)
{
	AUTO(arena) a = {0};

	printf("%.*s\n", STR_ARG(json_line(&a, value)));
	json_decref(value);
}

bool cli_print_iov(const struct iov *iov, struct err *err)
{
	size_t done = 0; /* pieces that are out, and bytes of the next */
	size_t at = 0;

	if (fflush(stdout) != 0)
		return err_set(err, ERR_UNAVAILABLE,
		               "standard output: cannot be written");
	while (done < iov->n) {
		struct iovec some[64];
		size_t n = iov->n - done < LEN(some) ? iov->n - done : LEN(some);
		ssize_t put;

		memcpy(some, iov->v + done, n * sizeof(*some));
		some[0].iov_base = (char *)some[0].iov_base + at;
		some[0].iov_len -= at;
		put = writev(STDOUT_FILENO, some, (int)n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return err_set(err, ERR_UNAVAILABLE,
			               "standard output: cannot be written");
		at += (size_t)put;
		for (; done < iov->n && at >= iov->v[done].iov_len; done++)
			at -= iov->v[done].iov_len;
	}
	return true;
}

bool cli_stdin(struct cli *cli, size_t max, struct str *out, struct err *err)
{
	return file_read_fd(cli->a, STDIN_FILENO, "standard input", max, out, err);
}
