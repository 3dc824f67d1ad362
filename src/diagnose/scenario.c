#include "diagnose/scenario.h"

#include "auth/suffixes.h"
#include "base/file.h"
#include "diagnose/audit.h"
#include "diagnose/diagnose.h"
#include "diagnose/scenario_document.h"
#include "dns/zone.h"

#include <stdlib.h>
#include <string.h>

enum { VIEWS_MAX = 8, FAULTS_MAX = 16, ROUNDS_MAX = 100, FILE_MAX = 1024 * 1024 };

/* What a server or resolver says where it differs from the rest of the world. */
struct other_view {
	struct str name; /* host name of the server, or the resolver's address */
	bool is_resolver;
	struct str edits; /* lines: "-NAME [TYPE]" or zone text */
	struct dns_zone zone;
};

struct scenario_fault {
	struct str name;   /* "*" any; "*.NAME" NAME and all below */
	struct str server; /* empty: all and the resolver; "resolver": that alone */
	enum dns_type type;
	bool any_type;
	enum dns_status status;
};

struct scenario {
	struct arena *a;
	struct str path;
	struct str rest; /* lines not read yet */
	int line;
	struct str domain, profile, zone_text;
	struct plan_settings settings;
	struct map unset; /* shared settings that are left out */
	bool is_audit;
	struct str selectors; /* of an audit, with blanks between */
	struct str retired[4];
	size_t retired_count;
	int64_t now;
	enum server_views servers;
	struct other_view views[VIEWS_MAX];
	size_t view_count;
	struct scenario_fault faults[FAULTS_MAX];
	size_t fault_count;
	struct dns_zone zone;
	struct str expectations; /* the lines that begin with an expectation's word */
	struct verdict *verdict;
	size_t questions;
	json_t *document;
};

/* ---- reading ---- */

static bool next_line(struct scenario *s, struct str *line)
{
	if (!str_cut(&s->rest, '\n', line))
		return false;
	s->line++;
	return true;
}

static struct str next_word(struct str *line)
{
	struct str word;

	*line = str_trim(*line);
	str_cut(line, ' ', &word);
	*line = line->p ? str_trim(*line) : STR("");
	return word;
}

static bool bad(const struct scenario *s, struct err *err, const char *what,
                struct str x)
{
	return err_set(err, ERR_INPUT, "%.*s:%d: %s: %.*s", STR_ARG(s->path), s->line,
	               what, STR_ARG(x));
}

static bool read_source(struct arena *a, struct str name, struct str *out,
                        struct err *err)
{
	const char *source = getenv("SIGNET_SOURCE");
	struct str path =
	        arena_printf(a, "%s/%.*s", source ? source : ".", STR_ARG(name));

	return file_read(a, path.p, FILE_MAX, out, err);
}

/* Zone text without the records of a name (and of a type, where one is given). */
static struct str drop_records(struct arena *a, struct str text, struct str name,
                               struct str type)
{
	struct str start = arena_printf(a, "%.*s. ", STR_ARG(name));
	struct str kind = arena_printf(a, " %.*s ", STR_ARG(type));
	struct str out = STR_NONE;
	struct str line;

	while (str_cut(&text, '\n', &line))
		if (!str_starts_nocase(line, start) ||
		    (type.n && str_find(line, kind) < 0))
			out = arena_printf(a, "%.*s%.*s\n", STR_ARG(out),
			                   STR_ARG(line));
	return out;
}

/* The lines up to `end`. */
static bool read_block(struct scenario *s, struct str *out, struct err *err)
{
	struct str line;

	*out = STR_NONE;
	while (next_line(s, &line)) {
		if (str_eq(str_trim(line), STR("end")))
			return true;
		*out = arena_printf(s->a, "%.*s%.*s\n", STR_ARG(*out), STR_ARG(line));
	}
	return bad(s, err, "block without end", STR(""));
}

static bool read_use(struct scenario *s, struct str args, struct err *err)
{
	if (str_eq(args, STR("nothing"))) {
		s->zone_text = STR("");
		return true;
	}
	return read_source(
	        s->a, arena_printf(s->a, "tests/scenarios/zones/%.*s", STR_ARG(args)),
	        &s->zone_text, err);
}

static bool read_drop(struct scenario *s, struct str args, struct err *err)
{
	struct str name = next_word(&args);
	struct str less = drop_records(s->a, s->zone_text, name, args);

	if (less.n == s->zone_text.n)
		return bad(s, err, "nothing to drop", name);
	s->zone_text = less;
	return true;
}

