#include "diagnose/scenario.h"

#include "auth/suffixes.h"
#include "base/file.h"
#include "diagnose/audit.h"
#include "diagnose/scenario_parts.h"

static bool load_knowledge(struct arena *a, struct knowledge *k,
                           struct providers *providers, struct services *services,
                           struct networks *networks, struct suffixes **suffixes,
                           struct err *err)
{
	struct str text;

	k->providers = providers;
	k->services = services;
	k->networks = networks;
	if (!scenario_read_source(a, STR("data/public_suffix_list.dat"), &text, err) ||
	    !suffixes_parse(text, suffixes, err))
		return false;
	k->suffixes = *suffixes;
	return scenario_read_source(a, STR("data/providers.json"), &text, err) &&
	       providers_parse(a, text, providers, err) &&
	       scenario_read_source(a, STR("data/services.json"), &text, err) &&
	       services_parse(a, text, services, err) &&
	       scenario_read_source(a, STR("data/networks.json"), &text, err) &&
	       networks_parse(a, text, networks, err);
}

static bool make_plan(struct scenario *s, struct plan **plan, struct err *err)
{
	struct profile *profile;
	struct str text;

	return scenario_read_source(s->a,
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
		v[request.selector_count++] = scenario_next_word(&rest);
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
	                         .thorough = s->servers != SERVERS_IF_WRONG,
	                         .resolvers = resolvers,
	                         .retired_keys = s->retired,
	                         .retired_key_count = s->retired_count,
	                         .now = s->now};
	struct audit_request request = audit_request(s);

	*answers = dns_answers_init(s->a, s->now); /* the verdict refers to it */
	for (size_t i = 0; i < s->view_count; i++)
		if (s->views[i].is_resolver && !str_eq(s->views[i].name, STR("own")))
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
		scenario_answer_pending(s, answers);
	}
	return err_set(err, ERR_INTERNAL, "the check asks without end");
}

/* The settings of all scenarios, which a scenario may replace. */
static bool add_default_settings(struct scenario *s, struct err *err)
{
	struct str text;
	struct str line;

	if (!scenario_read_source(s->a, STR("tests/scenarios/settings"), &text, err))
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
	struct knowledge know = {0};
	struct plan *plan;
	struct str line;

	if (!scenario_read_use(s, STR("standard.zone"), err) ||
	    !scenario_read_all(s, err))
		return false;
	know.issuer = s->is_issuer_given ? caa_issuer_of(s->issuer, s->issuer_count)
	                                 : caa_usual_issuer();
	if (!add_default_settings(s, err) || !scenario_build_world(s, err) ||
	    !load_knowledge(s->a, &know, &providers, &services, &networks, suffixes,
	                    err) ||
	    !make_plan(s, &plan, err) || !check(s, plan, &know, err))
		return false;
	if (s->expectations.n == 0)
		return err_set(err, ERR_INPUT, "expects nothing");
	while (str_cut(&s->expectations, '\n', &line))
		if (line.n && !scenario_check_expectation(s, line, err))
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
