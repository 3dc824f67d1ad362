/* DMARC records from DNS, by both standards. */
#include "auth/dmarc_record.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};

	if (n > 64 * 1024)
		return 0;
	for (int standard = DMARC_RFC9989; standard <= DMARC_RFC7489; standard++) {
		struct dmarc_record r;
		bool is =
		        dmarc_record_parse(&a, text, (enum dmarc_standard)standard, &r);

		need(is == dmarc_record_is(text));
		if (!is)
			continue;
		need(r.is_usable == (r.p != DMARC_NO_POLICY));
		for (size_t i = 0; i < r.problems.n; i++)
			need(r.problems.v[i].at <= n);
		for (size_t i = 0; i < r.rua.n; i++)
			need(r.rua.v[i].at <= n);
	}
	return 0;
}