static bool read_add(struct scenario *s, struct str args, struct err *err)
{
	struct str text;

	(void)args;
	if (!read_block(s, &text, err))
		return false;
	s->zone_text =
	        arena_printf(s->a, "%.*s%.*s", STR_ARG(s->zone_text), STR_ARG(text));
	return true;
}

static bool read_view(struct scenario *s, struct str name, bool is_resolver,
                      struct err *err)
{
	struct other_view *v = &s->views[s->view_count];

	if (s->view_count++ == VIEWS_MAX)
		return bad(s, err, "too many views", name);
	*v = (struct other_view){.name = name, .is_resolver = is_resolver};
	return read_block(s, &v->edits, err);
}

static bool read_server(struct scenario *s, struct str args, struct err *err)
{
	return read_view(s, args, false, err);
}

static bool read_resolver(struct scenario *s, struct str args, struct err *err)
{
	return read_view(s, args, true, err);
}

static bool parse_status(struct str word, enum dns_status *out)
{
	for (int i = DNS_SERVFAIL; i <= DNS_REFERRAL; i++) {
		if (str_eq(word, str_c(dns_status_name((enum dns_status)i)))) {
			*out = (enum dns_status)i;
			return true;
		}
	}
	return false;
}

static bool read_fault(struct scenario *s, struct str args, struct err *err)
{
	struct scenario_fault *f = &s->faults[s->fault_count];
	struct str type;
	struct str status;

	if (s->fault_count++ == FAULTS_MAX)
		return bad(s, err, "too many faults", args);
	f->name = next_word(&args);
	type = next_word(&args);
	status = next_word(&args);
	f->any_type = str_eq(type, STR("*"));
	f->server = args;
	if (!f->any_type && !dns_type_parse(type, &f->type))
		return bad(s, err, "unknown type", type);
	return parse_status(status, &f->status) || bad(s, err, "unknown fault", status);
}

static bool read_domain(struct scenario *s, struct str args, struct err *err)
{
	(void)err;
	s->domain = args;
	return true;
}

static bool read_profile(struct scenario *s, struct str args, struct err *err)
{
	(void)err;
	s->profile = args;
	return true;
}

static bool read_audit(struct scenario *s, struct str args, struct err *err)
{
	(void)err;
	s->is_audit = true;
	s->selectors = args;
	return true;
}

static bool read_set(struct scenario *s, struct str args, struct err *err)
{
	return plan_set(&s->settings, args, err);
}

static bool read_unset(struct scenario *s, struct str args, struct err *err)
{
	if (args.n == 0)
		return bad(s, err, "no name", args);
	map_set(&s->unset, args, s);
	return true;
}

static bool read_retired(struct scenario *s, struct str args, struct err *err)
{
	if (s->retired_count == LEN(s->retired))
		return bad(s, err, "too many retired keys", args);
	s->retired[s->retired_count++] = args;
	return true;
}

static bool read_now(struct scenario *s, struct str args, struct err *err)
{
	uint64_t seconds;

	if (!str_parse_uint(args, UINT32_MAX, &seconds))
		return bad(s, err, "no time", args);
	s->now = (int64_t)seconds * 1000;
	return true;
}

static bool read_servers(struct scenario *s, struct str args, struct err *err)
{
	static const char *const words[] = {"none", "wrong", "all"};

	for (size_t i = 0; i < LEN(words); i++) {
		if (str_eq(args, str_c(words[i]))) {
			s->servers = (enum server_views)i;
			return true;
		}
	}
	return bad(s, err, "servers", args);
}

static const struct {
	const char *word;
	bool (*read)(struct scenario *s, struct str args, struct err *err);
} directives[] = {
        {"domain",   read_domain  },
        {"profile",  read_profile },
        {"audit",    read_audit   },
        {"set",      read_set     },
        {"unset",    read_unset   },
        {"retired",  read_retired },
        {"now",      read_now     },
        {"use",      read_use     },
        {"drop",     read_drop    },
        {"add",      read_add     },
        {"server",   read_server  },
        {"servers",  read_servers },
        {"resolver", read_resolver},
        {"fault",    read_fault   },
};

