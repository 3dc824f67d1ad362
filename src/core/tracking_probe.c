#include "core/tracking_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"

enum { NONCE_BYTES = 16, ANSWER_LINES_MAX = 16 };

static void make_token(char out[40])
{
	unsigned char bytes[NONCE_BYTES];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + i * 2, 3, "%02x", bytes[i]);
}

bool probe_is_nonce(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!char_is_digit(name.p[i]) && (name.p[i] < 'a' || name.p[i] > 'f'))
			return false;
	return name.n == 2 * NONCE_BYTES;
}

static const char *nonce_path(const struct probe_round *r)
{
	return arena_printf(r->a, "%s/%s", r->world->folder, r->nonce).p;
}

/* "host track.acme.example" of an edge's answer. */
static struct str line_of(struct str body, struct str word)
{
	struct str line = STR_NONE;

	for (int i = 0; i < ANSWER_LINES_MAX && str_cut(&body, '\n', &line); i++)
		if (str_starts(line, word) && line.n > word.n && line.p[word.n] == ' ')
			return str_trim(str_from(line, word.n));
	return STR_NONE;
}

bool probe_read(struct arena *a, struct str body, struct str proof,
                struct link_probe *out)
{
	if (!str_starts(body, STR("signet-probe 1\n")) || proof.n == 0 ||
	    !str_eq(line_of(body, STR("proof")), proof))
		return false;
	out->is_ours = true;
	out->host = arena_dup(a, line_of(body, STR("host")));
	out->scheme = arena_dup(a, line_of(body, STR("scheme")));
	out->number = arena_dup(a, line_of(body, STR("seen")));
	return true;
}

static struct str reason_of(struct arena *a, const struct fetch_got *got)
{
	switch (got->end) {
	case FETCH_TIMEOUT:
		return STR("no answer in time");
	case FETCH_TLS:
		return STR("the TLS handshake failed");
	case FETCH_BROKEN:
		return STR("the answer is no HTTP");
	case FETCH_UNREACHABLE:
		return got->is_refused ? STR("the connection is refused")
		                       : STR("no connection");
	case FETCH_NO_WAY:
		return STR("this machine has no way to it");
	case FETCH_ANSWERED:
	case FETCH_NO_ADDRESS:
		break;
	case FETCH_PRIVATE:
		return STR("it is not a public address");
	}
	return arena_dup(a, got->why);
}

static enum link_reach reach_of(const struct fetch_got *got)
{
	if (got->end == FETCH_NO_WAY)
		return LINK_FAULT;
	return got->end == FETCH_ANSWERED ? LINK_ANSWERED : LINK_UNREACHABLE;
}

static struct link_probe probe_of(struct probe_round *r, const struct fetch_got *got)
{
	struct link_probe p = {
	        .reach = reach_of(got),
	        .status = got->status,
	        .location = arena_dup(r->a, got->location),
	        .server = arena_dup(r->a, str_slice(got->server, 0, 60)),
	};

	if (got->from.length)
		p.from = ip_format(r->a, got->from);
	if (p.reach != LINK_ANSWERED)
		p.why = reason_of(r->a, got);
	else if (got->status == 200 &&
	         !probe_read(r->a, got->body, str_c(r->proof), &p))
		p.is_ours = false;
	return p;
}

static struct link_certificate certificate_of(struct probe_round *r,
                                              const struct fetch_certificate *c)
{
	if (c->trust == FETCH_TRUST_UNSEEN)
		return (struct link_certificate){0};
	return (struct link_certificate){
	        .is_seen = true,
	        .is_valid = c->trust == FETCH_TRUST_GOOD,
	        .why = str_c(fetch_trust_text(c->trust)),
	        .names = arena_dup(r->a, c->names),
	        .issuer = arena_dup(r->a, c->issuer),
	        .not_after = c->not_after,
	};
}

