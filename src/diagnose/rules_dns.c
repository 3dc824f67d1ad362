#include "diagnose/rules.h"

#include "base/buf.h"
#include "base/clock.h"

enum { SENTENCE_MAX = 16 * 1024, NAMED_MAX = 6 };

/* ---- words ---- */

/* "2026-11-21 02:35:00 UTC" */
static struct str utc(struct arena *a, int64_t at)
{
	struct str text = clock_format(a, at);

	return arena_printf(a, "%.*s %.*s UTC", 10, text.p, 8, text.p + 11);
}

/* "ns1.dns.test (127.0.0.14)" */
static struct str server_text(struct arena *a, const struct view *v)
{
	return arena_printf(a, "%.*s (%.*s)", STR_ARG(v->server),
	                    STR_ARG(v->answer->question.server));
}

/* What a server did: "answers", "answered REFUSED", "did not answer in time". */
static struct str said(struct arena *a, const struct dns_answer *answer)
{
	static const char *const words[] = {
	        [DNS_PENDING] = "answers",
	        [DNS_FOUND] = "answers",
	        [DNS_NODATA] = "answers",
	        [DNS_NXDOMAIN] = "answers",
	        [DNS_SERVFAIL] = "gave no usable answer",
	        [DNS_REFUSED] = "refused to answer",
	        [DNS_TIMEOUT] = "did not answer in time",
	        [DNS_BOGUS] = "gave an answer that DNSSEC proves false",
	        [DNS_REFERRAL] = "does not serve the zone and points elsewhere",
	};
	struct str why = answer->why;
	struct str prefix = STR("the server ");

	if (str_starts(why, STR("the server answered ")))
		return str_from(why, prefix.n);
	if (why.n == 0 || str_starts(why, STR("no answer in ")))
		return str_c(words[answer->status]);
	return arena_printf(a, "%s (%.*s)", words[answer->status], STR_ARG(why));
}

static bool is_lame(const struct dns_answer *answer)
{
	return dns_answer_is_fault(answer) &&
	       !(answer->status == DNS_REFERRAL && answer->chain.n);
}

/* ---- a record that could not be decided ---- */

/* What is known of the question that failed. */
struct failure {
	const struct dns_answer *fault;
	struct dns_cut cut;   /* of the question's name */
	struct views servers; /* of that cut; empty where not asked */
	size_t answering;     /* how many of them answer */
	bool is_own;          /* it is the question for the record itself */
	enum dns_status kind; /* DNS_BOGUS, DNS_SERVFAIL or DNS_TIMEOUT */
};

static enum dns_status kind_of(const struct failure *f)
{
	bool silent = f->fault->status == DNS_TIMEOUT;

	if (f->fault->status == DNS_BOGUS)
		return DNS_BOGUS;
	if (f->servers.n && f->answering == 0)
		silent = true;
	for (size_t i = 0; i < f->servers.n && f->answering == 0; i++)
		silent = silent && f->servers.v[i].answer->status == DNS_TIMEOUT;
	return silent ? DNS_TIMEOUT : DNS_SERVFAIL;
}

/* False where the record was decided. */
static bool find_failure(const struct rule_case *c, struct failure *f)
{
	const struct observation *o = c->seen;
	const struct dns_question *q;

	if (o->status != RECORD_UNDETERMINED || !o->fault)
		return false;
	*f = (struct failure){.fault = o->fault};
	q = &o->fault->question;
	f->is_own = str_eq(q->name, c->row->name) && q->type == c->row->type;
	if (f->is_own) {
		f->cut = o->cut;
		f->servers = o->servers;
	} else if (c->in->servers != SERVERS_NONE) {
		f->cut = observe_nearest_cut(c->in, q->name);
		f->servers = observe_servers(c->in, &f->cut, q->name, q->type);
	}
	for (size_t i = 0; i < f->servers.n; i++)
		f->answering += !is_lame(f->servers.v[i].answer);
	f->kind = kind_of(f);
	return true;
}

