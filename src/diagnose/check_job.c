#include "diagnose/check_job.h"

/* The settings of all domains and those of this one, which win. */
static bool merge_settings(struct check_job *job, const struct check_setup *setup,
                           struct str assignments, struct plan_settings *out,
                           struct err *err)
{
	struct str word;

	out->given = map_init(&job->kept);
	while (str_cut_word(&assignments, &word))
		if (!plan_set(out, word, err))
			return false;
	for (size_t i = 0; i < setup->settings.given.n; i++) {
		const struct map_entry *e = &setup->settings.given.entries[i];

		if (!map_find(&out->given, e->key))
			map_set(&out->given, e->key, e->value);
	}
	return true;
}

bool check_job_begin(struct check_job *job, const struct check_setup *setup,
                     struct str domain, struct str assignments, int64_t now,
                     struct err *err)
{
	struct plan_settings settings;
	struct plan *plan = NULL;

	job->answers = dns_answers_init(&job->kept, now);
	job->audit = (struct audit_request){.selectors = setup->selectors,
	                                    .selector_count = setup->selector_count};
	if (!plan_domain(&job->kept, domain, &job->audit.domain, err))
		return false;
	if (setup->profile &&
	    (!merge_settings(job, setup, assignments, &settings, err) ||
	     !plan_make(&job->kept, setup->profile, domain, &settings, &plan, err)))
		return false;
	job->in = (struct check_input){
	        .a = &job->pass,
	        .answers = &job->answers,
	        .plan = plan,
	        .know = &setup->know,
	        .servers = setup->servers,
	        .thorough = setup->thorough,
	        .resolvers = setup->resolvers,
	        .resolver_count = setup->resolver_count,
	        .retired_keys = setup->retired_keys,
	        .retired_key_count = setup->retired_key_count,
	        .now = now,
	};
	return true;
}

static void drop_verdict(struct check_job *job)
{
	if (job->verdict)
		json_decref(job->verdict->audit);
	job->verdict = NULL;
	arena_reset(&job->pass);
}

bool check_job_pass(struct check_job *job)
{
	drop_verdict(job);
	job->verdict = job->in.plan ? diagnose_check(&job->in)
	                            : audit_check(&job->in, &job->audit);
	return !dns_answers_pending(&job->answers);
}

void check_job_reset(struct check_job *job)
{
	drop_verdict(job);
	arena_reset(&job->kept);
}

void check_job_done(struct check_job *job)
{
	drop_verdict(job);
	arena_done(&job->pass);
	arena_done(&job->kept);
}

static bool has_error(const struct diagnoses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].severity == SEVERITY_ERROR)
			return true;
	return false;
}

/* An audit has nothing that is required: errors decide, then faults. */
static int audit_status(const struct verdict *v)
{
	int status = 0;

	if (has_error(&v->advice))
		return 1;
	for (size_t i = 0; i < v->record_count; i++) {
		if (v->records[i].status == RECORD_UNDETERMINED)
			status = 2;
		else if (has_error(&v->records[i].diagnoses))
			return 1;
	}
	return status;
}

int check_status(const struct verdict *v)
{
	switch (v->status) {
	case DOMAIN_VERIFIED:
		return 0;
	case DOMAIN_UNDETERMINED:
		return 2;
	case DOMAIN_AUDITED:
		return audit_status(v);
	case DOMAIN_PENDING:
	case DOMAIN_PARTIAL:
		break;
	}
	return 1;
}
