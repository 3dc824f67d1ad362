#include "dns/cut.h"

/*
 * One step of the walk up: the next name to ask for NS. An authority SOA names the zone
 * at once; without one, or where it does not help, the next label up is tried.
 */
static struct str step_up(const struct dns_answer *answer, struct str at)
{
	if (answer->soa && answer->chain.n == 0 && !str_eq(answer->soa->owner, at) &&
	    dns_name_is_within(at, answer->soa->owner))
		return answer->soa->owner;
	return dns_name_parent(at);
}

static void add_server(struct arena *a, struct dns_cut *cut, struct str name,
                       struct ip ip)
{
	if (cut->server_count == DNS_CUT_SERVERS_MAX)
		return;
	if (!cut->servers)
		cut->servers = ARENA_ARRAY(a, struct dns_server, DNS_CUT_SERVERS_MAX);
	cut->servers[cut->server_count++] = (struct dns_server){name, ip_format(a, ip)};
}

/*
 * IPv6 is only used for a server that has no IPv4 address, so that a host without IPv6
 * does not take every server for dead.
 */
void dns_cut_servers(struct arena *a, struct dns_answers *answers, struct dns_cut *cut)
{
	for (size_t i = 0; i < cut->ns.n; i++) {
		struct str name = cut->ns.v[i].target;
		const struct dns_answer *answer = dns_ask(answers, name, DNS_A);

		if (dns_answer_is_negative(answer))
			answer = dns_ask(answers, name, DNS_AAAA);
		for (size_t j = 0; j < answer->records.n; j++)
			add_server(a, cut, name, answer->records.v[j].ip);
	}
}

struct dns_cut dns_cut_find(struct dns_answers *answers, struct str name)
{
	struct dns_cut cut = {0};
	struct str at = name;

	for (;;) {
		cut.found_by = dns_ask(answers, at, DNS_NS);
		if (!dns_answer_is_definite(cut.found_by))
			return cut;
		if (cut.found_by->status == DNS_FOUND && cut.found_by->chain.n == 0)
			break;
		if (dns_name_is_root(at))
			return cut;
		at = step_up(cut.found_by, at);
	}
	cut.zone = at;
	cut.ns = cut.found_by->records;
	return cut;
}
