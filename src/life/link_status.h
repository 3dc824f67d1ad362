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
 */
#pragma once

#include "life/tracking.h"
#include "base/arena.h"

/* X(NAME, "code", "what it says") */
#define LINK_CHECKS(X)                                                                 \
	X(HTTP, "http", "the name is reached by HTTP")                                 \
	X(HSTS, "hsts", "no HSTS policy forbids HTTP")                                 \
	X(CERTIFICATE, "certificate", "the certificate is valid for the name")         \
	X(HTTPS, "https", "the edge is reached by HTTPS")                              \
	X(FORWARDS_HOST, "forwards_host", "the CDN forwards the Host header")          \
	X(FORCES_HTTPS, "forces_https", "HTTP is redirected to HTTPS")                 \
	X(NOT_CACHED, "not_cached", "the CDN does not cache")

enum link_check {
#define X(name, code, text) LINK_CHECK_##name,
	LINK_CHECKS(X)
#undef X
	        LINK_CHECK_COUNT,
};

enum link_reach {
	LINK_NOT_ASKED,
	LINK_FAULT,       /* a fault of our own: nothing is concluded */
	LINK_UNREACHABLE, /* no connection, no HTTP, no handshake: see `why` */
	LINK_ANSWERED,
};

/* What one GET for the nonce came to. */
struct link_probe {
	enum link_reach reach;
	struct str why, from; /* words; the address that was talked to */
	int status;
	struct str location, server;
	bool is_ours;            /* the nonce was answered by our edge */
	struct str host, scheme; /* as the edge saw them; scheme may be empty */
	struct str number;       /* of the answer */
};

struct link_certificate {
	bool is_seen, is_valid;
	struct str why, names, issuer;
	int64_t not_after;
};

struct link_facts {
	enum tracking_mode mode;
	struct str name, origin; /* origin: where a CDN has to fetch from */
	struct link_probe http, https, https_again; /* the last of own_cdn alone */
	struct link_certificate certificate;
	bool skips_hsts; /* nobody looked for a policy this time */
	bool has_hsts;
	struct str hsts_by; /* the name that set it */
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

/* What is in it lives in the arena, or refers to the facts. */
struct link_status link_status(struct arena *a, const struct link_facts *facts);
const char *link_check_code(enum link_check check);
