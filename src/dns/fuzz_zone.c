/* Zone text from a file of the user; what was read must answer any question. */
#include "dns/zone.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct dns_zone zone = dns_zone_init(&a);
	struct dns_question q = {STR("www.acme.example"), DNS_TXT, DNS_RECURSION,
	                         STR_NONE};
	struct dns_answer answer;
	struct err err;

	if (n > 64 * 1024 ||
	    !dns_zone_parse(&zone, (struct str){(const char *)bytes, n}, &err))
		return 0;
	dns_zone_answer(&zone, &a, &q, &answer);
	need(answer.status != DNS_PENDING);
	for (size_t i = 0; i < zone.names.n && i < 100; i++) {
		uint8_t wire[DNS_NAME_WIRE_MAX];
		struct str again;
		size_t used;
		size_t length = dns_name_encode(zone.names.entries[i].key, wire);

		need(dns_name_decode(&a, (struct str){(char *)wire, length}, &again,
		                     &used));
		need(str_eq(again, zone.names.entries[i].key));
		q.name = zone.names.entries[i].key;
		dns_zone_answer(&zone, &a, &q, &answer);
	}
	return 0;
}