static bool read_directive(struct scenario *s, struct str line, struct err *err)
{
	struct str args = line;
	struct str word = next_word(&args);

	for (size_t i = 0; i < LEN(directives); i++)
		if (str_eq(word, str_c(directives[i].word)))
			return directives[i].read(s, args, err) ||
			       err_add(err, "%.*s:%d", STR_ARG(s->path), s->line);
	s->expectations = arena_printf(s->a, "%.*s%d %.*s\n", STR_ARG(s->expectations),
	                               s->line, STR_ARG(str_trim(line)));
	return true;
}

static bool read_all(struct scenario *s, struct err *err)
{
	struct str line;

	while (next_line(s, &line)) {
		line = str_trim(line);
		if (line.n && line.p[0] != '#' && !read_directive(s, line, err))
			return false;
	}
	return true;
}

/* ---- the world the scenario describes ---- */

static bool build_view(struct scenario *s, struct other_view *v, struct err *err)
{
	struct str text = s->zone_text;
	struct str added = STR_NONE;
	struct str edits = v->edits;
	struct str line;

	while (str_cut(&edits, '\n', &line)) {
		if (str_starts(line, STR("-"))) {
			struct str type = str_from(line, 1);
			struct str name = next_word(&type);

			text = drop_records(s->a, text, name, type);
		} else {
			added = arena_printf(s->a, "%.*s%.*s\n", STR_ARG(added),
			                     STR_ARG(line));
		}
	}
	v->zone = dns_zone_init(s->a);
	return dns_zone_parse(&v->zone, arena_join(s->a, text, added), err) ||
	       err_add(err, "%.*s: view %.*s", STR_ARG(s->path), STR_ARG(v->name));
}

static bool build_world(struct scenario *s, struct err *err)
{
	s->zone = dns_zone_init(s->a);
	if (!dns_zone_parse(&s->zone, s->zone_text, err))
		return err_add(err, "%.*s: zone", STR_ARG(s->path));
	for (size_t i = 0; i < s->view_count; i++)
		if (!build_view(s, &s->views[i], err))
			return false;
	return true;
}

/* Whether the server's host name has this address. */
static bool has_address(struct scenario *s, struct str host, struct str address)
{
	struct dns_question q = {host, DNS_A, DNS_RECURSION, STR_NONE};
	struct dns_answer answer;

	dns_zone_answer(&s->zone, s->a, &q, &answer);
	for (size_t i = 0; i < answer.records.n; i++)
		if (str_eq(ip_format(s->a, answer.records.v[i].ip), address))
			return true;
	return false;
}

static const struct dns_zone *find_zone(struct scenario *s,
                                        const struct dns_question *q)
{
	for (size_t i = 0; i < s->view_count; i++) {
		const struct other_view *v = &s->views[i];

		if (v->is_resolver
		            ? q->via == DNS_RESOLVER && str_eq(v->name, q->server)
		            : q->via == DNS_AUTHORITY &&
		                      has_address(s, v->name, q->server))
			return &v->zone;
	}
	return &s->zone;
}

static bool fault_has_name(const struct scenario_fault *f, struct str name)
{
	if (str_starts(f->name, STR("*.")))
		return dns_name_is_within(name, str_from(f->name, 2));
	return str_eq(f->name, STR("*")) || str_eq(f->name, name);
}

static bool fault_has_server(struct scenario *s, const struct scenario_fault *f,
                             const struct dns_question *q)
{
	if (f->server.n == 0)
		return true;
	if (str_eq(f->server, STR("resolver")))
		return q->via == DNS_RECURSION;
	if (q->via == DNS_RESOLVER)
		return str_eq(f->server, q->server);
	return q->via == DNS_AUTHORITY && has_address(s, f->server, q->server);
}

static const struct scenario_fault *find_fault(struct scenario *s,
                                               const struct dns_question *q)
{
	for (size_t i = 0; i < s->fault_count; i++) {
		const struct scenario_fault *f = &s->faults[i];

		if (fault_has_name(f, q->name) && (f->any_type || f->type == q->type) &&
		    fault_has_server(s, f, q))
			return f;
	}
	return NULL;
}

