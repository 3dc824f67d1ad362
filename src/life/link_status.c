#include "life/link_status.h"

#define DAY ((int64_t)24 * 60 * 60 * 1000)

/* What one status is made with. */
struct making {
	struct arena *a;
	const struct link_facts *f;
	struct link_status out;
};

static const struct {
	const char *code, *text;
} checks[] = {
#define X(name, code, text) [LINK_CHECK_##name] = {code, text},
        LINK_CHECKS(X)
#undef X
};

const char *link_check_code(enum link_check check)
{
	need((size_t)check < LEN(checks));
	return checks[check].code;
}

const char *link_check_text(enum link_check check)
{
	need((size_t)check < LEN(checks));
	return checks[check].text;
}

static enum tracking_light add(struct making *m, enum link_check check,
                               enum tracking_light light, struct str message,
                               struct str fix)
{
	m->out.v[m->out.n++] = (struct link_verdict){check, light, message, fix};
	return light;
}

static bool is_known(const struct link_probe *p)
{
	return p->reach == LINK_ANSWERED || p->reach == LINK_UNREACHABLE;
}

/* "192.0.2.1" or the name, where nobody was talked to. */
static struct str where(const struct making *m, const struct link_probe *p)
{
	return p->from.n ? p->from : m->f->name;
}

static struct str unreachable(struct making *m, const struct link_probe *p,
                              const char *scheme)
{
	return arena_printf(m->a, "%s://%.*s/ is not reached at %.*s: %.*s.", scheme,
	                    STR_ARG(m->f->name), STR_ARG(where(m, p)), STR_ARG(p->why));
}

static enum tracking_light add_unknown(struct making *m, enum link_check check,
                                       const struct link_probe *p, const char *scheme)
{
	struct str why = STR_NONE;

	if (p->why.n)
		why = arena_printf(m->a, "%s://%.*s/ could not be tried: %.*s.", scheme,
		                   STR_ARG(m->f->name), STR_ARG(p->why));
	return add(m, check, TRACKING_UNKNOWN, why, STR_NONE);
}

/* Somebody answers who does not know the nonce. */
static struct str stranger(struct making *m, const struct link_probe *p,
                           const char *scheme)
{
	return arena_printf(
	        m->a, "Not our edge answers at %s://%.*s/ (%.*s%s%.*s, status %d).",
	        scheme, STR_ARG(m->f->name), STR_ARG(where(m, p)),
	        p->server.n ? ", " : "", STR_ARG(p->server), p->status);
}

static struct str fix_way(struct making *m)
{
	const struct link_facts *f = m->f;

	switch (f->mode) {
	case TRACKING_MODE_OWN_CDN:
		return arena_printf(
		        m->a,
		        "In the CDN, set the origin of %.*s to %.*s and let "
		        "it pass /.well-known/ on like all other paths.",
		        STR_ARG(f->name), STR_ARG(f->origin));
	case TRACKING_MODE_MANAGED:
		return arena_printf(m->a,
		                    "Let %.*s lead to %.*s alone, with no proxy and no "
		                    "other address, IPv6 too.",
		                    STR_ARG(f->name), STR_ARG(f->origin));
	case TRACKING_MODE_OPERATOR:
	case TRACKING_MODE_COUNT:
		break;
	}
	return STR("Let this name lead to the edges of the installation, and open "
	           "ports 80 "
	           "and 443 in the firewall.");
}

static struct str fix_reach(struct making *m)
{
	if (m->f->mode != TRACKING_MODE_MANAGED)
		return fix_way(m);
	return arena_printf(
	        m->a,
	        "Where the name has other addresses than %.*s, delete them; "
	        "else it is for whoever runs that host.",
	        STR_ARG(m->f->origin));
}

static enum tracking_light judge_http(struct making *m)
{
	const struct link_probe *p = &m->f->http;

