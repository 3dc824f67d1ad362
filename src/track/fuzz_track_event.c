/* A record of an event: what can be read is written again as the same bytes, and every
 * judgement of it can be made. */
#include "fuzz.h"
#include "track/classify.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char again[TRACK_RECORD_MAX];
	struct track_event e;

	if (!track_event_decode((struct str){(const char *)bytes, n}, &e))
		return 0;
	need(track_event_encode(&e, again) == n && memcmp(again, bytes, n) == 0);
	need(track_type_name(e.type) && track_method_name(e.method));
	need(track_verdict(looks_automated(NULL, &e)) < TRACK_VERDICTS);
	(void)source_of(track_ip_apply(TRACK_IP_TRUNCATED, e.ip), e.agent);
	return 0;
}