static void answer_pending(struct scenario *s, struct dns_answers *answers)
{
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *pending = dns_answers_at(answers, i);
		const struct scenario_fault *fault;
		struct dns_answer learned;

		if (pending->status != DNS_PENDING)
			continue;
		dns_zone_answer(find_zone(s, &pending->question), s->a,
		                &pending->question, &learned);
		fault = find_fault(s, &pending->question);
		/* A bogus answer is only seen as such by who validates. */
		if (fault && (fault->status != DNS_BOGUS ||
		              pending->question.via == DNS_RECURSION))
			learned = (struct dns_answer){.status = fault->status,
			                              .why = STR("injected")};
		dns_answers_put(answers, pending, &learned);
	}
}

/* ---- what is expected ---- */

static const struct verdict_record *find_record(const struct verdict *v,
                                                struct str purpose)
{
	uint64_t wanted = 1;
	struct str number = purpose;
	struct str name;

	str_cut(&number, '/', &name);
	if (number.p && !str_parse_uint(number, 99, &wanted))
		return NULL;
	for (size_t i = 0; i < v->record_count; i++)
		if (str_eq(name,
		           str_c(plan_purpose_name(v->records[i].plan->purpose))) &&
		    --wanted == 0)
			return &v->records[i];
	return NULL;
}

static struct str codes(struct arena *a, const struct diagnoses *list)
{
	struct str out = STR_NONE;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].code, "dns.negative_cached") != 0)
			out = arena_printf(a, "%.*s%s%s", STR_ARG(out),
			                   out.n ? " " : "", list->v[i].code);
	return out;
}

static bool differs(struct err *err, const char *what, struct str want, struct str got)
{
	return err_set(err, ERR_INPUT, "%s: wanted [%.*s], got [%.*s]", what,
	               STR_ARG(want), STR_ARG(got));
}

static bool expect_record(struct scenario *s, struct str args, struct err *err)
{
	struct str purpose = next_word(&args);
	struct str status = next_word(&args);
	const struct verdict_record *r = find_record(s->verdict, purpose);
	struct str got;

	if (!r)
		return err_set(err, ERR_INPUT, "no record of purpose %.*s",
		               STR_ARG(purpose));
	got = codes(s->a, &r->diagnoses);
	if (!str_eq(status, str_c(record_status_name(r->status))))
		return differs(err, "status", status,
		               arena_printf(s->a, "%s %.*s",
		                            record_status_name(r->status),
		                            STR_ARG(got)));
	return str_eq(args, got) || differs(err, "diagnosis", args, got);
}

static bool expect_advice(struct scenario *s, struct str args, struct err *err)
{
	struct str got = codes(s->a, &s->verdict->advice);

	return str_eq(args, got) || differs(err, "advice", args, got);
}

static bool expect_domain_status(struct scenario *s, struct str args, struct err *err)
{
	struct str got = str_c(domain_status_name(s->verdict->status));

	return str_eq(args, got) || differs(err, "domain status", args, got);
}

static const struct diagnosis *find_code(const struct diagnoses *list, struct str code)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(code, str_c(list->v[i].code)))
			return &list->v[i];
	return NULL;
}

static const struct diagnosis *find_diagnosis(const struct verdict *v, struct str code)
{
	const struct diagnosis *d = find_code(&v->advice, code);

	for (size_t i = 0; i < v->record_count && !d; i++)
		d = find_code(&v->records[i].diagnoses, code);
	return d;
}

static bool expect_text(struct scenario *s, struct str args, bool fix, struct err *err)
{
	struct str code = next_word(&args);
	const struct diagnosis *d = find_diagnosis(s->verdict, code);
	struct str text;

	if (!d)
		return err_set(err, ERR_INPUT, "%.*s was not found", STR_ARG(code));
	text = fix ? d->fix : d->message;
	return str_find(text, args) >= 0 ||
	       differs(err, fix ? "fix" : "message", args, text);
}

static bool expect_message(struct scenario *s, struct str args, struct err *err)
{
	return expect_text(s, args, false, err);
}

static bool expect_fix(struct scenario *s, struct str args, struct err *err)
{
	return expect_text(s, args, true, err);
}

static bool expect_severity(struct scenario *s, struct str args, struct err *err)
{
	struct str code = next_word(&args);
	const struct diagnosis *d = find_diagnosis(s->verdict, code);

	if (!d)
		return err_set(err, ERR_INPUT, "%.*s was not found", STR_ARG(code));
	return str_eq(args, str_c(severity_name(d->severity))) ||
	       differs(err, "severity", args, str_c(severity_name(d->severity)));
}

