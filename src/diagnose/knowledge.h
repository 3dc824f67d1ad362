/*
 * What a check works from: the plan, the DNS answers, and what Signet knows about the
 * world as data. One struct, lent to everything below the check.
 */
#pragma once

#include "diagnose/caa.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/provider.h"
#include "plan/service.h"

struct suffixes; /* the public suffix list, auth/suffix.h */

struct knowledge {
	const struct providers *providers;
	const struct services *services;
	const struct networks *networks;
	const struct suffixes *suffixes;
	struct caa_issuer issuer; /* of tracking names; its names are lent */
};

/* Which authoritative servers are asked besides the resolver. */
enum server_views {
	SERVERS_NONE,     /* none: every question goes to --dns */
	SERVERS_IF_WRONG, /* where the resolver's answer does not verify the record */
	SERVERS_ALL,      /* always */
};

struct check_input {
	struct arena *a;             /* of this pass */
	struct dns_answers *answers; /* across passes */
	const struct plan *plan;
	const struct knowledge *know;
	enum server_views servers;
	bool thorough; /* look closely at what is right, too: costs more questions */
	bool records_only;           /* nothing is said of the domain as a whole */
	const struct str *resolvers; /* "ADDR[:PORT]" of the public resolvers to ask */
	size_t resolver_count;
	const struct str
	        *retired_keys; /* base64 `p=` of keys of ours that are retired */
	size_t retired_key_count;
	int64_t now;
};
