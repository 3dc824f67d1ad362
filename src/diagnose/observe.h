/*
 * Observation: one planned record looked at through every view there is. The resolver's
 * answer first, then each authoritative server of the name's own zone cut, then each
 * public resolver that was named; and what they say together (DESIGN.md, "Domain life
 * cycle", record status).
 */
#pragma once

#include "diagnose/compare.h"
#include "diagnose/knowledge.h"
#include "diagnose/verdict.h"
#include "dns/cut.h"

struct view {
	struct str server; /* host name of the server, or the resolver's address */
	const struct dns_answer *answer;
	enum compare_result result;
	const struct dns_answer *fault; /* of COMPARE_FAULT: this answer, or another */
};

struct views {
	struct view *v;
	size_t n;
	size_t match;  /* how many have the record */
	size_t differ; /* how many definitely do not */
	size_t fault;  /* how many gave no answer to rely on */
};

struct observation {
	const struct plan_record *plan;
	const struct dns_answer
	        *answer;        /* of the resolver; where it was behind: `kept` */
	struct comparison seen; /* in that answer */
	const struct dns_answer
	        *kept;        /* what the resolver says while all servers have the
	                                  record, `answer` is then one of theirs; or NULL */
	struct dns_cut cut;   /* of the name */
	struct views servers; /* empty where not asked */
	struct views resolvers;
	const struct dns_answer *fault; /* why it is undetermined, else NULL */
	enum record_status status;
};

/* Looks at one row of the plan. Pending answers make it provisional. */
struct observation observe(struct check_input *in, const struct plan_record *row);

/*
 * The cut of a name. Where the zone's own servers fail, its parent's are asked who they
 * are, unless the check asks no authoritative servers.
 */
struct dns_cut observe_cut(struct check_input *in, struct str name);
/* The same; where nobody tells, the nearest cut above that is known. */
struct dns_cut observe_nearest_cut(struct check_input *in, struct str name);
/* What each server of a cut says to any question; `result` is not set. */
struct views observe_servers(struct check_input *in, struct dns_cut *cut,
                             struct str name, enum dns_type type);
/* The type that the target of a CNAME of this purpose is there for. */
enum dns_type observe_target_type(enum plan_purpose purpose);
