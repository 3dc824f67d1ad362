/* What a look at a tracking domain saw, as the JSON that is kept with it and shown by the
 * API. Private to src/core. */
#pragma once

#include "life/link_status.h"
#include "life/tracking_dns.h"

struct tracking_seen_input {
	const struct tracking_sight *sight;
	const struct link_facts *facts; /* NULL: nothing was probed */
	const struct link_status *links;
	struct str
	        site; /* a web server that answers where our name should be; or empty */
	struct hsts_memory hsts;
	int64_t now;
};

struct str tracking_seen_text(struct arena *a, const struct tracking_seen_input *in);
/* What such a text remembers of HSTS; nothing where it is none. */
struct hsts_memory tracking_seen_hsts(struct arena *a, struct str text);
/* The one sentence about why it is not as it should be; empty where all is well. */
struct str tracking_seen_reason(const struct tracking_seen_input *in);