/* The diagnosis cites the answer to this question. */
static bool expect_evidence(struct scenario *s, struct str args, struct err *err)
{
	struct str code = next_word(&args);
	const struct diagnosis *d = find_diagnosis(s->verdict, code);
	struct str got = STR_NONE;

	if (!d)
		return err_set(err, ERR_INPUT, "%.*s was not found", STR_ARG(code));
	for (size_t i = 0; i < d->evidence_count; i++) {
		const struct dns_question *q =
		        &dns_answers_at(s->verdict->answers, d->evidence[i] - 1)
		                 ->question;
		struct str asked = arena_printf(s->a, "%.*s %s", STR_ARG(q->name),
		                                dns_type_name(q->type));

		if (str_eq(args, asked))
			return true;
		got = arena_printf(s->a, "%.*s%s%.*s", STR_ARG(got), got.n ? ", " : "",
		                   STR_ARG(asked));
	}
	return differs(err, "evidence", args, got);
}

static bool expect_absent(struct scenario *s, struct str args, struct err *err)
{
	const struct diagnosis *d = find_diagnosis(s->verdict, args);

	return !d || err_set(err, ERR_INPUT, "%.*s must not be there: %.*s",
	                     STR_ARG(args), STR_ARG(d->message));
}

static bool expect_clean(struct scenario *s, struct str args, struct err *err)
{
	(void)args;
	for (size_t i = 0; i < s->verdict->record_count; i++) {
		const struct verdict_record *r = &s->verdict->records[i];

		if (r->status != RECORD_VERIFIED || r->diagnoses.n)
			return differs(
			        err, plan_purpose_name(r->plan->purpose),
			        STR("verified"),
			        arena_printf(s->a, "%s %.*s",
			                     record_status_name(r->status),
			                     STR_ARG(codes(s->a, &r->diagnoses))));
	}
	return expect_advice(s, STR(""), err);
}

static bool expect_json(struct scenario *s, struct str args, struct err *err)
{
	return document_expect_json(s->a, s->document, args, err);
}

static bool expect_service(struct scenario *s, struct str args, struct err *err)
{
	return document_expect_service(s->a, s->document, args, err);
}

/* The audit or check asked no more than this. */
static bool expect_questions(struct scenario *s, struct str args, struct err *err)
{
	uint64_t max;

	if (!str_parse_uint(args, 9999, &max))
		return err_set(err, ERR_INPUT, "no number: %.*s", STR_ARG(args));
	return s->questions <= max ||
	       err_set(err, ERR_INPUT, "%zu questions were asked", s->questions);
}

static const struct {
	const char *word;
	bool (*holds)(struct scenario *s, struct str args, struct err *err);
} expectations[] = {
        {"expect",        expect_record       },
        {"advice",        expect_advice       },
        {"domain-status", expect_domain_status},
        {"message",       expect_message      },
        {"fix",           expect_fix          },
        {"severity",      expect_severity     },
        {"evidence",      expect_evidence     },
        {"absent",        expect_absent       },
        {"clean",         expect_clean        },
        {"json",          expect_json         },
        {"service",       expect_service      },
        {"questions",     expect_questions    },
};

static bool check_expectation(struct scenario *s, struct str line, struct err *err)
{
	struct str number = next_word(&line);
	struct str word = next_word(&line);

	for (size_t i = 0; i < LEN(expectations); i++)
		if (str_eq(word, str_c(expectations[i].word)))
			return expectations[i].holds(s, line, err) ||
			       err_add(err, "line %.*s", STR_ARG(number));
	return err_set(err, ERR_INPUT, "line %.*s: unknown word \"%.*s\"",
	               STR_ARG(number), STR_ARG(word));
}

/* ---- the run ---- */

static bool load_knowledge(struct arena *a, struct knowledge *k,
                           struct providers *providers, struct services *services,
                           struct networks *networks, struct suffixes **suffixes,
                           struct err *err)
{
	struct str text;

	*k = (struct knowledge){
	        .providers = providers, .services = services, .networks = networks};
	if (!read_source(a, STR("data/public_suffix_list.dat"), &text, err) ||
	    !suffixes_parse(text, suffixes, err))
		return false;
	k->suffixes = *suffixes;
	return read_source(a, STR("data/providers.json"), &text, err) &&
	       providers_parse(a, text, providers, err) &&
	       read_source(a, STR("data/services.json"), &text, err) &&
	       services_parse(a, text, services, err) &&
	       read_source(a, STR("data/networks.json"), &text, err) &&
	       networks_parse(a, text, networks, err);
}

