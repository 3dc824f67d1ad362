#include "cli/check_text.h"

#include "base/clock.h"
#include "cli/audit_text.h"
#include "cli/page.h"
#include "diagnose/compare.h"

enum { EVIDENCE_SHOWN = 3 };

/* How a status looks: its mark and its colour (an SGR code). */
static const struct look {
	const char *mark, *colour;
} looks[] = {
        [RECORD_MISSING] = {"x", "31"},
          [RECORD_MISMATCH] = {"x", "31"},
        [RECORD_CONFLICT] = {"x", "31"},
          [RECORD_PROPAGATING] = {"~", "33"},
        [RECORD_VERIFIED] = {"+", "32"},
          [RECORD_UNDETERMINED] = {"?", "33"},
        [RECORD_OPTIONAL_MISSING] = {"-", "36"},
};

static const char *const severity_colours[] = {
        [SEVERITY_ERROR] = "31",
        [SEVERITY_WARNING] = "33",
        [SEVERITY_ADVICE] = "36",
};

/* The widths of the columns, from what stands in them. */
struct widths {
	int status, purpose, host;
};

static int wider(int width, size_t n)
{
	return (int)n > width ? (int)n : width;
}

static struct widths measure(const struct verdict *v)
{
	struct widths w = {0};

	for (size_t i = 0; i < v->record_count; i++) {
		const struct verdict_record *r = &v->records[i];

		w.status = wider(w.status, str_c(record_status_name(r->status)).n);
		w.purpose =
		        wider(w.purpose, str_c(plan_purpose_name(r->plan->purpose)).n);
		w.host = wider(w.host, r->host.n);
	}
	return w;
}

/* What an audit has found for the purpose; of a TXT the one that is meant for it. */
static struct str found_value(struct arena *a, const struct verdict_record *r)
{
	struct str value = STR_NONE;

	for (size_t i = 0; i < r->found_count; i++) {
		const struct dns_record *found = &r->found[i].record;

		if (found->type == DNS_TXT &&
		    !compare_means_purpose(found->txt.text, r->plan->purpose))
			continue;
		value = arena_printf(a, "%.*s%s%.*s", STR_ARG(value),
		                     value.n ? ", " : "",
		                     STR_ARG(dns_record_format(a, found)));
	}
	return value;
}

static struct str shown_value(struct arena *a, const struct verdict_record *r)
{
	struct str value = r->plan->value;

	if (value.n == 0)
		value = found_value(a, r);
	if (r->plan->type == DNS_MX && r->plan->priority >= 0)
		value = arena_printf(a, "%d %.*s", r->plan->priority, STR_ARG(value));
	return page_short(a, value);
}

static void print_record(const struct page *p, const struct verdict_record *r,
                         struct widths w)
{
	const struct look *look = &looks[r->status];

	fputs("  ", p->out);
	page_paint(p, look->colour, look->mark);
	fputc(' ', p->out);
	page_paint(
	        p, look->colour,
	        arena_printf(p->a, "%-*s", w.status, record_status_name(r->status)).p);
	fprintf(p->out, "  %-*s  %-5s  %-*.*s  %.*s", w.purpose,
	        plan_purpose_name(r->plan->purpose), dns_type_name(r->plan->type),
	        w.host, STR_ARG(r->host), STR_ARG(shown_value(p->a, r)));
	if (r->status == RECORD_PROPAGATING)
		fprintf(p->out, "  (%zu of %zu servers)", r->servers_with,
		        r->servers_asked);
	fputc('\n', p->out);
}

static const struct dns_answer *find_answer(const struct verdict *v, int id)
{
	return v->answers ? dns_answers_at(v->answers, (size_t)id - 1) : NULL;
}

/* What an answer says, in a few words. */
static struct str answer_text(struct arena *a, const struct dns_answer *answer)
{
	const struct dns_records *r =
	        answer->records.n ? &answer->records : &answer->chain;

	if (r->n)
		return arena_printf(
		        a, "%.*s%s",
		        STR_ARG(page_short(a, dns_record_format(a, &r->v[0]))),
		        r->n > 1 ? " and more" : "");
	switch ((int)answer->status) {
	case DNS_NODATA:
		return arena_printf(a, "no %s", dns_type_name(answer->question.type));
	case DNS_NXDOMAIN:
		return STR("no such name");
	default:
		return str_c(dns_status_name(answer->status));
	}
}

/* The answers that a diagnosis rests on, as one would see them with dig. */
static void print_evidence(const struct page *p, const struct verdict *v,
                           const struct diagnosis *d)
{
	for (size_t i = 0; i < d->evidence_count && i < EVIDENCE_SHOWN; i++) {
		const struct dns_answer *answer = find_answer(v, d->evidence[i]);
		struct str server = answer->question.server.n ? answer->question.server
		                                              : answer->server;

		fprintf(p->out, "     %s %.*s %s: %.*s",
		        i ? "     " : "seen:", STR_ARG(answer->question.name),
		        dns_type_name(answer->question.type),
		        STR_ARG(answer_text(p->a, answer)));
		if (server.n)
			fprintf(p->out, " (from %.*s)", STR_ARG(server));
		fputc('\n', p->out);
	}
}

