#include "auth/dmarc_report.h"

/* Whose reports are asked about. */
struct asking {
	struct arena *a;
	struct dns_answers *answers;
	struct str domain;      /* of the record */
	struct dmarc_walk walk; /* of that domain */
};

/* A DNS fault in either walk leaves it open: *fault is set. */
static bool is_internal(const struct asking *asking, struct str host,
                        const struct dns_answer **fault)
{
	struct dmarc_walk walk;

	if (str_eq(host, asking->domain))
		return true;
	walk = dmarc_tree_walk(asking->a, asking->answers, host);
	*fault = asking->walk.fault ? asking->walk.fault : walk.fault;
	return !*fault && str_eq(walk.organization, asking->walk.organization);
}

static bool has_consent(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->records.n; i++)
		if (dmarc_record_is(answer->records.v[i].txt.text))
			return true;
	return false;
}

static void check_target(const struct asking *asking,
                         struct dmarc_report_target *target)
{
	const struct dns_answer *fault = NULL;
	struct str prefix =
	        arena_printf(asking->a, "%.*s._report._dmarc", STR_ARG(asking->domain));

	if (is_internal(asking, target->uri->host, &fault)) {
		target->consent = DMARC_CONSENT_INTERNAL;
		return;
	}
	target->consent = DMARC_CONSENT_MISSING;
	if (!dns_name_join(asking->a, prefix, target->uri->host, &target->name))
		return;
	target->answer = dns_ask(asking->answers, target->name, DNS_TXT);
	if (has_consent(target->answer)) {
		target->consent = DMARC_CONSENT_GIVEN;
	} else if (dns_answer_is_fault(target->answer)) {
		target->consent = DMARC_CONSENT_UNDETERMINED;
	} else if (fault) {
		/* None is published, and whether one is needed is not known. */
		target->consent = DMARC_CONSENT_UNDETERMINED;
		target->answer = fault;
	}
}

static void check_list(const struct asking *asking, const struct dmarc_uris *uris,
                       bool is_failure, struct dmarc_report_targets *targets)
{
	for (size_t i = 0; i < uris->n; i++) {
		struct dmarc_report_target *target;

		if (!uris->v[i].is_valid || !uris->v[i].is_mailto ||
		    targets->n == DMARC_REPORT_TARGETS_MAX)
			continue;
		target = ARRAY_ADD(targets, asking->a);
		target->uri = &uris->v[i];
		target->is_failure = is_failure;
		check_target(asking, target);
	}
}

struct dmarc_report_targets dmarc_report_check(struct arena *a,
                                               struct dns_answers *answers,
                                               const struct dmarc_record *record,
                                               struct str record_domain)
{
	struct asking asking = {a, answers, record_domain,
	                        dmarc_tree_walk(a, answers, record_domain)};
	struct dmarc_report_targets targets = {0};

	check_list(&asking, &record->rua, false, &targets);
	check_list(&asking, &record->ruf, true, &targets);
	return targets;
}