static bool make_plan(struct scenario *s, struct plan **plan, struct err *err)
{
	struct profile *profile;
	struct str text;

	return read_source(s->a,
	                   arena_printf(s->a, "data/profiles/%.*s.json",
	                                STR_ARG(s->profile)),
	                   &text, err) &&
	       profile_parse(s->a, s->profile, text, &profile, err) &&
	       plan_make(s->a, profile, s->domain, &s->settings, plan, err);
}

static struct audit_request audit_request(struct scenario *s)
{
	struct str *v = ARENA_ARRAY(s->a, struct str, s->selectors.n + 1);
	struct audit_request request = {s->domain, v, 0};
	struct str rest = s->selectors;

	while (rest.n)
		v[request.selector_count++] = next_word(&rest);
	return request;
}

static bool check(struct scenario *s, struct plan *plan, struct knowledge *k,
                  struct err *err)
{
	struct str resolvers[VIEWS_MAX];
	struct dns_answers *answers = ARENA_NEW(s->a, struct dns_answers);
	struct check_input in = {.a = s->a,
	                         .answers = answers,
	                         .plan = plan,
	                         .know = k,
	                         .servers = s->servers,
	                         .thorough = true,
	                         .resolvers = resolvers,
	                         .retired_keys = s->retired,
	                         .retired_key_count = s->retired_count,
	                         .now = s->now};
	struct audit_request request = audit_request(s);

	*answers = dns_answers_init(s->a, s->now); /* the verdict refers to it */
	for (size_t i = 0; i < s->view_count; i++)
		if (s->views[i].is_resolver)
			resolvers[in.resolver_count++] = s->views[i].name;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		s->verdict =
		        s->is_audit ? audit_check(&in, &request) : diagnose_check(&in);
		if (!dns_answers_pending(answers)) {
			s->questions = answers->by_key.n < answers->max
			                       ? answers->by_key.n
			                       : answers->max;
			s->document = verdict_json(s->verdict);
			json_decref(s->verdict->audit);
			return s->document ||
			       err_set(err, ERR_INTERNAL, "the verdict is no JSON");
		}
		answer_pending(s, answers);
	}
	return err_set(err, ERR_INTERNAL, "the check asks without end");
}

/* The settings of all scenarios, which a scenario may replace. */
static bool add_default_settings(struct scenario *s, struct err *err)
{
	struct str text;
	struct str line;

	if (!read_source(s->a, STR("tests/scenarios/settings"), &text, err))
		return false;
	while (str_cut(&text, '\n', &line)) {
		struct str rest = line;
		struct str name;

		str_cut(&rest, '=', &name);
		if (line.n && line.p[0] != '#' && !map_find(&s->settings.given, name) &&
		    !map_find(&s->unset, name) && !plan_set(&s->settings, line, err))
			return false;
	}
	return true;
}

static bool run(struct scenario *s, struct suffixes **suffixes, struct err *err)
{
	struct providers providers;
	struct services services;
	struct networks networks;
	struct knowledge know;
	struct plan *plan;
	struct str line;

	if (!read_use(s, STR("standard.zone"), err) || !read_all(s, err) ||
	    !add_default_settings(s, err) || !build_world(s, err) ||
	    !load_knowledge(s->a, &know, &providers, &services, &networks, suffixes,
	                    err) ||
	    !make_plan(s, &plan, err) || !check(s, plan, &know, err))
		return false;
	if (s->expectations.n == 0)
		return err_set(err, ERR_INPUT, "expects nothing");
	while (str_cut(&s->expectations, '\n', &line))
		if (line.n && !check_expectation(s, line, err))
			return false;
	return true;
}

bool scenario_run(struct arena *a, const char *path, struct err *err)
{
	struct scenario s = {.a = a,
	                     .path = str_c(path),
	                     .domain = STR("acme.example"),
	                     .profile = STR("standard"),
	                     .now = 1795228200000,
	                     .settings = {.given = map_init(a)},
	                     .unset = map_init(a),
	                     .servers = SERVERS_ALL};
	struct suffixes *suffixes = NULL;
	bool ok = file_read(a, path, FILE_MAX, &s.rest, err) && run(&s, &suffixes, err);

	suffixes_free(suffixes);
	json_decref(s.document);
	return ok;
}
