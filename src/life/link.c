#include "life/link.h"

static const struct {
	const char *code, *text;
} reasons[] = {
#define X(name, code, text) [LINK_REASON_##name] = {code, text},
        LINK_CHOICES(X)
#undef X
};

static const char *const schemes[] = {"none", "http", "https"};

const char *link_scheme_name(enum link_scheme scheme)
{
	need((size_t)scheme < LEN(schemes));
	return schemes[scheme];
}

const char *link_reason_code(enum link_reason reason)
{
	need((size_t)reason < LEN(reasons));
	return reasons[reason].code;
}

const char *link_reason_text(enum link_reason reason)
{
	need((size_t)reason < LEN(reasons));
	return reasons[reason].text;
}

/* Why the own name is taken, or is not. */
static enum link_reason judge(const struct link_host *own)
{
	const struct tracking *t = &own->state;

	if (own->name.n == 0)
		return LINK_REASON_NO_HOST;
	if (own->is_retired)
		return LINK_REASON_RETIRED;
	if (t->status == TRACKING_WAITING)
		return LINK_REASON_NOT_READY;
	if (t->status == TRACKING_LOST)
		return t->is_dangling ? LINK_REASON_DANGLING : LINK_REASON_LOST;
	if (t->status != TRACKING_VERIFIED)
		return LINK_REASON_NOT_VERIFIED;
	if (t->is_dangling)
		return LINK_REASON_DANGLING;
	if (t->https == TRACKING_GREEN)
		return LINK_REASON_HTTPS;
	if (!own->http_allowed)
		return LINK_REASON_NO_HTTPS;
	return t->http == TRACKING_GREEN ? LINK_REASON_HTTP : LINK_REASON_NO_HTTP;
}

static enum link_scheme scheme_of(enum link_reason reason)
{
	if (reason == LINK_REASON_HTTPS)
		return LINK_HTTPS;
	return reason == LINK_REASON_HTTP ? LINK_HTTP : LINK_NONE;
}

struct link_choice link_choice(const struct link_host *own,
                               const struct link_host *operator_host)
{
	struct link_choice out = {.reason = judge(own)};
	enum link_reason other;

	out.scheme = scheme_of(out.reason);
	if (out.scheme != LINK_NONE) {
		out.host = own->name;
		out.is_own = true;
		return out;
	}
	other = operator_host ? judge(operator_host) : LINK_REASON_NO_HOST;
	out.scheme = scheme_of(other);
	if (out.scheme != LINK_NONE)
		out.host = operator_host->name;
	return out;
}