/* "ns1… (…) answered SERVFAIL, ns2… (…) answers" */
static void add_servers(struct buf *b, struct arena *a, const struct views *views)
{
	for (size_t i = 0; i < views->n && i < NAMED_MAX; i++) {
		struct str server = server_text(a, &views->v[i]);
		struct str words = said(a, views->v[i].answer);

		buf_printf(b, "%s%.*s %.*s", i ? ", " : "", STR_ARG(server),
		           STR_ARG(words));
	}
	if (views->n > NAMED_MAX)
		buf_printf(b, " and %zu more likewise", views->n - NAMED_MAX);
}

static void add_resolver(struct buf *b, struct arena *a, const struct failure *f)
{
	struct str words = said(a, f->fault);
	struct str server = f->fault->server;

	if (server.n)
		buf_printf(b, "the DNS server %.*s %.*s", STR_ARG(server),
		           STR_ARG(words));
	else
		buf_printf(b, "the resolver %.*s", STR_ARG(words));
}

static struct str failure_message(const struct rule_case *c, const struct failure *f)
{
	const struct dns_question *q = &f->fault->question;
	struct arena *a = c->in->a;
	AUTO(buf) b = {.max = SENTENCE_MAX};

	buf_printf(&b, "%s%.*s %s%s could not be looked up: ",
	           f->is_own ? "" : "The record depends on ", STR_ARG(q->name),
	           dns_type_name(q->type), f->is_own ? "" : ", which");
	if (f->servers.n)
		add_servers(&b, a, &f->servers);
	if (f->servers.n && f->answering)
		buf_add(&b, STR(", and "));
	if (f->servers.n == 0 || f->answering)
		add_resolver(&b, a, f);
	buf_add(&b, STR(". Nothing can be concluded from that."));
	return arena_dup(a, buf_str(&b));
}

/* Whether the question belongs to the domain's own zone, or to somebody else's. */
static bool is_foreign(const struct rule_case *c, const struct failure *f)
{
	struct str zone = c->cut.zone.n ? c->cut.zone : c->in->plan->domain;

	return !dns_name_is_within(f->fault->question.name, zone);
}

static struct str failure_fix(const struct rule_case *c, const struct failure *f)
{
	struct str zone = f->cut.zone.n ? f->cut.zone : f->fault->question.name;

	if (is_foreign(c, f))
		return arena_printf(c->in->a,
		                    "Nothing is to be changed in this domain's DNS: "
		                    "the fault is at %.*s. The next check decides as "
		                    "soon as it answers.",
		                    STR_ARG(zone));
	return arena_printf(c->in->a,
	                    "Do not change the record for that. The next check decides "
	                    "as soon as the name servers of %.*s answer; if the fault "
	                    "lasts, ask %.*s about them.",
	                    STR_ARG(zone), STR_ARG(rule_place(c).provider->name));
}

static void cite_failure(struct diagnosis *d, const struct failure *f)
{
	rule_cite(d, f->fault);
	for (size_t i = 0; i < f->servers.n; i++)
		rule_cite(d, f->servers.v[i].answer);
}

static bool says_failure(const struct rule_case *c, enum dns_status kind,
                         struct diagnosis *d)
{
	struct failure f;

	if (!find_failure(c, &f) || f.kind != kind)
		return false;
	cite_failure(d, &f);
	d->message = failure_message(c, &f);
	d->fix = failure_fix(c, &f);
	return true;
}

bool rule_dns_servfail(const struct rule_case *c, struct diagnosis *d)
{
	return says_failure(c, DNS_SERVFAIL, d);
}

bool rule_dns_timeout(const struct rule_case *c, struct diagnosis *d)
{
	return says_failure(c, DNS_TIMEOUT, d);
}