	if (!is_known(p))
		return add_unknown(m, LINK_CHECK_HTTP, p, "http");
	if (p->reach == LINK_UNREACHABLE)
		return add(m, LINK_CHECK_HTTP, TRACKING_RED, unreachable(m, p, "http"),
		           fix_reach(m));
	if (!p->is_ours)
		return add(m, LINK_CHECK_HTTP, TRACKING_RED, stranger(m, p, "http"),
		           fix_way(m));
	return add(m, LINK_CHECK_HTTP, TRACKING_GREEN,
	           STR("The edge is reached by HTTP."), STR_NONE);
}

static struct str fix_certificate(struct making *m)
{
	if (m->f->mode == TRACKING_MODE_OWN_CDN)
		return arena_printf(
		        m->a,
		        "In the CDN, set up a certificate for %.*s with its "
		        "whole chain.",
		        STR_ARG(m->f->name));
	return STR(
	        "It is obtained and renewed by itself once the record is right and the "
	        "edge is reached by HTTP.");
}

static enum tracking_light judge_certificate(struct making *m)
{
	const struct link_certificate *c = &m->f->certificate;
	int64_t days = (c->not_after - m->f->now) / DAY;

	if (!c->is_seen && m->f->https.reach != LINK_UNREACHABLE)
		return add(m, LINK_CHECK_CERTIFICATE, TRACKING_UNKNOWN, STR_NONE,
		           STR_NONE);
	if (!c->is_seen)
		return add(m, LINK_CHECK_CERTIFICATE, TRACKING_RED,
		           STR("No certificate is shown for the name."),
		           fix_certificate(m));
	if (!c->is_valid)
		return add(m, LINK_CHECK_CERTIFICATE, TRACKING_RED,
		           arena_printf(m->a, "%.*s (for %.*s; by %.*s).",
		                        STR_ARG(c->why), STR_ARG(c->names),
		                        STR_ARG(c->issuer)),
		           fix_certificate(m));
	return add(m, LINK_CHECK_CERTIFICATE, TRACKING_GREEN,
	           arena_printf(m->a, "The certificate of %.*s is valid for %lld %s.",
	                        STR_ARG(c->issuer), (long long)days,
	                        days == 1 ? "day" : "days"),
	           STR_NONE);
}

static enum tracking_light judge_https(struct making *m)
{
	const struct link_probe *p = &m->f->https;

	if (!is_known(p))
		return add_unknown(m, LINK_CHECK_HTTPS, p, "https");
	if (p->reach == LINK_UNREACHABLE)
		return add(
		        m, LINK_CHECK_HTTPS, TRACKING_RED, unreachable(m, p, "https"),
		        m->f->certificate.is_seen ? fix_reach(m) : fix_certificate(m));
	if (!p->is_ours)
		return add(m, LINK_CHECK_HTTPS, TRACKING_RED, stranger(m, p, "https"),
		           fix_way(m));
	return add(m, LINK_CHECK_HTTPS, TRACKING_GREEN,
	           STR("The edge is reached by HTTPS."), STR_NONE);
}

static bool forbids_http(const struct link_facts *f)
{
	return f->has_hsts || f->preloaded_by.n;
}

static struct str who_forbids_http(struct making *m)
{
	const struct link_facts *f = m->f;

	if (f->preloaded_by.n)
		return arena_printf(
		        m->a,
		        "All names under .%.*s are on the list of names that browsers "
		        "open by HTTPS alone (HSTS preload), and so is %.*s.",
		        STR_ARG(f->preloaded_by), STR_ARG(f->name));
	return arena_printf(
	        m->a, "%.*s has an HSTS policy%s: browsers open %.*s by HTTPS alone.",
	        STR_ARG(f->hsts_by),
	        str_eq(f->hsts_by, f->name) ? "" : " that includes its sub-domains",
	        STR_ARG(f->name));
}

/* S1-27, S1-33: with HSTS no browser opens an HTTP link. */
static enum tracking_light judge_hsts(struct making *m)
{
	const struct link_facts *f = m->f;

