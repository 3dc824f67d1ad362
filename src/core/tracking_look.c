#include "core/tracking_look.h"

#include <event2/event.h>

#include "api/tracking_state.h"
#include "auth/suffixes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "core/tracking_seen.h"
#include "data/data.h"
#include "store/event.h"
#include "store/turn.h"

static void end(struct tracking_look_job *l)
{
	turn_touch(l->world->turn);
	l->ended(l->arg, l);
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg);
}

void tracking_look_init(struct tracking_look_job *look, const struct look_world *world,
                        struct event_base *base,
                        void (*ended)(void *arg, struct tracking_look_job *look),
                        void *arg)
{
	*look = (struct tracking_look_job){.world = world, .ended = ended, .arg = arg};
	look->soon = event_new(base, -1, 0, on_soon, look);
	need(look->soon != NULL);
}

void tracking_look_reset(struct tracking_look_job *l)
{
	arena_reset(&l->pass);
	arena_reset(&l->a);
	l->row = NULL;
	l->domain = NULL;
	l->id = 0;
	l->cause = NULL;
}

void tracking_look_stop(struct tracking_look_job *l)
{
	event_free(l->soon);
}

void tracking_look_done(struct tracking_look_job *l)
{
	arena_done(&l->pass);
	arena_done(&l->a);
}

static void fail(struct tracking_look_job *l, const struct err *err)
{
	l->outcome = JOB_FAILED;
	log_error("tracking.failed", LOG_NUM("tracking", l->id),
	          LOG_STR("name", l->row ? l->row->name : STR_NONE),
	          LOG_CSTR("reason", err->text));
}

/* ---- what is known when it is over ---- */

static bool is_probed(const struct tracking_look_job *l)
{
	return l->round.done != NULL;
}

/* A web server answers where the record should stand: the name has a use (S2-17). */
static struct str find_site(struct tracking_look_job *l)
{
	const struct link_probe *p = &l->round.facts.http;

	if (!is_probed(l) || !l->round.wanted.is_glance || p->reach != LINK_ANSWERED ||
	    p->is_ours || p->status >= 500)
		return STR_NONE;
	return arena_printf(&l->a,
	                    "%.*s is in use: a web server answers there (%.*s%s%.*s, "
	                    "status %d).",
	                    STR_ARG(l->row->name), STR_ARG(p->from),
	                    p->server.n ? ", " : "", STR_ARG(p->server), p->status);
}

static enum certificate_seen seen_of(bool is_known, bool is_right)
{
	if (!is_known)
		return CERTIFICATE_SEEN_UNKNOWN;
	return is_right ? CERTIFICATE_SEEN_RIGHT : CERTIFICATE_SEEN_WRONG;
}

/* Links of retired names live on, and so do their certificates. */
static void tell_certificates(struct tracking_look_job *l,
                              const struct tracking_row *row,
                              const struct tracking_seen_input *in)
{
	const struct tracking_watch_setup *setup = l->world->setup;
	enum tracking_mode mode = tracking_mode_of(row);
	enum tracking_dns dns = l->sight.dns;
	const struct link_probe *http = in->facts ? &in->facts->http : NULL;
	bool is_known = http && (http->reach == LINK_ANSWERED ||
	                         http->reach == LINK_UNREACHABLE);
	const struct certificate_facts facts = {
	        .is_wanted = l->is_ready && mode != TRACKING_MODE_OWN_CDN &&
	                     (!row->retired_at || dns == TRACKING_DNS_RIGHT),
	        .at = clock_now(),
	        .dns = seen_of(dns != TRACKING_DNS_UNKNOWN, dns == TRACKING_DNS_RIGHT),
	        .path = seen_of(is_known, http && http->is_ours),
	        .why = tracking_seen_reason(in),
	};

	if (setup->consider && (!row->retired_at || dns != TRACKING_DNS_UNKNOWN))
		setup->consider(setup->arg, row->id, &facts);
}

static bool append(struct tracking_look_job *l, const struct tracking_row *row,
                   enum tracking_event event, const char *from, struct str reason,
                   struct err *err)
{
	AUTO_JSON json_t *data = json_pack(
	        "{s:o, s:s, s:o, s:o, s:o, s:o}", "name", json_text(row->name), "from",
	        from, "to", json_text(row->status), "http", json_text(row->http),
	        "https", json_text(row->https), "reason", json_text(reason));
	int64_t id;