static struct str bogus_fix(const struct rule_case *c, struct str zone)
{
	return arena_printf(c->in->a,
	                    "At the registrar of %.*s, compare the DS records with the "
	                    "keys of the zone: delete them if the zone is no longer "
	                    "signed, else have %.*s sign the zone again and enter its "
	                    "present DS records.",
	                    STR_ARG(zone), STR_ARG(rule_place(c).provider->name));
}

bool rule_dns_bogus(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_question *q;
	const struct dns_answer *ds;
	struct failure f;
	struct str zone;

	if (!find_failure(c, &f) || f.kind != DNS_BOGUS)
		return false;
	q = &f.fault->question;
	rule_cite(d, f.fault);
	zone = f.cut.zone.n ? f.cut.zone : c->in->plan->domain;
	ds = rule_records_at(c, zone, DNS_DS);
	if (ds)
		rule_cite(d, ds);
	d->message = arena_printf(c->in->a,
	                          "The answer for %.*s %s fails DNSSEC "
	                          "validation%s%.*s%s. Receivers that "
	                          "validate see nothing at all of it.",
	                          STR_ARG(q->name), dns_type_name(q->type),
	                          f.fault->why.n ? " (" : "", STR_ARG(f.fault->why),
	                          f.fault->why.n ? ")" : "");
	d->fix = is_foreign(c, &f) ? failure_fix(c, &f) : bogus_fix(c, zone);
	return true;
}

/* ---- servers that differ ---- */

/* An NS name whose address is not to be had. */
static const struct dns_answer *missing_address(const struct rule_case *c,
                                                struct str name)
{
	const struct dns_answer *v4 = dns_ask(c->in->answers, name, DNS_A);
	const struct dns_answer *v6;

	if (dns_answer_is_fault(v4))
		return v4;
	if (!dns_answer_is_negative(v4))
		return NULL;
	v6 = dns_ask(c->in->answers, name, DNS_AAAA);
	return dns_answer_is_negative(v6) || dns_answer_is_fault(v6) ? v6 : NULL;
}

/* The sentences about single servers, under construction. */
struct lame_list {
	struct buf text;
	size_t n;
};

static void add_lame(const struct rule_case *c, struct lame_list *list,
                     struct str server, struct str words)
{
	if (list->n++ >= NAMED_MAX)
		return;
	buf_printf(&list->text, "%s%.*s is listed as a name server of %.*s but %.*s.",
	           list->n > 1 ? " " : "", STR_ARG(server), STR_ARG(c->seen->cut.zone),
	           STR_ARG(words));
}

static void add_without_address(const struct rule_case *c, struct lame_list *list,
                                struct diagnosis *d)
{
	const struct dns_cut *cut = &c->seen->cut;

	for (size_t i = 0; i < cut->ns.n && cut->server_count < DNS_CUT_SERVERS_MAX;
	     i++) {
		struct str name = cut->ns.v[i].target;
		const struct dns_answer *answer = missing_address(c, name);
		bool is_named = false;

		for (size_t j = 0; j < cut->server_count; j++)
			is_named = is_named || str_eq(cut->servers[j].name, name);
		if (!answer || is_named)
			continue;
		rule_cite(d, answer);
		add_lame(c, list, name,
		         dns_answer_is_fault(answer)
		                 ? STR("its address could not be looked up")
		                 : STR("has no address"));
	}
}

/* How many servers answer as an authority for the zone. */
static size_t count_authorities(const struct views *servers)
{
	size_t n = 0;

	for (size_t i = 0; i < servers->n; i++)
		n += !is_lame(servers->v[i].answer) &&
		     servers->v[i].answer->authoritative;
	return n;
}

