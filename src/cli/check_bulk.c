/*
 * `signet check --bulk`: many domains, a bounded number at a time. A slot is one check
 * under way; when its answers are there it makes the next pass, prints its verdict and
 * takes the next line of the list. Everything happens on the resolver's loop.
 */
#include "cli/check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "resolve/resolver.h"

#include <unistd.h>

enum {
	LIST_MAX = 512 * 1024 * 1024,
	CONCURRENCY = 100,
	PROGRESS_MS = 2000,
	TICK_MS =
	        50, /* the loop ends with its last timer, so that must be a short one */
};

struct bulk;

struct slot {
	struct bulk *bulk;
	struct check_job job;
};

struct bulk {
	const struct check_setup *setup;
	struct resolver *resolver;
	struct str list; /* lines that are not taken yet */
	int64_t started_ms, reported_ms;
	size_t done, wrong, undetermined, unusable;
	size_t busy; /* slots that have a check under way */
};

/* Also hands on what is printed so far: a reader at the other end of a pipe sees it. */
static void report(const struct bulk *b)
{
	int64_t ms = clock_monotonic_ms() - b->started_ms;

	fflush(stdout);
	fprintf(stderr,
	        "%zu done, %.0f/s: %zu verified, %zu not, %zu undetermined, "
	        "%zu unusable lines, %llu questions\n",
	        b->done, ms > 0 ? (double)b->done * 1000.0 / (double)ms : 0.0,
	        b->done - b->wrong - b->undetermined, b->wrong, b->undetermined,
	        b->unusable, (unsigned long long)resolver_stats(b->resolver).questions);
}

static void report_again(void *arg)
{
	struct bulk *b = arg;

	if (b->busy == 0)
		return;
	if (clock_monotonic_ms() - b->reported_ms >= PROGRESS_MS) {
		b->reported_ms = clock_monotonic_ms();
		report(b);
	}
	resolver_after(b->resolver, TICK_MS, report_again, b);
}

/* The line without blanks round it and without a comment: "#" and what follows, at the
 * front or behind a blank. */
static struct str strip(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || char_is_blank(line.p[i - 1])))
			line.n = i;
	return str_trim(line);
}

/* The next domain of the list and what follows it on its line. */
static bool next_domain(struct bulk *b, struct str *domain, struct str *assignments)
{
	struct str line;

	while (str_cut(&b->list, '\n', &line)) {
		line = strip(line);
		if (line.n == 0)
			continue;
		*assignments = line;
		return str_cut_word(assignments, domain);
	}
	return false;
}

static void print_unusable(struct bulk *b, struct str domain, const struct err *err)
{
	b->unusable++;
	cli_print_json(json_pack("{s:o, s:s}", "domain", json_text(domain), "error",
	                         err->text));
}

static void finish(struct slot *s)
{
	struct bulk *b = s->bulk;
	int status = check_status(s->job.verdict);

	b->done++;
	b->wrong += status == 1;
	b->undetermined += status == 2;
	cli_print_json(verdict_json(s->job.verdict));
	check_job_reset(&s->job);
}

static void advance(void *arg);

/* Takes lines until one needs DNS or the list is at its end; none where nobody reads
 * the answers any more. */
static void take_next(struct slot *s)
{
	struct bulk *b = s->bulk;
	struct str domain;
	struct str assignments;
	struct err err;

	while (!ferror(stdout) && next_domain(b, &domain, &assignments)) {
		if (!check_job_begin(&s->job, b->setup, domain, assignments,
		                     clock_now(), &err)) {
			print_unusable(b, domain, &err);
			check_job_reset(&s->job);
			continue;
		}
		if (!check_job_pass(&s->job)) {
			resolver_start(b->resolver, &s->job.answers, advance, s);
			return;
		}
		finish(s);
	}
	b->busy--;
}

/* All questions of the last pass are answered. */
static void advance(void *arg)
{
	struct slot *s = arg;

	if (!check_job_pass(&s->job)) {
		resolver_start(s->bulk->resolver, &s->job.answers, advance, s);
		return;
	}
	finish(s);
	take_next(s);
}

static bool read_list(struct cli *cli, struct str path, struct str *out,
                      struct err *err)
{
	if (str_eq(path, STR("-")))
		return file_read_fd(cli->a, STDIN_FILENO, "standard input", LIST_MAX,
		                    out, err);
	return file_read(cli->a, arena_cstr(cli->a, path), LIST_MAX, out, err);
}

static void run_slots(struct cli *cli, struct bulk *b, size_t n)
{
	struct slot *slots = ARENA_ARRAY(cli->a, struct slot, n);

	b->busy = n;
	for (size_t i = 0; i < n; i++) {
		slots[i].bulk = b;
		take_next(&slots[i]);
	}
	resolver_after(b->resolver, TICK_MS, report_again, b);
	resolver_loop(b->resolver);
	need(b->busy == 0);
	for (size_t i = 0; i < n; i++)
		check_job_done(&slots[i].job);
}

bool check_bulk(struct cli *cli, const struct check_options *o,
                const struct check_setup *setup, struct err *err)
{
	struct bulk b = {.setup = setup};
	struct str seen;
	struct str unused;

	if (!cli_resolver(cli, &b.resolver, err))
		return false;
	if (!read_list(cli, o->bulk, &b.list, err))
		return err_add(err, "--bulk");
	b.list = utf8_skip_mark(b.list);
	seen = b.list;
	if (!next_domain(&b, &unused, &unused))
		return err_set(err, ERR_INPUT, "--bulk %.*s: no domain in it",
		               STR_ARG(o->bulk));
	b.list = seen;
	if (!resolver_check_reachable(b.resolver, err))
		return false;
	b.started_ms = clock_monotonic_ms();
	b.reported_ms = b.started_ms;
	run_slots(cli, &b, (size_t)(o->concurrency ? o->concurrency : CONCURRENCY));
	report(&b);
	cli->status = b.wrong || b.unusable ? 1 : b.undetermined ? 2 : 0;
	return true;
}
