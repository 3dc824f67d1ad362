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
static void look_up_server(struct arena *a, struct dns_answers *answers,
                           struct dns_cut *cut, struct str name)
{
	const struct dns_answer *answer = dns_ask(answers, name, DNS_A);

	if (dns_answer_is_negative(answer))
		answer = dns_ask(answers, name, DNS_AAAA);
	for (size_t i = 0; i < answer->records.n; i++)
		add_server(a, cut, name, answer->records.v[i].ip);
}

void dns_cut_servers(struct arena *a, struct dns_answers *answers, struct dns_cut *cut)
{
	for (size_t i = 0; i < cut->ns.n; i++)
		look_up_server(a, answers, cut, cut->ns.v[i].target);
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

/* The nearest name at or above whose NS question has a definite answer; all are asked
 * at once, since each that fails takes its time. Empty while any is pending. */
static struct str find_answering(struct dns_answers *answers, struct str name)
{
	struct str nearest = STR_NONE;
	bool is_pending = false;

	for (struct str at = name;; at = dns_name_parent(at)) {
		const struct dns_answer *answer = dns_ask(answers, at, DNS_NS);

		is_pending = is_pending || answer->status == DNS_PENDING;
		if (nearest.n == 0 && dns_answer_is_definite(answer))
			nearest = at;
		if (dns_name_is_root(at))
			return is_pending ? STR_NONE : nearest;
	}
}

/*
 * What one server of the zone above says of the delegation on the way to `name`: a
 * referral, or, where it serves both zones, the NS records themselves; negative where
 * the name lies in the zone above.
 */
static const struct dns_answer *ask_delegation(struct dns_answers *answers,
                                               struct str above, struct str server,
                                               struct str name)
{
	const struct dns_answer *answer =
	        dns_ask_server(answers, DNS_AUTHORITY, server, name, DNS_NS);

	while (answer->chain.n && !str_eq(name, above)) {
		name = dns_name_parent(name);
		answer = dns_ask_server(answers, DNS_AUTHORITY, server, name, DNS_NS);
	}
	if (dns_answer_is_negative(answer) && answer->soa &&
	    !str_eq(answer->soa->owner, above) &&
	    dns_name_is_within(name, answer->soa->owner))
		return dns_ask_server(answers, DNS_AUTHORITY, server,
		                      answer->soa->owner, DNS_NS);
	return answer;
}

/* The NS records of a delegation from `above` on the way to `name`; none otherwise. */
static struct dns_records delegation_in(const struct dns_answer *answer,
                                        struct str above, struct str name)
{
	struct dns_records ns =
	        answer->status == DNS_REFERRAL ? answer->authority : answer->records;
	struct str zone = ns.n ? ns.v[0].owner : above;

	if (str_eq(zone, above) || !dns_name_is_within(zone, above) ||
	    !dns_name_is_within(name, zone))
		ns.n = 0;
	return ns;
}

static void add_delegated(struct arena *a, struct dns_answers *answers,
                          struct dns_cut *cut, const struct dns_records *glue)
{
	for (size_t i = 0; i < cut->ns.n; i++) {
		struct str name = cut->ns.v[i].target;
		size_t before = cut->server_count;

		for (size_t j = 0; j < glue->n; j++)
			if (glue->v[j].type == DNS_A && str_eq(glue->v[j].owner, name))
				add_server(a, cut, name, glue->v[j].ip);
		if (cut->server_count == before)
			look_up_server(a, answers, cut, name);
	}
}

/* Fills the cut from the first server of the zone above that knows of a delegation. */
static void ask_above(struct arena *a, struct dns_answers *answers,
                      struct dns_cut *above, struct str name, struct dns_cut *cut)
{
	enum { ASKED_MAX = 3 };

	dns_cut_servers(a, answers, above);
	for (size_t i = 0; i < above->server_count && i < ASKED_MAX; i++) {
		const struct dns_answer *answer = ask_delegation(
		        answers, above->zone, above->servers[i].address, name);

		if (answer->status == DNS_PENDING)
			return;
		if (dns_answer_is_negative(answer)) {
			*cut = *above;
			return;
		}
		cut->ns = delegation_in(answer, above->zone, name);
		if (cut->ns.n == 0)
			continue;
		cut->zone = cut->ns.v[0].owner;
		cut->found_by = answer;
		add_delegated(a, answers, cut, &answer->glue);
		return;
	}
}

struct dns_cut dns_cut_find_delegated(struct arena *a, struct dns_answers *answers,
                                      struct str name)
{
	struct dns_cut cut = {.found_by = dns_ask(answers, name, DNS_NS)};
	struct str answering = find_answering(answers, name);
	struct dns_cut above;

	if (answering.n == 0)
		return cut;
	above = dns_cut_find(answers, answering);
	ask_above(a, answers, &above, name, &cut);
	return cut;
}

struct dns_cut dns_cut_find_from_above(struct arena *a, struct dns_answers *answers,
                                       struct str zone)
{
	struct dns_cut cut = {0};
	struct dns_cut above;

	if (zone.n == 0 || dns_name_is_root(zone))
		return cut;
	above = dns_cut_find(answers, dns_name_parent(zone));
	ask_above(a, answers, &above, zone, &cut);
	return str_eq(cut.zone, zone) ? cut : (struct dns_cut){0};
}
