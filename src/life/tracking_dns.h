/*
 * What DNS says about a tracking name: one pure function that asks through the answers it
 * is lent (dns/answer.h) and is run until nothing is pending.
 *
 *	struct tracking_look look = {.mode = TRACKING_MODE_MANAGED, .name = name, …};
 *	struct tracking_sight s = tracking_dns_see(&in, &look);	(again while pending)
 *
 * A managed name is judged as the tracking record of a domain is: by meaning, through
 * chains and flattening, at every authoritative server, with the same rules to say what is
 * wrong (S2-17…22, S0-26). Of a name at a CDN only where it leads is judged; the rest is
 * for the probes. A host of the operator needs addresses.
 *
 * Beside that: the addresses to probe; those of the names above, up to the organization,
 * whose HSTS policy would bind this one; and block-lists (RFC 5782).
 */
#pragma once

#include "diagnose/diagnose.h"
#include "life/tracking.h"

enum { TRACKING_ADDRESSES_MAX = 8, TRACKING_PARENTS_MAX = 4 };

struct tracking_look {
	enum tracking_mode mode;
	struct str name, target; /* target: of a managed name */
	struct str organization; /* of the name: "acme.example" */
	const struct str *lists; /* zones of block-lists */
	size_t list_count;
	bool was_right;      /* then servers that disagree demote nothing */
	bool trust_resolver; /* its word counts as that of the authoritative servers */
	bool wants_parents;
};

struct tracking_host {
	struct str name;
	struct ip addresses[TRACKING_ADDRESSES_MAX];
	size_t n;
};

struct tracking_sight {
	enum tracking_dns dns;
	bool is_dangling;
	bool is_plain; /* no CNAME stands there: it has addresses of its own */
	int64_t negative_until;
	const struct verdict *verdict; /* of a managed name: one record */
	struct str code, message, fix; /* of the others, where it is not right */
	struct tracking_host host, parents[TRACKING_PARENTS_MAX];
	size_t parent_count;
	bool is_parent_unsure; /* of one of them DNS does not say whether it is there */
	enum tracking_list listed;
	struct str listed_name, listed_zone, listed_as; /* as: "127.0.0.2" */
};

/* `in` as for diagnose_check(), but that `plan` is made here. What is in the sight lives in
 * in->a or refers to the answers. */
struct tracking_sight tracking_dns_see(struct check_input *in,
                                       const struct tracking_look *look);