	if (!forbids_http(f) && f->skips_hsts)
		return TRACKING_UNKNOWN;
	if (!forbids_http(f))
		return add(m, LINK_CHECK_HSTS, TRACKING_GREEN,
		           STR("No HSTS policy was found."), STR_NONE);
	return add(
	        m, LINK_CHECK_HSTS, TRACKING_RED, who_forbids_http(m),
	        STR("Links by HTTP do not open there. HTTPS has to work before links "
	            "are tracked under this name; certificate and https say how far "
	            "that is."));
}

/* Where HTTPS works it takes nothing away. */
static void settle_hsts(struct making *m)
{
	for (size_t i = 0; i < m->out.n; i++) {
		struct link_verdict *v = &m->out.v[i];

		if (v->check != LINK_CHECK_HSTS || m->out.https != TRACKING_GREEN)
			continue;
		v->light = TRACKING_GREEN;
		v->fix = STR_NONE;
	}
}

static enum tracking_light judge_forcing(struct making *m)
{
	const struct link_probe *p = &m->f->http;
	enum link_check check = LINK_CHECK_FORCES_HTTPS;

	if (!is_known(p))
		return add_unknown(m, check, p, "http");
	if (p->reach == LINK_UNREACHABLE)
		return add(m, check, TRACKING_GREEN,
		           STR("The CDN does not answer by HTTP at all."), STR_NONE);
	if (link_is_redirect(m->f->name, p))
		return add(m, check, TRACKING_GREEN,
		           STR("HTTP is redirected to HTTPS."), STR_NONE);
	return add(m, check, TRACKING_RED,
	           arena_printf(m->a,
	                        "http://%.*s/ is answered (status %d) and not "
	                        "redirected to HTTPS.",
	                        STR_ARG(m->f->name), p->status),
	           STR("In the CDN, redirect HTTP to HTTPS for all paths."));
}

static enum tracking_light judge_forwarding(struct making *m)
{
	const struct link_probe *p = &m->f->https;
	enum link_check check = LINK_CHECK_FORWARDS_HOST;

	if (!is_known(p) || !p->is_ours)
		return add(m, check, TRACKING_UNKNOWN, STR_NONE, STR_NONE);
	if (str_eq_nocase(p->host, m->f->name))
		return add(m, check, TRACKING_GREEN,
		           STR("The CDN forwards the Host header."), STR_NONE);
	return add(
	        m, check, TRACKING_RED,
	        arena_printf(m->a,
	                     "The CDN asks our edge for %.*s instead of %.*s, so the "
	                     "edge cannot tell whose links these are.",
	                     STR_ARG(p->host), STR_ARG(m->f->name)),
	        arena_printf(m->a,
	                     "In the CDN, forward the original Host header (%.*s) to "
	                     "the origin.",
	                     STR_ARG(m->f->name)));
}

static enum tracking_light judge_caching(struct making *m)
{
	const struct link_probe *p = &m->f->https, *again = &m->f->https_again;
	enum link_check check = LINK_CHECK_NOT_CACHED;

	if (!is_known(p) || !p->is_ours || !is_known(again) || !again->is_ours)
		return add(m, check, TRACKING_UNKNOWN, STR_NONE, STR_NONE);
	if (!str_eq(p->number, again->number))
		return add(m, check, TRACKING_GREEN,
		           STR("Two requests reached the edge."), STR_NONE);
	return add(m, check, TRACKING_RED,
	           STR("The CDN answered the second request from its cache: clicks and "
	               "opens would be lost."),
	           STR("In the CDN, switch caching off for this name."));
}

