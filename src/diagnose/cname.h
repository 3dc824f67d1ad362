/*
 * What stands at a name where a CNAME is planned. All rules about CNAMEs ask this one
 * function, so that what one of them says excludes what the others would say:
 *
 *	struct cname_sight s = cname_look(c);
 *	if (s.kind == CNAME_PROXIED)
 *		… s.network->name, s.here->records
 *
 * A name that a wildcard answers for holds nothing. While the servers of the zone
 * disagree or a DNS fault is in the way, the kind is CNAME_UNKNOWN.
 */
#pragma once

#include "diagnose/rule.h"
#include "dns/chain.h"

enum cname_kind {
	CNAME_UNKNOWN,
	CNAME_NOTHING,
	/* a CNAME stands there */
	CNAME_RIGHT,     /* it leads to the target, maybe by others */
	CNAME_LOOP,      /* it leads back to itself */
	CNAME_SPOILED,   /* its target is the planned one as a panel spoiled it */
	CNAME_GONE,      /* it leads to a name that does not exist */
	CNAME_OWN_SITE,  /* it leads to the domain's own web site */
	CNAME_SERVICE,   /* it leads to a known service, not the planned one */
	CNAME_ELSEWHERE, /* it leads to another name */
	/* no CNAME stands there */
	CNAME_APEX,      /* the name is the apex of a zone */
	CNAME_FLATTENED, /* it has the target's addresses */
	CNAME_MAIL,      /* a tracking name that has MX records */
	CNAME_PROXIED,   /* it has addresses of proxies alone */
	CNAME_SITE,      /* a tracking name with an address of the domain's web site */
	CNAME_TEXT,    /* a tracking name with TXT records that do not mean this one */
	CNAME_ADDRESS, /* it has other addresses */
	CNAME_TXT_VALUE, /* a TXT record holds the target */
};

struct cname_sight {
	enum cname_kind kind;
	struct dns_chain chain; /* of a CNAME that is not right: from the name on */
	const struct dns_answer *here; /* the records that are there instead, or NULL */
	const struct dns_answer *site; /* of CNAME_SITE: the web site's addresses */
	struct str service;            /* its name, where one is recognised */
	const struct network *network; /* of CNAME_PROXIED: that of the first address */
};

/* For a planned CNAME; of other rows the kind is CNAME_UNKNOWN. */
struct cname_sight cname_look(const struct rule_case *c);

/*
 * Whether a target is `wanted` as a panel may have spoiled it: the zone stands behind it,
 * or there are bytes that no host name has (quotes, blanks). The value.* rules tell how.
 */
bool cname_is_spoiled(const struct rule_case *c, struct str target, struct str wanted);
