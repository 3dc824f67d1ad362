/*
 * One check under way: a domain, its plan, the answers it has so far. The same job is
 * driven by the single check, by --watch and, many at a time, by --bulk.
 *
 *	struct check_job job = {0};
 *	if (!check_job_begin(&job, setup, domain, now, &err)) …
 *	while (!check_job_pass(&job))
 *		resolver_run(r, &job.answers);
 *	use(job.verdict);
 *	check_job_done(&job);
 */
#pragma once

#include "diagnose/audit.h"
#include "diagnose/diagnose.h"

/* What all jobs of one command share; lent. */
struct check_setup {
	const struct profile *profile; /* NULL: an audit */
	struct plan_settings settings;
	struct knowledge know;
	enum server_views servers;
	bool thorough;
	const struct str *resolvers, *retired_keys, *selectors;
	size_t resolver_count, retired_key_count, selector_count;
};

struct check_job {
	struct arena kept; /* plan and answers, across the passes */
	struct arena pass; /* emptied before each pass; the verdict lives here */
	struct dns_answers answers;
	struct audit_request audit;
	struct check_input in;
	struct verdict *verdict; /* provisional while questions are pending */
};

/* Makes the plan. `assignments` are more settings, "name=value" between blanks, for this
 * domain alone; may be empty. Errors are about the domain or the settings. */
NODISCARD bool check_job_begin(struct check_job *job, const struct check_setup *setup,
                               struct str domain, struct str assignments, int64_t now,
                               struct err *err);
/* One pass; true when nothing is pending and the verdict counts. */
NODISCARD bool check_job_pass(struct check_job *job);
/* Makes it ready for the next begin, keeping some memory. */
void check_job_reset(struct check_job *job);
void check_job_done(struct check_job *job);

/* The exit status of CLI.md: 0 verified, 1 something is not, 2 could not be decided. */
int check_status(const struct verdict *v);
