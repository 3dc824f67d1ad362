/*
 * Where a CNAME leads, one step at a time. A resolver only tells the end of a chain, or
 * SERVFAIL where there is none; asking each name for its CNAME shows every step, also
 * those of a circle. Pure; asks by dns_ask().
 *
 *	struct dns_chain chain = dns_chain_walk(answers, STR("track.acme.example"));
 *	if (chain.end == DNS_CHAIN_GONE)
 *		chain.names[chain.n - 1] does not exist
 */
#pragma once

#include "dns/answer.h"

enum { DNS_CHAIN_MAX = 10 };

enum dns_chain_end {
	DNS_CHAIN_PENDING,
	DNS_CHAIN_ENDS,     /* the last name exists and is no CNAME */
	DNS_CHAIN_GONE,     /* the last name does not exist */
	DNS_CHAIN_LOOPS,    /* the last name stands in the chain before */
	DNS_CHAIN_TOO_LONG, /* more than DNS_CHAIN_MAX steps: resolvers give up too */
	DNS_CHAIN_FAULT,    /* a DNS fault: where it leads is not known */
};

struct dns_chain {
	struct str names[DNS_CHAIN_MAX + 1]; /* where it begins, then each target */
	size_t n;
	const struct dns_answer *answers[DNS_CHAIN_MAX + 1]; /* on each name's CNAME */
	size_t answer_count; /* n, or one less where the last was not asked */
	enum dns_chain_end end;
};

struct dns_chain dns_chain_walk(struct dns_answers *answers, struct str name);
bool dns_chain_has(const struct dns_chain *chain, struct str name);