/* A policy binds browsers where it came over a connection they trust (RFC 6797 §8.1). */
static bool has_policy(const struct fetch_got *got, bool *include_subdomains)
{
	*include_subdomains = false;
	return got->end == FETCH_ANSWERED &&
	       got->certificate.trust == FETCH_TRUST_GOOD &&
	       fetch_hsts(got->hsts, include_subdomains) > 0;
}

static void ask(struct probe_round *r, const struct fetch_ask *what,
                fetch_done_fn *done, void *arg)
{
	r->under_way++;
	fetch_start(r->world->fetch, what, done, arg);
}

/* A request to all addresses of a host, in their order. */
static struct fetch_ask ask_of(const struct tracking_host *host, bool is_tls,
                               struct str path)
{
	return (struct fetch_ask){
	        .host = host->name,
	        .path = path,
	        .port = is_tls ? 443 : 80,
	        .is_tls = is_tls,
	        .addresses = host->addresses,
	        .address_count = host->n,
	};
}

static struct str probe_path(struct probe_round *r)
{
	return arena_printf(r->a, "/.well-known/signet-probe/%s", r->nonce);
}

static fetch_done_fn on_https_again;

/* The same way as the first time: a cache elsewhere may be another. */
static bool asks_again(struct probe_round *r)
{
	const struct link_facts *f = &r->facts;
	const struct link_way *way;
	struct fetch_ask what;

	way = link_ways_best(f->name, f->ways, f->way_count, true);
	if (r->asked_again || r->wanted.mode != TRACKING_MODE_OWN_CDN || !way ||
	    !way->probe.is_ours)
		return false;
	r->asked_again = true;
	what = ask_of(r->wanted.host, true, probe_path(r));
	what.addresses = &way->address;
	what.address_count = 1;
	ask(r, &what, on_https_again, r);
	return true;
}

static void settle_hsts(struct probe_round *r)
{
	const struct probe_wanted *w = &r->wanted;
	struct link_facts *f = &r->facts;

	f->hsts = w->hsts;
	if (w->asks_parents)
		f->hsts = hsts_learn(&w->hsts, r->hsts_of_parent,
		                     !r->is_parent_silent && !w->is_parent_unsure,
		                     f->now);
	f->hsts_by = r->has_own_hsts                        ? w->name
	             : hsts_is_remembered(&f->hsts, f->now) ? f->hsts.by
	                                                    : STR_NONE;
	f->has_hsts = f->hsts_by.n > 0;
	f->skips_hsts = !w->asks_parents && !hsts_is_remembered(&f->hsts, f->now);
}

static void finish(struct probe_round *r)
{
	if (--r->under_way)
		return;
	link_facts_choose(&r->facts);
	if (asks_again(r))
		return;
	if (!r->wanted.is_glance)
		unlink(nonce_path(r));
	settle_hsts(r);
	r->done(r->arg);
}

static void on_https_again(void *arg, const struct fetch_got *got)
{
	struct probe_round *r = arg;

	r->facts.https_again = probe_of(r, got);
	finish(r);
}

static void on_http(void *arg, const struct fetch_got *got)
{
	struct probe_round *r = arg;

	r->facts.http = probe_of(r, got);
	finish(r);
}

/* ---- the ways to the host ---- */

struct way_probe {
	struct probe_round *round;
	struct link_way *way;
};

static void on_way(void *arg, const struct fetch_got *got)
{
	struct way_probe *p = arg;
	struct probe_round *r = p->round;
	bool subs;

	p->way->probe = probe_of(r, got);
	p->way->certificate = certificate_of(r, &got->certificate);
	if (got->from.length)
		p->way->address = got->from;
	if (p->way->is_tls && has_policy(got, &subs))
		r->has_own_hsts = true;
	finish(r);
}

static void ask_way(struct probe_round *r, const struct tracking_host *some,
                    bool is_tls, bool connects_only)
{
	struct fetch_ask what = ask_of(some, is_tls, probe_path(r));
	struct way_probe *p = ARENA_NEW(r->a, struct way_probe);
	struct link_facts *f = &r->facts;

	need(f->way_count < LEN(f->ways));
	p->round = r;
	p->way = &f->ways[f->way_count++];
	*p->way = (struct link_way){.address = some->addresses[0],
	                            .is_tls = is_tls,
	                            .connects_only = connects_only};
	what.connects_only = connects_only;
	ask(r, &what, on_way, p);
}

