/*
 * Paths and queries of request targets (RFC 3986). Pure.
 *
 *	struct str id[1];
 *	if (http_path_match(STR("/v1/domains/{id}/verify"), r->path, id, LEN(id)) &&
 *	    http_percent_decode(r->a, id[0], &name))
 *		verify(name);
 *
 * Paths are matched as they were sent, segment by segment, and decoded afterwards: so an
 * escaped slash in a name never makes two segments of one. A path has one spelling:
 * literal segments match byte by byte, "/v1/domains/" and "/v1//domains" are not
 * "/v1/domains", and "." and ".." are names like any other (but captured by no pattern).
 */
#pragma once

#include "base/arena.h"

enum { HTTP_PARAMS_MAX = 64 };

struct http_param {
	struct str name, value; /* decoded */
};

struct http_params {
	struct http_param *v;
	size_t n, cap;
};

/* The bytes that %41 and the like stand for. The view itself where nothing is escaped.
 * False where a "%" is not followed by two hexadecimal digits, or stands for NUL. */
NODISCARD bool http_percent_decode(struct arena *a, struct str raw, struct str *out);
/* Everything but RFC 3986 "unreserved" escaped, for a segment or a query value. */
struct str http_percent_encode(struct arena *a, struct str text);

/* Whether the path has the form of the pattern: "{id}" is one segment that is not empty,
 * "." or "..", "{path*}" at the end is the rest with its slashes, maybe empty. *captures
 * gets what stands there, raw, in order; it must have room for all (`captures_max`). */
bool http_path_match(struct str pattern, struct str path, struct str *captures,
                     size_t captures_max);
/* How many captures a pattern has. */
size_t http_path_capture_count(struct str pattern);

/* "a=1&b=x%20y&c": name and value decoded, "+" as blank, in their order, names that come
 * twice twice; parts that are empty are left out. False where a part cannot be decoded or
 * there are more than HTTP_PARAMS_MAX. For bodies of forms also. */
NODISCARD bool http_query_parse(struct arena *a, struct str query,
                                struct http_params *out);
/* The first of this name, or NULL. */
const struct http_param *http_params_find(const struct http_params *params,
                                          struct str name);