static void print_diagnosis(const struct page *p, const struct verdict *v,
                            const struct diagnosis *d, struct str about, int number)
{
	fprintf(p->out, "%3d. ", number);
	page_paint(p, severity_colours[d->severity], severity_name(d->severity));
	if (about.n)
		fprintf(p->out, " %.*s", STR_ARG(about));
	fprintf(p->out, " [%s]\n", d->code);
	fputs("     ", p->out);
	page_wrapped(p, d->message, 5);
	if (d->fix.n) {
		fputs("   > ", p->out);
		page_wrapped(p, d->fix, 5);
	}
	print_evidence(p, v, d);
}

/* Whether a record before this one says the very same: of two MX both are missing. */
static bool is_said(const struct verdict *v, size_t before, const struct diagnosis *d)
{
	for (size_t i = 0; i < before; i++) {
		const struct diagnoses *list = &v->records[i].diagnoses;

		for (size_t j = 0; j < list->n; j++)
			if (list->v[j].code == d->code &&
			    str_eq(list->v[j].message, d->message) &&
			    str_eq(list->v[j].fix, d->fix))
				return true;
	}
	return false;
}

/* A diagnosis as it is printed: what it is about and its number. */
struct to_do {
	const struct page *page;
	const struct verdict *verdict;
	int number;
};

static void print_next(struct to_do *t, const struct diagnosis *d, struct str about)
{
	if (t->number++ == 0)
		fputs("\nWhat to do\n", t->page->out);
	print_diagnosis(t->page, t->verdict, d, about, t->number);
}

static void print_severity(struct to_do *t, enum severity severity)
{
	const struct verdict *v = t->verdict;

	for (size_t i = 0; i < v->record_count; i++) {
		const struct verdict_record *r = &v->records[i];
		struct str about = arena_printf(t->page->a, "%s %.*s",
		                                plan_purpose_name(r->plan->purpose),
		                                STR_ARG(r->plan->name));

		for (size_t j = 0; j < r->diagnoses.n; j++)
			if (r->diagnoses.v[j].severity == severity &&
			    !is_said(v, i, &r->diagnoses.v[j]))
				print_next(t, &r->diagnoses.v[j], about);
	}
	for (size_t i = 0; i < v->advice.n; i++)
		if (v->advice.v[i].severity == severity)
			print_next(t, &v->advice.v[i], STR("domain"));
}

/* What must be mended first, advice last. */
static void print_all_diagnoses(const struct page *p, const struct verdict *v)
{
	struct to_do t = {p, v, 0};

	for (int severity = SEVERITY_ERROR; severity <= SEVERITY_ADVICE; severity++)
		print_severity(&t, (enum severity)severity);
}

static void print_head(const struct page *p, const struct verdict *v)
{
	page_paint(p, "1", arena_printf(p->a, "%.*s", STR_ARG(v->domain)).p);
	if (v->profile.n)
		fprintf(p->out, "  profile %.*s", STR_ARG(v->profile));
	if (v->provider_name.n)
		fprintf(p->out, "  DNS at %.*s (%.*s)", STR_ARG(v->provider_name),
		        STR_ARG(v->provider_evidence));
	fputs("\n\n", p->out);
}

static void print_foot(const struct page *p, const struct verdict *v)
{
	bool good = v->status == DOMAIN_VERIFIED;

	if (v->status == DOMAIN_AUDITED)
		return;
	fprintf(p->out, "\n%.*s: ", STR_ARG(v->domain));
	page_paint(p, good ? "32" : "33", domain_status_name(v->status));
	fputs(v->can_send ? ", can send\n" : ", cannot send", p->out);
	for (size_t i = 0; i < v->reason_count; i++)
		fprintf(p->out, "%s%.*s", i ? ", " : " (", STR_ARG(v->reasons[i]));
	if (!v->can_send)
		fputs(v->reason_count ? ")\n" : "\n", p->out);
}

void check_text(FILE *out, const struct verdict *v, bool colour)
{
	AUTO(arena) a = {0};
	struct page p = {out, colour, &a};
	struct widths w = measure(v);

	print_head(&p, v);
	for (size_t i = 0; i < v->record_count; i++)
		print_record(&p, &v->records[i], w);
	if (v->audit && v->record_count)
		audit_text(out, v->audit, colour);
	print_all_diagnoses(&p, v);
	print_foot(&p, v);
}

struct str check_progress(struct arena *a, const struct verdict *v)
{
	struct str rest = STR_NONE;
	size_t verified = 0;

	for (size_t i = 0; i < v->record_count; i++)
		verified += v->records[i].status == RECORD_VERIFIED;
	for (size_t i = 0; i < v->reason_count; i++)
		rest = arena_printf(a, "%.*s%s%.*s", STR_ARG(rest), i ? ", " : ": ",
		                    STR_ARG(v->reasons[i]));
	return arena_printf(a, "%zu of %zu records verified%.*s", verified,
	                    v->record_count, STR_ARG(rest));
}
