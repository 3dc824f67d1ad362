/*
 * How a tracked link of a new message begins: which host, by HTTP or HTTPS, and why. The
 * one place that decides it (S1-26…28, S2-11); gate and API ask it, and it is pure:
 *
 *	struct link_choice choice = link_choice(&host, &operator_host);
 *	if (choice.scheme == LINK_NONE)
 *		(links stay as they are)
 *	else
 *		https://choice.host/click/…
 *
 * A link that would not open is never made. First the customer's own name by HTTPS; by
 * HTTP alone where the customer allows it and no HSTS policy forbids it; else the
 * operator's host of the region; else none.
 */
#pragma once

#include "life/tracking.h"

/* X(NAME, "code", "in words") */
#define LINK_CHOICES(X)                                                                \
	X(HTTPS, "https", "Links open by HTTPS on the own name.")                      \
	X(HTTP, "http_allowed", "HTTPS does not work yet; links by HTTP are allowed.") \
	X(NO_HOST, "no_host", "The domain has no tracking name.")                      \
	X(RETIRED, "retired", "The tracking name is retired.")                         \
	X(NOT_READY, "domain_not_verified", "The sending domain is not verified.")     \
	X(NOT_VERIFIED, "not_verified",                                                \
	  "The tracking name's record is not right yet.")                              \
	X(LOST, "lost", "The tracking name's record is no longer right.")              \
	X(DANGLING, "dangling", "The tracking name leads to what others may take.")    \
	X(NO_HTTPS, "https_red", "HTTPS does not work, and HTTP is not allowed.")      \
	X(NO_HTTP, "http_red", "Neither HTTPS nor HTTP works.")

enum link_reason {
#define X(name, code, text) LINK_REASON_##name,
	LINK_CHOICES(X)
#undef X
	        LINK_REASON_COUNT,
};

enum link_scheme { LINK_NONE, LINK_HTTP, LINK_HTTPS };

/* A tracking name as it stands. */
struct link_host {
	struct str name; /* empty: there is none */
	struct tracking state;
	bool is_retired, http_allowed;
};

struct link_choice {
	enum link_scheme scheme;
	struct str host;         /* empty with LINK_NONE */
	bool is_own;             /* the customer's name, not the operator's */
	enum link_reason reason; /* of the own name: why it was taken, or why not */
};

/* `operator_host` may be NULL: there is none. */
struct link_choice link_choice(const struct link_host *own,
                               const struct link_host *operator_host);

/* "https", "http", "none" */
const char *link_scheme_name(enum link_scheme scheme);
const char *link_reason_code(enum link_reason reason);
const char *link_reason_text(enum link_reason reason);
