/* What servers of strangers say to a probe: the text of an edge, and an HSTS value. Only the
 * right proof makes an answer ours. */
#include "core/tracking_probe.h"
#include "fetch/fetch_async.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str bytes = {(const char *)data, size};
	AUTO(arena) a = {0};
	struct link_probe p = {0};
	bool subs;

	if (probe_read(&a, bytes, STR("0123456789abcdef"), &p)) {
		need(p.is_ours);
		need(str_find(bytes, STR("0123456789abcdef")) > 0);
		need(str_find_char(p.host, '\n') < 0 &&
		     str_find_char(p.number, '\n') < 0);
	} else {
		need(!p.is_ours);
	}
	need(fetch_hsts(bytes, &subs) >= 0);
	if (subs)
		need(str_find_nocase(bytes, STR("includeSubDomains")) >= 0);
	return 0;
}
