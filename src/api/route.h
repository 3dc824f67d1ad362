/*
 * Every route of the API is one row of one table (routes.c): from it come dispatch,
 * openapi.json, llms.txt, docs/api.md and the test that tries every route with every
 * scope. To add a route is to add a row, its handler and its schemas.
 */
#pragma once

#include "api/schema.h"
#include "net/http_head.h"

struct api_call;

/* What a key may do. Each includes what is below it (api_scope_covers). */
#define API_SCOPES(X)                                                                  \
	X(READ, 1, "read", "look at everything but secrets")                           \
	X(SEND, 2, "send", "send mail, and read")                                      \
	X(DOMAINS, 4, "domains", "add, change and remove domains, and read")           \
	X(FULL, 8, "full", "everything, also accounts, keys and users")

enum api_scope {
	API_NOBODY = 0,
#define X(name, bit, text, help) API_##name = bit,
	API_SCOPES(X)
#undef X
};

enum route_flags {
	ROUTE_PUBLIC = 1,     /* no key is needed */
	ROUTE_OPERATOR = 2,   /* full key of an operator's account */
	ROUTE_BOUND = 4,      /* also for a key that is bound to one domain, besides all
	                         routes with {domain}; the handler keeps to that domain */
	ROUTE_IDEMPOTENT = 8, /* takes Idempotency-Key */
	ROUTE_SECRET =
	        16,       /* the answer holds a secret, which is not kept for replays */
	ROUTE_CLOCK = 32, /* only with clock.test */
	ROUTE_NOT_JSON = 64, /* answers with text */
	ROUTE_LIST = 128,  /* {"data":[…],"next_cursor":…} of the response schema */
	ROUTE_EMPTY = 256, /* a body may be left out */
	ROUTE_CLOSED = 512, /* also for an account that is closed */
};

/* A handler has answered, or will by api_resume(). */
enum api_result { API_DONE, API_LATER };

typedef enum api_result api_handler(struct api_call *call);

struct route {
	enum http_method method;
	const char *pattern; /* "/v1/domains/{domain}/checks" */
	const char
	        *id; /* "domains.checks.list": operationId, and action of the audit */
	enum api_scope scope;
	unsigned flags;
	api_handler *handler;
	const struct schema *query, *body, *response; /* NULL: none */
	unsigned status;                              /* of success */
	const char *summary, *description;
};

enum { ROUTE_CAPTURES_MAX = 4 };

/* What a request's path and method lead to. */
struct route_found {
	const struct route *route; /* NULL: none */
	unsigned allowed; /* bits 1 << method that the path has; 0: no such path */
	struct str captures[ROUTE_CAPTURES_MAX]; /* raw */
};

/* The i-th row, or NULL behind the last. */
const struct route *route_at(size_t i);
/* HEAD is found as GET. */
void route_find(enum http_method method, struct str path, struct route_found *out);
/* Whether the pattern names a domain. */
bool route_has_domain(const struct route *route);
/* Whether a key of these scopes may do what needs `scope`. */
bool api_scope_covers(unsigned scopes, enum api_scope scope);
/* "read"; of one bit. */
const char *api_scope_name(enum api_scope scope);