static struct str fix_addresses(struct making *m)
{
	switch (m->f->mode) {
	case TRACKING_MODE_OWN_CDN:
		return STR(
		        "Let the CDN serve the name at this address too, or take the "
		        "address (A, AAAA) out of DNS.");
	case TRACKING_MODE_MANAGED:
		return fix_reach(m);
	case TRACKING_MODE_OPERATOR:
	case TRACKING_MODE_COUNT:
		break;
	}
	return STR(
	        "Let an edge listen there (edge.listen, edge.tls_listen), open ports "
	        "80 and 443 in the firewall, or take the address (A, AAAA) out of "
	        "DNS.");
}

/* One that is bad stops no links: most recipients take another. */
static void judge_addresses(struct making *m)
{
	const struct link_facts *f = m->f;
	struct link_ways w = link_ways_judge(m->a, f->name, f->ways, f->way_count);
	enum link_check check = LINK_CHECK_ADDRESSES;

	if (w.addresses < 2)
		return;
	if (w.bad)
		add(m, check, TRACKING_AMBER, w.message, fix_addresses(m));
	else if (w.untried)
		add(m, check, TRACKING_UNKNOWN, w.message, STR_NONE);
	else if (m->out.http == TRACKING_GREEN || m->out.https == TRACKING_GREEN)
		add(m, check, TRACKING_GREEN,
		    arena_printf(m->a, "All %zu addresses answer.", w.addresses),
		    STR_NONE);
}

/* Green where all are, red where one is, else unknown. */
static enum tracking_light all(enum tracking_light one, enum tracking_light other)
{
	if (one == TRACKING_RED || other == TRACKING_RED)
		return TRACKING_RED;
	return one == TRACKING_GREEN && other == TRACKING_GREEN ? TRACKING_GREEN
	                                                        : TRACKING_UNKNOWN;
}

/* What HSTS leaves of the light of HTTP: all where HTTPS works; and where a fault of ours
 * hides whether it does, nothing is concluded. */
static enum tracking_light under_hsts(const struct making *m, enum tracking_light hsts)
{
	enum tracking_light http = m->out.http, https = m->out.https;

	if (https == TRACKING_GREEN)
		return http;
	if (https == TRACKING_UNKNOWN && http != TRACKING_RED && hsts == TRACKING_RED)
		return TRACKING_UNKNOWN;
	return all(http, hsts);
}

static void judge_cdn(struct making *m)
{
	enum tracking_light https = judge_https(m);
	const struct link_probe *http = &m->f->http;

	https = all(https, judge_certificate(m));
	https = all(https, judge_forwarding(m));
	m->out.https = all(https, judge_caching(m));
	judge_forcing(m);
	/* Links by HTTP would open where they are answered, by whichever way. */
	m->out.http =
	        !is_known(http) ? TRACKING_UNKNOWN
	        : http->is_ours ? TRACKING_GREEN
	        : link_is_redirect(m->f->name, http) && m->out.https == TRACKING_GREEN
	                ? TRACKING_GREEN
	                : TRACKING_RED;
	if (forbids_http(m->f))
		m->out.http = under_hsts(m, judge_hsts(m));
}

static void judge_own(struct making *m)
{
	enum tracking_light http = judge_http(m);
	enum tracking_light hsts = judge_hsts(m);
	enum tracking_light certificate = judge_certificate(m);

	m->out.http = http;
	m->out.https = all(certificate, judge_https(m));
	m->out.http = under_hsts(m, hsts);
}

void link_facts_choose(struct link_facts *f)
{
	const struct link_way *http, *https;

	http = link_ways_best(f->name, f->ways, f->way_count, false);
	https = link_ways_best(f->name, f->ways, f->way_count, true);
	if (http)
		f->http = http->probe;
	if (https) {
		f->https = https->probe;
		f->certificate = https->certificate;
	}
}

struct link_status link_status(struct arena *a, const struct link_facts *facts)
{
	struct making m = {.a = a, .f = facts};

	if (facts->mode == TRACKING_MODE_OWN_CDN)
		judge_cdn(&m);
	else
		judge_own(&m);
	settle_hsts(&m);
	judge_addresses(&m);
	return m.out;
}