/* The addresses of one family: the nonce from whichever answers, then each for itself. */
static void ask_family(struct probe_round *r, uint8_t length)
{
	const struct tracking_host *host = r->wanted.host;
	struct tracking_host family = {.name = host->name};

	for (size_t i = 0; i < host->n; i++)
		if (host->addresses[i].length == length)
			family.addresses[family.n++] = host->addresses[i];
	if (family.n == 0)
		return;
	ask_way(r, &family, false, false);
	ask_way(r, &family, true, false);
	for (size_t i = 0; i < family.n && family.n > 1; i++) {
		const struct tracking_host one = {host->name, {family.addresses[i]}, 1};

		ask_way(r, &one, false, true);
		ask_way(r, &one, true, true);
	}
}

/* A name above: which of them it is, for the words. */
struct parent_probe {
	struct probe_round *round;
	struct str name;
};

static void on_parent(void *arg, const struct fetch_got *got)
{
	struct parent_probe *p = arg;
	struct probe_round *r = p->round;
	bool subs;

	if (got->end != FETCH_ANSWERED && !got->is_refused)
		r->is_parent_silent = true;
	/* The nearest is named, whichever answers first. */
	if (has_policy(got, &subs) && subs && p->name.n > r->hsts_of_parent.n)
		r->hsts_of_parent = p->name;
	finish(r);
}

static void ask_parents(struct probe_round *r)
{
	for (size_t i = 0; i < r->wanted.parent_count; i++) {
		struct parent_probe *p = ARENA_NEW(r->a, struct parent_probe);
		struct fetch_ask what;

		*p = (struct parent_probe){r, r->wanted.parents[i].name};
		what = ask_of(&r->wanted.parents[i], true, STR("/"));
		ask(r, &what, on_parent, p);
	}
}

/*
 * Without the nonce nothing can be concluded: a fault of our own. It is whole before anybody
 * is asked for it, and is not worth waiting for the disk.
 */
static bool lay_down(struct probe_round *r)
{
	struct str text =
	        arena_printf(r->a, "%.*s\n%s\n", STR_ARG(r->wanted.name), r->proof);
	AUTO_FD int fd =
	        open(nonce_path(r), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	/* Edges run as another user, whatever our umask says. */
	if (fd >= 0 && fchmod(fd, 0644) == 0 &&
	    write(fd, text.p, text.n) == (ssize_t)text.n)
		return true;
	log_error("probe.not_laid_down", LOG_CSTR("reason", strerror(errno)));
	return false;
}

static void on_nothing(void *arg, const struct fetch_got *got)
{
	(void)got;
	finish(arg);
}

void probe_round_start(struct probe_round *round, const struct probe_world *world,
                       struct arena *a, const struct probe_wanted *wanted, int64_t now,
                       void (*done)(void *arg), void *arg)
{
	static const struct tracking_host nobody = {0};
	struct fetch_ask what;

	*round = (struct probe_round){
	        .world = world,
	        .wanted = *wanted,
	        .a = a,
	        .done = done,
	        .arg = arg,
	        .facts = {.mode = wanted->mode,
	                  .name = wanted->name,
	                  .origin = wanted->origin,
	                  .now = now}
        };
	make_token(round->nonce);
	make_token(round->proof);
	if (wanted->is_glance) {
		what = ask_of(wanted->host, false, STR("/"));
		ask(round, &what, on_http, round);
		return;
	}
	if (!lay_down(round)) {
		round->facts.http.reach = round->facts.https.reach = LINK_FAULT;
		what = ask_of(&nobody, false, STR("/"));
		ask(round, &what, on_nothing, round);
		return;
	}
	ask_family(round, 4);
	ask_family(round, 16);
	ask_parents(round);
}
