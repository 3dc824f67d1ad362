/* What uacme prints holds words of authorities and of whoever answers for a host. */
#include "fuzz.h"

#include "acme/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) a = {0};
	struct acme_report r =
	        acme_report_read(&a, (struct str){(const char *)data, n}, 1000);

	need(r.kind > ACME_NONE && r.kind < ACME_FAILURE_COUNT);
	need(r.text.n <= ACME_REPORT_TEXT_MAX);
	need(r.retry_at >= 0);
	for (size_t i = 0; i < r.text.n; i++)
		need((unsigned char)r.text.p[i] >= ' ');
	return 0;
}
