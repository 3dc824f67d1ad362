/*
 * The zone cut of a name: which zone it lives in and who serves that zone (RFC 1034
 * §4.2.1). A delegated `_domainkey` is a cut like any other. Pure; asks by dns_ask().
 */
#pragma once

#include "dns/answer.h"

struct dns_server {
	struct str name;    /* canonical host name from the NS record */
	struct str address; /* as text; each address of a name is a server of its own */
};

struct dns_cut {
	struct str zone;       /* apex; empty while unknown */
	struct dns_records ns; /* its NS records */
	struct dns_server *servers;
	size_t server_count;
	const struct dns_answer
	        *found_by; /* the answer that showed the cut, or the fault */
};

/* The most addresses of one zone that are looked at. */
enum { DNS_CUT_SERVERS_MAX = 16 };

/*
 * Finds the cut that `name` lies in. With pending answers the result is partial, as
 * everywhere. A name that is itself a zone's apex belongs to that zone; a CNAME is not
 * followed. On a DNS fault `zone` is empty and `found_by` is that answer.
 */
struct dns_cut dns_cut_find(struct dns_answers *answers, struct str name);
/* Looks up the addresses of the cut's servers, at most DNS_CUT_SERVERS_MAX of them. */
void dns_cut_servers(struct arena *a, struct dns_answers *answers, struct dns_cut *cut);
/*
 * The same by the delegation, for a zone whose own servers fail: the servers of the
 * zone above are asked who they are. `servers` is filled too, from glue where there is
 * some; `found_by` is what the zone above said. `zone` is empty where nobody knows.
 */
struct dns_cut dns_cut_find_delegated(struct arena *a, struct dns_answers *answers,
                                      struct str name);
/* Of a zone whose apex is known: the servers that the zone above names, whoever the zone
 * itself names. Empty where that cannot be learned. */
struct dns_cut dns_cut_find_from_above(struct arena *a, struct dns_answers *answers,
                                       struct str zone);
