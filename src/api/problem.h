/*
 * Errors of the API as problem documents (RFC 9457, application/problem+json). Each has a
 * row in one table: status, code, title. A program goes by `code`, a person reads
 * `detail`; what is wrong with members of the body or parameters of the query stands in
 * `errors`, each with a JSON pointer (RFC 6901) or the name of the parameter.
 *
 *	{"type":"/docs/api.md#domain_is_public_suffix","title":"…","status":422,
 *	 "code":"validation_failed","detail":"…",
 *	 "errors":[{"pointer":"/name","code":"domain_is_public_suffix","detail":"…"}]}
 *
 * The list of errors is bounded: a body with a thousand mistakes is told the first.
 */
#pragma once

#include "base/json.h"

#define PROBLEMS(X)                                                                    \
	X(MALFORMED, 400, "malformed", "The request cannot be read")                   \
	X(JSON, 400, "json_invalid", "The body is not valid JSON")                     \
	X(NO_KEY, 401, "key_missing", "A key is needed")                               \
	X(BAD_KEY, 401, "key_invalid", "The key is not known or was revoked")          \
	X(BAD_LOGIN, 401, "login_failed", "Address or password is wrong")              \
	X(SCOPE, 403, "scope_missing", "The key does not allow this")                  \
	X(BOUND, 403, "key_bound", "The key is bound to one domain")                   \
	X(OPERATOR, 403, "operator_only", "Only an operator may do this")              \
	X(ACCOUNT_CLOSED, 403, "account_closed", "The account is closed")              \
	X(NOT_FOUND, 404, "not_found", "There is no such thing")                       \
	X(NO_ROUTE, 404, "route_unknown", "There is no such address")                  \
	X(METHOD, 405, "method_not_allowed", "The method is not allowed here")         \
	X(CONFLICT, 409, "conflict", "This is not possible in the present state")      \
	X(DUPLICATE, 409, "duplicate", "It exists already")                            \
	X(IN_PROGRESS, 409, "idempotency_in_progress",                                 \
	  "A request with this Idempotency-Key is under way")                          \
	X(TOO_LARGE, 413, "body_too_large", "The body is too large")                   \
	X(MEDIA_TYPE, 415, "media_type", "The body must be application/json")          \
	X(INVALID, 422, "validation_failed", "Some values do not fit")                 \
	X(KEY_REUSED, 422, "idempotency_key_reused",                                   \
	  "The Idempotency-Key belongs to another request")                            \
	X(RATE, 429, "rate_limited", "Too many requests")                              \
	X(INTERNAL, 500, "internal", "Something went wrong here")                      \
	X(UNAVAILABLE, 503, "unavailable", "A part of the service does not answer")

enum problem {
#define X(name, status, code, title) PROBLEM_##name,
	PROBLEMS(X)
#undef X
	        PROBLEM_COUNT,
};

/* What one member or parameter gets wrong: the codes of `errors`. */
#define FIELD_ERRORS(X)                                                                \
	X(REQUIRED, "required", "The member is missing")                               \
	X(UNKNOWN, "unknown_member", "Nobody knows this member or parameter")          \
	X(TYPE, "wrong_type", "The value is of another type")                          \
	X(TOO_LONG, "too_long", "The value is too long or too large")                  \
	X(TOO_SHORT, "too_short", "The value is too short or too small")               \
	X(NOT_ALLOWED, "not_allowed", "The value is none of those possible")           \
	X(FORM, "bad_form", "The value does not have the form it should have")         \
	X(DOMAIN_FORM, "domain_invalid", "This is no domain name to send from")        \
	X(PUBLIC_SUFFIX, "domain_is_public_suffix",                                    \
	  "Under this name others register domains; it cannot be one customer's")      \
	X(IP, "domain_is_address", "This is an IP address")                            \
	X(MIXED, "domain_mixed_scripts",                                               \
	  "A label mixes letters of several scripts, as look-alike names do")          \
	X(EXISTS, "duplicate", "It exists already")                                    \
	X(NO_SUCH, "no_such", "It names something that is not there")                  \
	X(RESERVED, "reserved", "This installation sets the value itself")

enum field_error {
#define X(name, code, title) FIELD_##name,
	FIELD_ERRORS(X)
#undef X
	        FIELD_ERROR_COUNT,
};

enum { PROBLEM_ERRORS_MAX = 20 };

struct problem_row {
	unsigned status;
	const char *code, *title;
};

struct field_error_row {
	const char *code, *title;
};

struct problem_error {
	bool is_parameter; /* of the query or a header: `at` is its name */
	struct str at;     /* else a JSON pointer, "" for the whole body */
	enum field_error code;
	struct str detail; /* a sentence */
};

struct problem_errors {
	struct problem_error v[PROBLEM_ERRORS_MAX];
	size_t n;
};

const struct problem_row *problem_row(enum problem p);
const struct field_error_row *field_error_row(enum field_error e);
/* Adds one; what is more than PROBLEM_ERRORS_MAX is dropped. */
void problem_add(struct problem_errors *errors, bool is_parameter, struct str at,
                 enum field_error code, struct str detail);
/* The document. `errors` may be NULL; an empty detail is the title. */
json_t *problem_json(enum problem p, struct str detail,
                     const struct problem_errors *errors);
/* `name` behind `pointer`, with "~" and "/" escaped (RFC 6901 §3). */
struct str problem_pointer(struct arena *a, struct str pointer, const char *name);
