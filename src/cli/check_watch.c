/* `signet check --watch`: checks again until everything required is verified. */
#include "cli/check.h"

#include "base/clock.h"
#include "cli/check_text.h"
#include "resolve/resolver.h"

enum { SHORTEST_WAIT_MS = 5000, INTERVAL_S = 60 };

static void wake(void *arg)
{
	(void)arg;
}

/* When to look again: at the first record's own time, within the interval. */
static int64_t wait_ms(const struct verdict *v, int64_t interval_ms)
{
	int64_t next = v->checked_at + interval_ms;

	for (size_t i = 0; i < v->record_count; i++)
		if (v->records[i].status != RECORD_VERIFIED &&
		    v->records[i].next_check_at < next)
			next = v->records[i].next_check_at;
	return next - v->checked_at < SHORTEST_WAIT_MS ? SHORTEST_WAIT_MS
	                                               : next - v->checked_at;
}

/* One line each time something has changed, so that a log shows the way there. */
static void report(struct cli *cli, const struct verdict *v, struct str *last)
{
	struct str now = check_progress(cli->a, v);

	if (str_eq(now, *last))
		return;
	fprintf(stderr, "%.*s %.*s: %.*s\n",
	        STR_ARG(clock_format(cli->a, v->checked_at)), STR_ARG(v->domain),
	        STR_ARG(now));
	*last = now;
}

static void print_final(struct cli *cli, const struct check_options *o,
                        const struct verdict *v)
{
	if (o->common.json)
		cli_print_json(verdict_json(v));
	else
		check_text(stdout, v, cli_colour(stdout));
	cli->status = check_status(v);
}

bool check_watch(struct cli *cli, const struct check_options *o,
                 const struct check_setup *setup, struct err *err)
{
	int64_t interval_ms = (o->interval_s ? o->interval_s : INTERVAL_S) * 1000;
	struct check_job job = {0};
	struct str last = STR_NONE;
	struct resolver *r;
	bool ok = cli_resolver(cli, &r, err);

	while (ok) {
		ok = check_job_begin(&job, setup, cli->arguments.v[0], STR_NONE,
		                     clock_now(), err) &&
		     check_finish(cli, &job, err);
		if (!ok)
			break;
		report(cli, job.verdict, &last);
		if (job.verdict->status == DOMAIN_VERIFIED) {
			print_final(cli, o, job.verdict);
			break;
		}
		resolver_after(r, wait_ms(job.verdict, interval_ms), wake, NULL);
		check_job_reset(&job);
		resolver_loop(r);
	}
	check_job_done(&job);
	return ok;
}
