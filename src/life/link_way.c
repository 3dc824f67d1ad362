#include "life/link_way.h"

/* One sentence's worth: what is wrong at an address, on one port or both. */
struct finding {
	struct ip address;
	const char *verb;
	struct str why;
	bool on[2]; /* http, https */
};

struct judging {
	struct arena *a;
	struct str name;
	const struct link_way *v;
	size_t n;
	const struct link_way *best[2];
	struct finding found[LINK_WAYS_MAX];
	size_t found_count;
};

/* How well a way works; 0: nothing is known. */
enum rank { UNKNOWN, SILENT, ANSWERED, REDIRECTED, OURS, OURS_AND_VALID };

bool link_is_redirect(struct str name, const struct link_probe *p)
{
	struct str to = p->location;

	if (p->status < 301 || p->status > 308 ||
	    !str_starts_nocase(to, STR("https://")))
		return false;
	to = str_from(to, 8);
	return str_starts_nocase(to, name) &&
	       (to.n == name.n || to.p[name.n] == '/' || to.p[name.n] == ':');
}

static enum rank rank(struct str name, const struct link_way *w)
{
	const struct link_probe *p = &w->probe;

	if (p->reach == LINK_UNREACHABLE)
		return SILENT;
	if (p->reach != LINK_ANSWERED)
		return UNKNOWN;
	if (p->is_ours)
		return w->certificate.is_valid ? OURS_AND_VALID : OURS;
	return !w->is_tls && link_is_redirect(name, p) ? REDIRECTED : ANSWERED;
}

const struct link_way *link_ways_best(struct str name, const struct link_way *v,
                                      size_t n, bool is_tls)
{
	const struct link_way *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].is_tls == is_tls && !v[i].connects_only &&
		    (!best || rank(name, &v[i]) > rank(name, best)))
			best = &v[i];
	return best;
}

/* Whether links open by the best way of the scheme. */
static bool works(const struct judging *j, bool is_tls)
{
	const struct link_way *best = j->best[is_tls];

	return best && rank(j->name, best) >= (is_tls ? OURS_AND_VALID : REDIRECTED);
}

static bool is_bad(const struct judging *j, const struct link_way *w)
{
	enum rank r = rank(j->name, w);

	if (r == UNKNOWN || !works(j, w->is_tls))
		return false;
	return w->connects_only ? r == SILENT : r < rank(j->name, j->best[w->is_tls]);
}

static bool is_good(const struct judging *j, const struct link_way *w)
{
	return rank(j->name, w) != UNKNOWN && !is_bad(j, w);
}

static struct finding describe(const struct judging *j, const struct link_way *w)
{
	const struct link_probe *p = &w->probe;
	struct finding f = {.address = w->address};

	f.on[w->is_tls] = true;
	if (p->reach == LINK_UNREACHABLE) {
		f.verb = "does not answer";
		f.why = p->why;
	} else if (p->is_ours) {
		f.verb = "shows no valid certificate";
		f.why = w->certificate.why;
	} else {
		f.verb = j->best[w->is_tls]->probe.is_ours
		                 ? "is not our edge"
		                 : "does not redirect to HTTPS as the others do";
		f.why = arena_printf(j->a, "%.*s%sstatus %d", STR_ARG(p->server),
		                     p->server.n ? ", " : "", p->status);
	}
	return f;
}

/* An address that was probed in full is not told of again because it was connected to. */
static void note(struct judging *j, const struct finding *f)
{
	for (size_t i = 0; i < j->found_count; i++) {
		struct finding *other = &j->found[i];

		if (!ip_eq(other->address, f->address))
			continue;
		if ((f->on[0] && other->on[0]) || (f->on[1] && other->on[1]))
			return;
		if (other->verb == f->verb && str_eq(other->why, f->why)) {
			other->on[0] = other->on[1] = true;
			return;
		}
	}
	j->found[j->found_count++] = *f;
}

static struct str tell(const struct judging *j)
{
	struct str text = STR_NONE;

	for (size_t i = 0; i < j->found_count; i++) {
		const struct finding *f = &j->found[i];

		text = arena_printf(j->a, "%.*s%s%.*s %s on %s (%.*s)", STR_ARG(text),
		                    i ? "; " : "", STR_ARG(ip_format(j->a, f->address)),
		                    f->verb,
		                    f->on[0] && f->on[1] ? "ports 80 and 443"
		                    : f->on[1]           ? "port 443"
		                                         : "port 80",
		                    STR_ARG(f->why));
	}
	return text;
}

/* Whether no way of the family works by a scheme that one of its ways fails by. */
static bool is_whole(const struct judging *j, uint8_t family)
{
	bool bad[2] = {false, false}, good[2] = {false, false};

	for (size_t i = 0; i < j->n; i++) {
		const struct link_way *w = &j->v[i];

		if (w->address.length != family)
			continue;
		bad[w->is_tls] |= is_bad(j, w);
		good[w->is_tls] |= is_good(j, w);
	}
	return (bad[0] && !good[0]) || (bad[1] && !good[1]);
}

static struct str whom_it_hits(const struct judging *j)
{
	if (is_whole(j, 16))
		return STR("Recipients with IPv6 wait for it before they try IPv4, or "
		           "their links do not open.");
	if (is_whole(j, 4))
		return STR("Recipients without IPv6 cannot open links.");
	return STR("Recipients who try it first wait, or their links do not open.");
}

static bool is_untried(const struct link_way *w)
{
	return w->probe.reach == LINK_FAULT;
}

/* Whether the address has not come before, among all or among those not tried. */
static bool is_first(const struct judging *j, size_t i, bool of_untried)
{
	for (size_t k = 0; k < i; k++)
		if (ip_eq(j->v[k].address, j->v[i].address) &&
		    (!of_untried || is_untried(&j->v[k])))
			return false;
	return true;
}

static struct str tell_untried(const struct judging *j, struct link_ways *out)
{
	struct str text = STR_NONE;

	for (size_t i = 0; i < j->n; i++)
		if (is_untried(&j->v[i]) && is_first(j, i, true))
			text = arena_printf(j->a, "%.*s%s%.*s", STR_ARG(text),
			                    out->untried++ ? ", " : "",
			                    STR_ARG(ip_format(j->a, j->v[i].address)));
	return text;
}

struct link_ways link_ways_judge(struct arena *a, struct str name,
                                 const struct link_way *v, size_t n)
{
	struct judging j = {.a = a, .name = name, .v = v, .n = n};
	struct link_ways out = {0};
	struct str untried;

	need(n <= LINK_WAYS_MAX);
	for (int i = 0; i < 2; i++)
		j.best[i] = link_ways_best(name, v, n, i);
	for (size_t i = 0; i < n; i++) {
		struct finding f;

		out.addresses += is_first(&j, i, false);
		if (!is_bad(&j, &v[i]))
			continue;
		f = describe(&j, &v[i]);
		note(&j, &f);
		out.bad++;
	}
	untried = tell_untried(&j, &out);
	if (out.bad)
		out.message = arena_printf(a, "%.*s. %.*s", STR_ARG(tell(&j)),
		                           STR_ARG(whom_it_hits(&j)));
	if (out.untried)
		out.message = arena_printf(
		        a,
		        "%.*s%s%.*s could not be tried: this machine has no way there.",
		        STR_ARG(out.message), out.bad ? " " : "", STR_ARG(untried));
	return out;
}
