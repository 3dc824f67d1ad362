#include "dns/chain.h"

bool dns_chain_has(const struct dns_chain *chain, struct str name)
{
	for (size_t i = 0; i < chain->n; i++)
		if (str_eq(chain->names[i], name))
			return true;
	return false;
}

static enum dns_chain_end end_of(const struct dns_answer *answer)
{
	if (answer->status == DNS_PENDING)
		return DNS_CHAIN_PENDING;
	if (answer->status == DNS_NODATA)
		return DNS_CHAIN_ENDS;
	return answer->status == DNS_NXDOMAIN ? DNS_CHAIN_GONE : DNS_CHAIN_FAULT;
}

struct dns_chain dns_chain_walk(struct dns_answers *answers, struct str name)
{
	struct dns_chain chain = {.names = {name}, .n = 1};

	for (;;) {
		struct str at = chain.names[chain.n - 1];
		const struct dns_answer *answer = dns_ask(answers, at, DNS_CNAME);
		bool seen;

		chain.answers[chain.answer_count++] = answer;
		if (answer->status != DNS_FOUND) {
			chain.end = end_of(answer);
			return chain;
		}
		if (chain.n > DNS_CHAIN_MAX) {
			chain.end = DNS_CHAIN_TOO_LONG;
			return chain;
		}
		seen = dns_chain_has(&chain, answer->records.v[0].target);
		chain.names[chain.n++] = answer->records.v[0].target;
		if (seen) {
			chain.end = DNS_CHAIN_LOOPS;
			return chain;
		}
	}
}