	if (event == TRACKING_EVENT_LISTED)
		json_object_set_new(data, "listed",
		                    json_pack("{s:o, s:o, s:o}", "name",
		                              json_text(l->sight.listed_name), "zone",
		                              json_text(l->sight.listed_zone), "answer",
		                              json_text(l->sight.listed_as)));
	return event_append(l->world->store,
	                    &(struct event_row){
	                            .account_id = row->account_id,
	                            .domain_id = row->domain_id,
	                            .type = str_c(tracking_event_name(event)),
	                            .at = row->checked_at,
	                            .data = json_line(&l->a, data),
	                    },
	                    &id, err);
}

static bool tell(struct tracking_look_job *l, const struct tracking_row *row,
                 unsigned events, const char *from, struct str reason, struct err *err)
{
	for (int i = 0; i < TRACKING_EVENT_COUNT; i++)
		if (events & 1u << i &&
		    !append(l, row, (enum tracking_event)i, from, reason, err))
			return false;
	return true;
}

static bool apply(struct tracking_look_job *l, struct tracking_row *row,
                  struct err *err)
{
	struct tracking t = tracking_state_of(row);
	const char *from = tracking_status_name(t.status);
	struct tracking_seen seen = {
	        .is_ready = l->is_ready,
	        .is_retired = row->retired_at != 0,
	        .dns = l->sight.dns,
	        .is_dangling = l->sight.is_dangling,
	        .negative_until = l->sight.negative_until,
	        .listed = l->sight.listed,
	};
	struct tracking_seen_input in = {
	        .sight = &l->sight, .hsts = l->hsts, .now = clock_now()};
	struct link_status links;
	unsigned events;

	if (l->cause) /* whoever asks has changed something */
		tracking_stir(&t, in.now);
	in.site = find_site(l);
	if (in.site.n)
		seen.dns = TRACKING_DNS_IN_USE;
	if (is_probed(l) && !l->round.wanted.is_glance) {
		links = link_status(&l->a, &l->round.facts);
		in.facts = &l->round.facts;
		in.hsts = in.facts->hsts;
		in.links = &links;
		seen.http = links.http;
		seen.https = links.https;
	}
	events = tracking_step(&l->world->rules, &t, &seen, in.now,
	                       random_below(UINT32_MAX));
	tracking_state_set(row, &t);
	l->next_at = t.next_at;
	if (t.status != TRACKING_WAITING)
		row->seen = tracking_seen_text(&l->a, &in);
	tell_certificates(l, row, &in);
	return tracking_save(l->world->store, row, err) &&
	       tell(l, row, events, from, tracking_seen_reason(&in), err);
}

static bool store_result(struct tracking_look_job *l, struct err *err)
{
	struct tracking_row *row;

	if (!tracking_find(l->world->store, &l->a, 0, l->id, &row, err))
		return false;
	if (!row) {
		l->outcome = JOB_GONE;
		return true;
	}
	if (!str_eq(row->mode, l->row->mode) || !str_eq(row->target, l->row->target)) {
		l->outcome = JOB_CHANGED;
		return true;
	}
	return apply(l, row, err);
}

static void finish(struct tracking_look_job *l)
{
	struct store *store = l->world->store;
	struct err err;

	turn_touch(l->world->turn);
	if (!store_turn_savepoint(store, &err)) {
		fail(l, &err);
	} else if (!store_result(l, &err)) {
		store_turn_rollback(store);
		fail(l, &err);
	} else if (!store_turn_release(store, &err)) {
		fail(l, &err);
	}
	end(l);
}

/* ---- probes ---- */

static void on_probed(void *arg)
{
	finish(arg);
}

static void probe(struct tracking_look_job *l, bool is_glance)
{
	const struct probe_wanted wanted = {
	        .mode = l->look.mode,
	        .name = l->row->name,
	        .origin = l->row->target,
	        .host = &l->sight.host,
	        .parents = l->sight.parents,
	        .parent_count = l->sight.parent_count,
	        .hsts = l->hsts,
	        .asks_parents = l->look.wants_parents,
	        .is_parent_unsure = l->sight.is_parent_unsure,
	        .is_glance = is_glance,
	};

	probe_round_start(&l->round, &l->world->probes, &l->a, &wanted, clock_now(),
	                  on_probed, l);
	l->round.facts.preloaded_by =
	        hsts_preloaded(data_file(STR("hsts_preload.txt")), l->row->name);
}