bool rule_dns_server_lame(const struct rule_case *c, struct diagnosis *d)
{
	const struct observation *o = c->seen;
	struct arena *a = c->in->a;
	struct lame_list list = {.text = {.max = SENTENCE_MAX}};

	if (o->status == RECORD_UNDETERMINED || count_authorities(&o->servers) == 0)
		return false;
	for (size_t i = 0; i < o->servers.n; i++) {
		const struct view *v = &o->servers.v[i];

		if (!is_lame(v->answer) && v->answer->authoritative)
			continue;
		rule_cite(d, v->answer);
		add_lame(c, &list, server_text(a, v),
		         is_lame(v->answer) ? said(a, v->answer)
		                            : STR("does not answer as an authority"));
	}
	add_without_address(c, &list, d);
	rule_cite(d, o->cut.found_by);
	d->message = arena_dup(a, buf_str(&list.text));
	buf_done(&list.text);
	if (list.n == 0)
		return false;
	d->fix = arena_printf(a,
	                      "Ask %.*s to put %s right, or take %s out of the name "
	                      "servers of %.*s, in "
	                      "the zone and at its registrar.",
	                      STR_ARG(rule_place(c).provider->name),
	                      list.n == 1 ? "this server" : "these servers",
	                      list.n == 1 ? "it" : "them", STR_ARG(o->cut.zone));
	return true;
}

static bool has_record(struct arena *a, const struct dns_records *list, struct str data)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(dns_record_format(a, &list->v[i]), data))
			return true;
	return false;
}

/* Whether two servers say the same, whatever the order; behind a CNAME that leads to
 * another zone they need not. */
static bool is_same(struct arena *a, const struct dns_answer *x,
                    const struct dns_answer *y)
{
	if (x->chain.n || y->chain.n)
		return x->chain.n && y->chain.n &&
		       str_eq(x->chain.v[0].target, y->chain.v[0].target);
	if (x->records.n != y->records.n)
		return false;
	for (size_t i = 0; i < x->records.n; i++)
		if (!has_record(a, &y->records, dns_record_format(a, &x->records.v[i])))
			return false;
	return true;
}

/* A server and the serial of its zone; soa is NULL where it did not tell. */
struct copy {
	const struct view *view;
	const struct dns_answer *answer; /* to SOA */
	const struct dns_soa *soa;
};

struct copies {
	struct copy *v;
	size_t n, cap;
};

/* RFC 1982 §3.2 */
static bool is_older(uint32_t serial, uint32_t than)
{
	return serial != than && than - serial < 0x80000000u;
}

/* The servers that answer, where they do not all say the same; else none. */
static struct copies find_copies(const struct rule_case *c)
{
	const struct observation *o = c->seen;
	struct copies list = {0};
	bool differ = false;

	for (size_t i = 0; i < o->servers.n; i++) {
		const struct view *v = &o->servers.v[i];

		if (!dns_answer_is_definite(v->answer))
			continue;
		*ARRAY_ADD(&list, c->in->a) = (struct copy){.view = v};
		differ =
		        differ || !is_same(c->in->a, list.v[0].view->answer, v->answer);
	}
	if (!differ)
		list.n = 0;
	for (size_t i = 0; i < list.n; i++) {
		struct copy *copy = &list.v[i];

		copy->answer = dns_ask_server(c->in->answers, DNS_AUTHORITY,
		                              copy->view->answer->question.server,
		                              o->cut.zone, DNS_SOA);
		if (copy->answer->status == DNS_FOUND)
			copy->soa = &copy->answer->records.v[0].soa;
	}
	return list;
}

/* The server to measure the others by: the newest serial; among equal ones a server
 * that has the record. */
static const struct copy *find_newest(const struct copies *list)
{
	const struct copy *best = &list->v[0];

	for (size_t i = 1; i < list->n; i++) {
		const struct copy *x = &list->v[i];
		bool has = x->view->result == COMPARE_MATCH &&
		           best->view->result != COMPARE_MATCH;

		if (!x->soa || !best->soa)
			best = x->soa || (has && !best->soa) ? x : best;
		else if (is_older(best->soa->serial, x->soa->serial))
			best = x;
		else if (has && x->soa->serial == best->soa->serial)
			best = x;
	}
	return best;
}

