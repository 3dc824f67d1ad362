/* DNS responses from anywhere: the first byte chooses the way the question went. */
#include "dns/message.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct dns_question q = {STR("acme.example"), DNS_TXT, DNS_RECURSION, STR_NONE};
	static const enum dns_type types[] = {DNS_TXT, DNS_MX, DNS_CNAME, DNS_A,
	                                      DNS_SOA};
	struct dns_answer answer;
	bool truncated;

	if (n == 0)
		return 0;
	q.via = bytes[0] & 1 ? DNS_AUTHORITY : DNS_RECURSION;
	q.type = types[bytes[0] / 2 % LEN(types)];
	dns_message_decode(&a, &q, (struct str){(const char *)bytes + 1, n - 1},
	                   &answer, &truncated);
	need(answer.status != DNS_PENDING);
	need((answer.status == DNS_FOUND) == (answer.records.n > 0) ||
	     dns_answer_is_fault(&answer) || answer.status == DNS_NXDOMAIN);
	for (size_t i = 0; i < answer.records.n; i++) {
		uint8_t wire[DNS_NAME_WIRE_MAX];

		need(answer.records.v[i].type == q.type);
		need(dns_name_encode(answer.records.v[i].owner, wire) > 0);
		dns_record_format(&a, &answer.records.v[i]);
	}
	return 0;
}
