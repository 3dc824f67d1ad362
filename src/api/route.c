#include "api/route.h"

#include "net/http_url.h"

#include <string.h>

void route_find(enum http_method method, struct str path, struct route_found *out)
{
	const struct route *route;

	*out = (struct route_found){0};
	if (method == HTTP_HEAD)
		method = HTTP_GET;
	for (size_t i = 0; (route = route_at(i)); i++) {
		struct str captures[ROUTE_CAPTURES_MAX] = {0};

		if (!http_path_match(str_c(route->pattern), path, captures,
		                     LEN(captures)))
			continue;
		/* "/v1/domains/{domain}" also fits what a literal row is for; the
		 * literal one stands in front of it in the table. */
		out->allowed |= 1U << route->method;
		if (route->method == HTTP_GET)
			out->allowed |= 1U << HTTP_HEAD;
		if (route->method != method || out->route)
			continue;
		out->route = route;
		memcpy(out->captures, captures, sizeof(captures));
	}
}

bool route_has_domain(const struct route *route)
{
	return strstr(route->pattern, "{domain}") != NULL;
}

bool api_scope_covers(unsigned scopes, enum api_scope scope)
{
	if (scope == API_NOBODY || (scopes & API_FULL))
		return true;
	if (scope == API_READ)
		return scopes != 0;
	return (scopes & scope) != 0;
}

const char *api_scope_name(enum api_scope scope)
{
	switch (scope) {
#define X(name, bit, text, help)                                                       \
	case API_##name:                                                               \
		return text;
		API_SCOPES(X)
#undef X
	case API_NOBODY:
		break;
	}
	return "none";
}