static struct str stale_text(const struct rule_case *c, const struct copy *old,
                             const struct copy *best)
{
	struct arena *a = c->in->a;
	struct str server = server_text(a, old->view);
	struct str other = server_text(a, best->view);

	if (old->soa && best->soa && is_older(old->soa->serial, best->soa->serial))
		return arena_printf(a,
		                    "%.*s has older data than %.*s: serial %u of %.*s "
		                    "instead of %u.",
		                    STR_ARG(server), STR_ARG(other), old->soa->serial,
		                    STR_ARG(c->seen->cut.zone), best->soa->serial);
	if (old->soa && best->soa)
		return arena_printf(a,
		                    "%.*s answers otherwise than %.*s, although both "
		                    "have serial %u of %.*s.",
		                    STR_ARG(server), STR_ARG(other), old->soa->serial,
		                    STR_ARG(c->seen->cut.zone));
	return arena_printf(a, "%.*s answers otherwise than %.*s.", STR_ARG(server),
	                    STR_ARG(other));
}

bool rule_dns_server_stale(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct copies list;
	const struct copy *best;
	struct str text = STR_NONE;
	size_t named = 0;

	if (c->seen->status == RECORD_UNDETERMINED)
		return false;
	list = find_copies(c);
	if (list.n == 0)
		return false;
	best = find_newest(&list);
	rule_cite(d, best->view->answer);
	rule_cite(d, best->answer);
	for (size_t i = 0; i < list.n && named < NAMED_MAX; i++) {
		struct str one;

		if (is_same(a, list.v[i].view->answer, best->view->answer))
			continue;
		rule_cite(d, list.v[i].view->answer);
		rule_cite(d, list.v[i].answer);
		one = stale_text(c, &list.v[i], best);
		text = arena_printf(a, "%.*s%s%.*s", STR_ARG(text), named++ ? " " : "",
		                    STR_ARG(one));
	}
	d->message = text;
	d->fix = arena_printf(
	        a,
	        "Name servers take a change one after the other, mostly "
	        "within minutes. If it lasts longer than an hour, ask %.*s "
	        "why the name servers of %.*s do not have the same data.",
	        STR_ARG(rule_place(c).provider->name), STR_ARG(c->seen->cut.zone));
	return named > 0;
}

/* ---- changes on their way ---- */

/* Until when a resolver keeps what it answered, or 0. */
static int64_t kept_until(const struct dns_answer *answer)
{
	const struct dns_records *r =
	        answer->chain.n ? &answer->chain : &answer->records;
	uint32_t ttl = r->n ? r->v[0].ttl : 0;

	if (answer->status != DNS_FOUND)
		return dns_answer_negative_until(answer);
	for (size_t i = 1; i < r->n; i++)
		ttl = r->v[i].ttl < ttl ? r->v[i].ttl : ttl;
	return answer->at + (int64_t)ttl * 1000;
}

/* "; 192.0.2.53 still has no record and may keep that until …" for each that differs. */
static void add_resolvers(const struct rule_case *c, struct buf *b, struct diagnosis *d)
{
	const struct views *views = &c->seen->resolvers;

	for (size_t i = 0; i < views->n; i++) {
		const struct view *v = &views->v[i];
		int64_t until = kept_until(v->answer);
		struct str when = utc(c->in->a, until);

		rule_cite(d, v->answer);
		if (v->result == COMPARE_MATCH)
			continue;
		if (v->result == COMPARE_FAULT) {
			struct str words = said(c->in->a, v->answer);

			buf_printf(b, "; %.*s %.*s", STR_ARG(v->server),
			           STR_ARG(words));
			continue;
		}
		buf_printf(b, "; %.*s still has %s", STR_ARG(v->server),
		           v->answer->status == DNS_FOUND ? "other data" : "no record");
		if (until)
			buf_printf(b, " and may keep that until %.*s", STR_ARG(when));
	}
}

