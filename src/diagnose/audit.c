#include "diagnose/audit.h"

#include "diagnose/diagnose.h"

struct verdict *audit_check(struct check_input *in, const struct audit_request *request)
{
	struct profile *profile = ARENA_NEW(in->a, struct profile);
	struct plan plan = {.profile = profile, .domain = request->domain};
	struct check_input own = *in;
	struct verdict *v;

	own.plan = &plan;
	v = diagnose_check(&own);
	v->status = DOMAIN_AUDITED;
	return v;
}
