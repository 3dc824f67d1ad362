#include "diagnose/scenario_parts.h"

static bool build_view(struct scenario *s, struct other_view *v, struct err *err)
{
	struct str text = s->zone_text;
	struct str added = STR_NONE;
	struct str edits = v->edits;
	struct str line;

	while (str_cut(&edits, '\n', &line)) {
		if (str_starts(line, STR("-"))) {
			struct str type = str_from(line, 1);
			struct str name = scenario_next_word(&type);

			text = scenario_drop_records(s->a, text, name, type);
		} else {
			added = arena_printf(s->a, "%.*s%.*s\n", STR_ARG(added),
			                     STR_ARG(line));
		}
	}
	v->zone = dns_zone_init(s->a);
	return dns_zone_parse(&v->zone, arena_join(s->a, text, added), err) ||
	       err_add(err, "%.*s: view %.*s", STR_ARG(s->path), STR_ARG(v->name));
}

bool scenario_build_world(struct scenario *s, struct err *err)
{
	s->zone = dns_zone_init(s->a);
	if (!dns_zone_parse(&s->zone, s->zone_text, err))
		return err_add(err, "%.*s: zone", STR_ARG(s->path));
	for (size_t i = 0; i < s->view_count; i++)
		if (!build_view(s, &s->views[i], err))
			return false;
	return true;
}

static bool is_own(const struct other_view *v)
{
	return v->is_resolver && str_eq(v->name, STR("own"));
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

		if (is_own(v) ? q->via == DNS_RECURSION
		    : v->is_resolver
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

void scenario_answer_pending(struct scenario *s, struct dns_answers *answers)
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