/* "2 of 3 public resolvers see the record; …" */
static struct str resolvers_text(const struct rule_case *c, struct diagnosis *d)
{
	const struct views *views = &c->seen->resolvers;
	AUTO(buf) b = {.max = SENTENCE_MAX};

	if (views->differ == 0)
		return STR_NONE;
	buf_printf(&b, "%zu of %zu public resolvers %s the record", views->match,
	           views->n, views->match == 1 ? "sees" : "see");
	add_resolvers(c, &b, d);
	buf_add_char(&b, '.');
	return arena_dup(c->in->a, buf_str(&b));
}

static struct str servers_text(const struct rule_case *c, struct diagnosis *d)
{
	const struct views *views = &c->seen->servers;
	AUTO(buf) b = {.max = SENTENCE_MAX};

	if (views->match)
		buf_printf(&b, "%zu of %zu authoritative servers %s the record: ",
		           views->match, views->n, views->match == 1 ? "has" : "have");
	else
		buf_add(&b, STR("No authoritative server has the record any more, what "
		                "still shows it comes from a cache: "));
	for (size_t i = 0; i < views->n && i < NAMED_MAX; i++) {
		const struct view *v = &views->v[i];
		struct str server = server_text(c->in->a, v);

		rule_cite(d, v->answer);
		buf_printf(&b, "%s%.*s %s", i ? ", " : "", STR_ARG(server),
		           v->result == COMPARE_MATCH   ? "has it"
		           : v->result == COMPARE_FAULT ? "does not answer"
		                                        : "does not have it");
	}
	buf_add_char(&b, '.');
	return arena_dup(c->in->a, buf_str(&b));
}

bool rule_dns_propagating(const struct rule_case *c, struct diagnosis *d)
{
	const struct observation *o = c->seen;
	struct str resolvers;

	if (o->status != RECORD_PROPAGATING && o->status != RECORD_VERIFIED)
		return false;
	resolvers = resolvers_text(c, d);
	if (o->status == RECORD_VERIFIED) {
		d->severity = SEVERITY_ADVICE;
		d->message = resolvers;
		d->fix =
		        STR("Nothing is to be changed: receivers behind the others see "
		            "the record once their caches have expired.");
		return resolvers.n > 0;
	}
	d->message = servers_text(c, d);
	if (resolvers.n)
		d->message = arena_printf(c->in->a, "%.*s %.*s", STR_ARG(d->message),
		                          STR_ARG(resolvers));
	d->fix = o->servers.match
	                 ? STR("Nothing is to be changed in the record: the next check "
	                       "sees whether all servers have it.")
	                 : rule_add_fix(c);
	return true;
}

bool rule_dns_negative_cached(const struct rule_case *c, struct diagnosis *d)
{
	const struct observation *o = c->seen;
	const struct dns_answer *answer = o->kept ? o->kept : o->answer;
	int64_t until;

	if ((o->status == RECORD_VERIFIED && !o->kept) ||
	    o->status == RECORD_UNDETERMINED)
		return false;
	for (size_t i = 0; i < o->servers.n && !dns_answer_is_negative(answer); i++)
		answer = o->servers.v[i].answer;
	until = dns_answer_negative_until(answer);
	if (until <= c->in->now)
		return false;
	rule_cite(d, answer);
	d->message = arena_printf(c->in->a,
	                          "Resolvers that have asked for %.*s %s may keep the "
	                          "answer that there is "
	                          "none until %.*s.",
	                          STR_ARG(c->row->name), dns_type_name(c->row->type),
	                          STR_ARG(utc(c->in->a, until)));
	d->fix = o->kept ? STR("Nothing is to be changed: all servers have the record.")
	                 : STR("When the record is there, allow for that time before "
	                       "it is seen everywhere.");
	return true;
}