static void on_looked_up(struct tracking_look_job *l)
{
	const struct tracking_sight *s = &l->sight;

	if (s->dns == TRACKING_DNS_RIGHT && s->host.n)
		probe(l, false);
	else if (s->dns == TRACKING_DNS_WRONG && s->is_plain && s->host.n &&
	         l->row->verified_at == 0)
		probe(l, true);
	else
		finish(l);
}

/* ---- DNS ---- */

static void see(struct tracking_look_job *l)
{
	arena_reset(&l->pass);
	l->in.a = &l->pass;
	l->sight = tracking_dns_see(&l->in, &l->look);
}

static void advance(void *arg)
{
	struct tracking_look_job *l = arg;

	see(l);
	if (dns_answers_pending(&l->answers))
		resolver_start(l->world->resolver, &l->answers, advance, l);
	else
		on_looked_up(l);
}

/* By schedule, and its record is right: the resolver's word is enough. */
static bool is_routine(const struct tracking_look_job *l)
{
	struct tracking t = tracking_state_of(l->row);

	return !l->cause && t.status == TRACKING_VERIFIED && !t.is_dangling &&
	       t.fault_streak == 0;
}

/* Where HTTPS works nobody depends on what policies say about HTTP. */
static bool wants_policies(const struct tracking_look_job *l)
{
	return l->cause || (tracking_state_of(l->row).https != TRACKING_GREEN &&
	                    !hsts_is_remembered(&l->hsts, clock_now()));
}

static void make_look(struct tracking_look_job *l)
{
	const struct look_world *w = l->world;
	bool routine = is_routine(l);

	l->look = (struct tracking_look){
	        .mode = tracking_mode_of(l->row),
	        .name = l->row->name,
	        .target = l->row->target,
	        .organization =
	                suffixes_organization(&l->a, w->know.suffixes, l->row->name),
	        .lists = w->lists,
	        .list_count = w->list_count,
	        .was_right = l->row->verified_at != 0,
	        .trust_resolver = w->trust_resolver,
	        .wants_parents = wants_policies(l),
	};
	l->answers = dns_answers_init(&l->a, clock_now());
	l->in = (struct check_input){
	        .answers = &l->answers,
	        .know = &w->know,
	        .servers = w->trust_resolver ? SERVERS_NONE
	                   : routine         ? SERVERS_IF_WRONG
	                                     : SERVERS_ALL,
	        .thorough = !routine,
	        .resolvers = w->public_resolvers,
	        .resolver_count = routine ? 0 : w->public_resolver_count,
	        .now = clock_now(),
	};
}

static bool begin(struct tracking_look_job *l, struct err *err)
{
	struct store *store = l->world->store;
	struct tracking_row *heir = NULL;

	l->outcome = JOB_STORED;
	l->domain = NULL;
	l->round = (struct probe_round){0};
	l->sight = (struct tracking_sight){0};
	if (!tracking_find(store, &l->a, 0, l->id, &l->row, err))
		return false;
	if (l->row && l->row->retired_at &&
	    !tracking_find_name(store, &l->a, l->row->name, &heir, err))
		return false;
	if (!l->row || heir) { /* whoever has the name now is looked at */
		l->outcome = JOB_GONE;
		return true;
	}
	if (l->row->domain_id &&
	    !domain_find(store, &l->a, 0, l->row->domain_id, &l->domain, err))
		return false;
	l->is_ready = l->row->retired_at ? l->row->verified_at != 0
	                                 : tracking_is_ready(l->domain);
	l->hsts = tracking_seen_hsts(&l->a, l->row->seen);
	make_look(l);
	return true;
}

/* What was never verified and is not used is not looked at. */
static bool is_asleep(const struct tracking_look_job *l)
{
	return !l->is_ready && l->row->verified_at == 0;
}

static void on_asleep(void *arg)
{
	finish(arg);
}

void tracking_look_start(struct tracking_look_job *l, int64_t id, const char *cause)
{
	struct err err;

	need(l->id == 0);
	l->id = id;
	l->cause = cause;
	if (!begin(l, &err))
		fail(l, &err);
	if (l->outcome != JOB_STORED)
		event_active(l->soon, 0, 0);
	else if (is_asleep(l))
		resolver_after(l->world->resolver, 0, on_asleep, l);
	else
		resolver_after(l->world->resolver, 0, advance, l);
}
