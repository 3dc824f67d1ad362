#include "diagnose/verdict.h"

#include "base/clock.h"

static const char *const record_names[] = {
#define X(name, text) [RECORD_##name] = text,
        RECORD_STATUSES(X)
#undef X
};

static const char *const severity_names[] = {
#define X(name, text) [SEVERITY_##name] = text,
        SEVERITIES(X)
#undef X
};

static const char *const domain_names[] = {
#define X(name, text) [DOMAIN_##name] = text,
        DOMAIN_STATUSES(X)
#undef X
};

const char *record_status_name(enum record_status status)
{
	need((size_t)status < LEN(record_names));
	return record_names[status];
}

const char *domain_status_name(enum domain_status status)
{
	need((size_t)status < LEN(domain_names));
	return domain_names[status];
}

const char *severity_name(enum severity severity)
{
	need((size_t)severity < LEN(severity_names));
	return severity_names[severity];
}

/* Which answers the document cites, by id. */
struct citations {
	bool *cited;
	size_t n;
};

static void cite(struct citations *c, int id)
{
	need(id > 0 && (size_t)id < c->n);
	c->cited[id] = true;
}

static json_t *time_json(struct arena *a, int64_t at)
{
	return at ? json_text(clock_format(a, at)) : json_null();
}

static json_t *diagnoses_json(const struct diagnoses *list, struct citations *c)
{
	json_t *out = json_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct diagnosis *d = &list->v[i];
		json_t *evidence = json_array();

		for (size_t j = 0; j < d->evidence_count; j++) {
			cite(c, d->evidence[j]);
			json_array_append_new(evidence, json_integer(d->evidence[j]));
		}
		json_array_append_new(
		        out, json_pack("{s:s, s:s, s:o, s:o, s:o}", "code", d->code,
		                       "severity", severity_name(d->severity),
		                       "message", json_text(d->message), "fix",
		                       json_text(d->fix), "evidence", evidence));
	}
	return out;
}

/* A value in the form of the planned one: TXT strings joined, names without final dot,
 * an MX without its preference. */
static struct str plain_value(struct arena *a, const struct dns_record *r)
{
	switch ((int)r->type) {
	case DNS_TXT:
	case DNS_SPF:
		return r->txt.text;
	case DNS_CNAME:
	case DNS_NS:
		return r->target;
	case DNS_MX:
		return r->mx.host;
	default:
		return dns_record_format(a, r);
	}
}

static json_t *found_json(struct arena *a, const struct verdict_record *r,
                          struct citations *c)
{
	json_t *out = json_array();

	for (size_t i = 0; i < r->found_count; i++) {
		const struct found_record *f = &r->found[i];

		cite(c, f->evidence);
		json_array_append_new(
		        out,
		        json_pack("{s:s, s:o, s:o, s:o, s:i, s:i}", "type",
		                  dns_type_name(f->record.type), "value",
		                  json_text(plain_value(a, &f->record)), "priority",
		                  f->record.type == DNS_MX
		                          ? json_integer(f->record.mx.preference)
		                          : json_null(),
		                  "server", json_text_or_null(f->server), "ttl",
		                  (int)f->record.ttl, "evidence", f->evidence));
	}
	return out;
}

static json_t *record_json(struct arena *a, const struct verdict_record *r,
                           struct citations *c)
{
	const struct plan_record *p = r->plan;

	return json_pack(
	        "{s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:b, s:s, s:o, s:o, s:{s:i, s:i}, "
	        "s:o, s:o}",
	        "purpose", plan_purpose_name(p->purpose), "type",
	        dns_type_name(p->type), "name", json_text(p->name), "host",
	        json_text(r->host), "value", json_text_or_null(p->value), "priority",
	        p->priority < 0 ? json_null() : json_integer(p->priority), "ttl",
	        (int)p->ttl, "required", p->required, "status",
	        record_status_name(r->status), "found", found_json(a, r, c),
	        "diagnosis", diagnoses_json(&r->diagnoses, c), "servers", "with",
	        (int)r->servers_with, "asked", (int)r->servers_asked, "checked_at",
	        time_json(a, r->checked_at), "next_check_at",
	        time_json(a, r->next_check_at));
}

static json_t *provider_json(const struct verdict *v)
{
	if (v->provider_id.n == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "id", json_text(v->provider_id), "name",
	                 json_text(v->provider_name), "evidence",
	                 json_text(v->provider_evidence));
}

static void add_formatted(struct arena *a, json_t *list, const struct dns_records *r)
{
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(
		        list, json_text(arena_printf(
		                      a, "%.*s %s %.*s", STR_ARG(r->v[i].owner),
		                      dns_type_name(r->v[i].type),
		                      STR_ARG(dns_record_format(a, &r->v[i])))));
}

static json_t *answer_json(struct arena *a, const struct dns_answer *answer)
{
	const struct dns_question *q = &answer->question;
	json_t *records = json_array();
	json_t *out;
	uint32_t ttl = answer->records.n ? answer->records.v[0].ttl
	               : answer->soa     ? answer->soa->soa.minimum
	                                 : 0;

	add_formatted(a, records, &answer->chain);
	add_formatted(a, records, &answer->records);
	out = json_pack(
	        "{s:i, s:o, s:o, s:s, s:o, s:i, s:o}", "id", answer->id, "question",
	        json_text(arena_printf(a, "%.*s %s", STR_ARG(q->name),
	                               dns_type_name(q->type))),
	        "server", json_text_or_null(q->server.n ? q->server : answer->server),
	        "rcode", dns_status_name(answer->status), "answer", records, "ttl",
	        (int)ttl, "at", time_json(a, answer->at));
	if (answer->why.n)
		json_object_set_new(out, "why", json_text(answer->why));
	return out;
}

static json_t *evidence_json(struct arena *a, const struct verdict *v,
                             const struct citations *c)
{
	json_t *out = json_array();

	for (size_t i = 0; v->answers && i < v->answers->by_key.n; i++) {
		const struct dns_answer *answer = dns_answers_at(v->answers, i);

		if (c->cited[answer->id])
			json_array_append_new(out, answer_json(a, answer));
	}
	return out;
}

json_t *verdict_json(const struct verdict *v)
{
	AUTO(arena) a = {0};
	struct citations c = {.n = (v->answers ? v->answers->by_key.n : 0) + 1};
	json_t *records = json_array();
	json_t *reasons = json_array();
	json_t *advice;
	json_t *out;

	c.cited = ARENA_ARRAY(&a, bool, c.n);
	for (size_t i = 0; i < v->record_count; i++)
		json_array_append_new(records, record_json(&a, &v->records[i], &c));
	for (size_t i = 0; i < v->reason_count; i++)
		json_array_append_new(reasons, json_text(v->reasons[i]));
	advice = diagnoses_json(&v->advice, &c);
	out = json_pack("{s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o}", "domain",
	                json_text(v->domain), "profile", json_text_or_null(v->profile),
	                "status", domain_status_name(v->status), "can_send",
	                v->can_send, "reasons", reasons, "provider", provider_json(v),
	                "records", records, "advice", advice);
	if (v->audit)
		json_object_update(out, v->audit);
	json_object_set_new(out, "checked_at", time_json(&a, v->checked_at));
	json_object_set_new(out, "evidence", evidence_json(&a, v, &c));
	return out;
}
