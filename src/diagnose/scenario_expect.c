#include "diagnose/scenario_parts.h"

#include "diagnose/scenario_document.h"

#include <string.h>

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
	struct str purpose = scenario_next_word(&args);
	struct str status = scenario_next_word(&args);
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
	struct str code = scenario_next_word(&args);
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
	struct str code = scenario_next_word(&args);
	const struct diagnosis *d = find_diagnosis(s->verdict, code);

	if (!d)
		return err_set(err, ERR_INPUT, "%.*s was not found", STR_ARG(code));
	return str_eq(args, str_c(severity_name(d->severity))) ||
	       differs(err, "severity", args, str_c(severity_name(d->severity)));
}

/* The diagnosis cites the answer to this question. */
static bool expect_evidence(struct scenario *s, struct str args, struct err *err)
{
	struct str code = scenario_next_word(&args);
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

bool scenario_check_expectation(struct scenario *s, struct str line, struct err *err)
{
	struct str number = scenario_next_word(&line);
	struct str word = scenario_next_word(&line);

	for (size_t i = 0; i < LEN(expectations); i++)
		if (str_eq(word, str_c(expectations[i].word)))
			return expectations[i].holds(s, line, err) ||
			       err_add(err, "line %.*s", STR_ARG(number));
	return err_set(err, ERR_INPUT, "line %.*s: unknown word \"%.*s\"",
	               STR_ARG(number), STR_ARG(word));
}
