#include "life/life.h"

static bool is_definitely_wrong(const struct verdict_record *r, bool trust_resolver)
{
	switch (r->status) {
	case RECORD_MISSING:
	case RECORD_MISMATCH:
	case RECORD_CONFLICT:
		return r->servers_with == 0 && (r->servers_asked || trust_resolver);
	case RECORD_PROPAGATING:
	case RECORD_VERIFIED:
	case RECORD_UNDETERMINED:
	case RECORD_OPTIONAL_MISSING:
		break;
	}
	return false;
}

/* When resolvers forget that this record was not there; 0 where they do not know so. */
static int64_t negative_until(const struct verdict *v, const struct plan_record *plan)
{
	for (size_t i = 0; i < v->answers->by_key.n; i++) {
		const struct dns_answer *answer = dns_answers_at(v->answers, i);

		if (answer->question.via == DNS_RECURSION &&
		    answer->question.type == plan->type &&
		    str_eq(answer->question.name, plan->name))
			return dns_answer_negative_until(answer);
	}
	return 0;
}

struct life_seen life_see(const struct verdict *v, bool trust_resolver)
{
	struct life_seen seen = {0};
	size_t required = 0, verified = 0, undetermined = 0;

	for (size_t i = 0; i < v->record_count; i++) {
		const struct verdict_record *r = &v->records[i];
		int64_t until;

		if (!r->plan->required)
			continue;
		required++;
		verified += r->status == RECORD_VERIFIED;
		undetermined += r->status == RECORD_UNDETERMINED;
		seen.loss |= is_definitely_wrong(r, trust_resolver);
		if (r->status == RECORD_VERIFIED || !v->answers)
			continue;
		until = negative_until(v, r->plan);
		if (until > v->checked_at &&
		    (seen.negative_until == 0 || until < seen.negative_until))
			seen.negative_until = until;
	}
	if (verified == required)
		seen.kind = LIFE_SEEN_COMPLETE;
	else if (verified + undetermined == required)
		seen.kind = LIFE_SEEN_FAULTS;
	else if (verified)
		seen.kind = LIFE_SEEN_SOME;
	else
		seen.kind = undetermined ? LIFE_SEEN_FAULTS : LIFE_SEEN_NOTHING;
	return seen;
}
