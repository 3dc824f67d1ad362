#include "api/wait.h"

#include "api/parts.h"

enum { WAIT_MAX_S = 60 };

/* clang-format off */
static const struct schema_field verify_fields[] = {
        {"wait", SCHEMA_TEXT, .min = 1, .max = 8, .help = "how long to wait for the result, at most 60s: 10s"},
};
const struct schema schema_verify_query = {"VerifyQuery", verify_fields, LEN(verify_fields)};
/* clang-format on */

bool wait_read(struct api_call *call, int64_t *ms)
{
	struct str text = api_member(call->query, "wait");
	uint64_t s = 0;

	*ms = 0;
	if (text.n == 0)
		return true;
	if (str_ends(text, STR("s")))
		text.n--;
	if (str_parse_uint(text, WAIT_MAX_S, &s)) {
		*ms = (int64_t)s * 1000;
		return true;
	}
	problem_add(&call->errors, true, STR("wait"), FIELD_FORM,
	            STR("It must be 0s to 60s."));
	api_invalid(call);
	return false;
}

bool wait_pace(struct api_call *call, enum rate_kind kind, int64_t id, const char *what)
{
	uint64_t owner = rate_owner(kind, (uint64_t)id);
	struct rate_result r = rate_take(&call->api->verify_rates, owner, 1, call->now);

	if (r.ok)
		return true;
	api_header(call, "Retry-After",
	           arena_printf(call->a, "%lld", (long long)r.retry_s));
	api_problem(
	        call, PROBLEM_RATE,
	        "%s is looked at on request once a minute; the next time in %lld s.",
	        what, (long long)r.retry_s);
	return false;
}
