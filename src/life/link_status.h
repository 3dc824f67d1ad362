/*
 * Whether links of a tracking name would open: what a round of probes has seen becomes two
 * lights (S1-26…28) and a verdict for each thing that matters, with what to do about it
 * (S0-22). Pure; core/tracking_look.c makes the probes.
 *
 *	struct link_status s = link_status(&a, &facts);
 *	s.https == TRACKING_GREEN: links by HTTPS open
 *
 * A probe asks for a fresh nonce under /.well-known/; only our own edge knows what to
 * answer, so an answer proves that the name reaches us. Each answer carries a number of
 * its own: two that are equal came out of a cache.
 *
 * A light is that of the best way to the name (link_way.h). A way that is worse makes none
 * red: it is a verdict of its own, in amber, with the address.
 */
#pragma once

#include "life/hsts.h"
#include "life/link_way.h"
#include "life/tracking.h"

/* X(NAME, "code", "what it says") */
#define LINK_CHECKS(X)                                                                 \
	X(HTTP, "http", "the name is reached by HTTP")                                 \
	X(HSTS, "hsts", "HSTS forbids no HTTP, or HTTPS works")                        \
	X(CERTIFICATE, "certificate", "the certificate is valid for the name")         \
	X(HTTPS, "https", "the edge is reached by HTTPS")                              \
	X(ADDRESSES, "addresses", "every address of the name answers alike")           \
	X(FORWARDS_HOST, "forwards_host", "the CDN forwards the Host header")          \
	X(FORCES_HTTPS, "forces_https", "HTTP is redirected to HTTPS")                 \
	X(NOT_CACHED, "not_cached", "the CDN does not cache")

enum link_check {
#define X(name, code, text) LINK_CHECK_##name,
	LINK_CHECKS(X)
#undef X
	        LINK_CHECK_COUNT,
};

struct link_facts {
	enum tracking_mode mode;
	struct str name, origin; /* origin: where a CDN has to fetch from */
	struct link_probe http, https, https_again; /* the last of own_cdn alone */
	struct link_certificate certificate;
	struct link_way ways[LINK_WAYS_MAX];
	size_t way_count;
	bool skips_hsts; /* nobody looked for a policy this time */
	bool has_hsts;
	struct str hsts_by;      /* the name that set it */
	struct str preloaded_by; /* a suffix of browsers' own list; empty: none */
	struct hsts_memory hsts; /* of the names above */
	int64_t now;
};

struct link_verdict {
	enum link_check check;
	enum tracking_light light;
	struct str message, fix; /* fix is empty where there is nothing to do */
};

struct link_status {
	enum tracking_light http, https;
	struct link_verdict v[LINK_CHECK_COUNT];
	size_t n;
};

/* http, https and certificate become those of the best ways. */
void link_facts_choose(struct link_facts *facts);
/* What is in it lives in the arena, or refers to the facts. */
struct link_status link_status(struct arena *a, const struct link_facts *facts);
const char *link_check_code(enum link_check check);
/* "the name is reached by HTTP" */
const char *link_check_text(enum link_check check);
