#include "auth/dmarc.h"
#include "auth/dmarc_report.h"
#include "base/utf8.h"
#include "diagnose/rules.h"

/* ---- words ---- */

/* A piece of a record that fits a sentence. */
static struct str quote(struct arena *a, struct str piece)
{
	enum { PIECE_MAX = 48 };
	bool cut = piece.n > PIECE_MAX;

	piece = utf8_printable(a, str_slice(piece, 0, PIECE_MAX));
	return arena_printf(a, "\"%.*s%s\"", STR_ARG(piece), cut ? "…" : "");
}

/* The only record at the row's name, by RFC 9989; false where there is none. */
static bool find_own(const struct rule_case *c, struct dmarc_record *out)
{
	const struct dns_records *found = &c->seen->seen.candidates;

	return found->n == 1 &&
	       dmarc_record_parse(c->in->a, found->v[0].txt.text, DMARC_RFC9989, out);
}

/* The domain a DMARC row is about. */
static struct str row_domain(const struct rule_case *c)
{
	return dns_name_parent(c->row->name);
}

/* ---- syntax ---- */

/* Bits of the faults that a rule speaks of. */
#define FAULT(name) (1u << TAG_##name)
enum {
	FAULTS_OF_SYNTAX = FAULT(SYNTAX) | FAULT(DUPLICATE) | FAULT(MISSING) |
	                   FAULT(VALUE) | FAULT(ORDER),
	FAULTS_OF_AGE = FAULT(REMOVED) | FAULT(OBSOLETE),
};

static struct str problem_text(struct arena *a, const struct tag_problem *p)
{
	if (p->fault == TAG_MISSING)
		return str_c(p->why);
	return arena_printf(a, "%.*s at byte %zu %s", STR_ARG(quote(a, p->what)),
	                    p->at + 1, p->why);
}

/* The first few problems of those faults, in one phrase. */
static struct str problems_text(struct arena *a, const struct tag_problems *problems,
                                unsigned faults)
{
	enum { SHOWN_MAX = 3 };
	struct str out = STR_NONE;
	size_t count = 0;
	size_t shown = 0;

	for (size_t i = 0; i < problems->n; i++)
		count += (faults & 1u << problems->v[i].fault) != 0;
	count = count > SHOWN_MAX ? SHOWN_MAX : count;
	for (size_t i = 0; i < problems->n && shown < count; i++) {
		if (!(faults & 1u << problems->v[i].fault))
			continue;
		shown++;
		out = rule_list(a, out, problem_text(a, &problems->v[i]),
		                count - shown);
	}
	return out;
}

/* The tag whose value, or part of it, stands at this place; NULL for none. */
static const struct tag *tag_at(const struct dmarc_record *record, size_t at)
{
	for (size_t i = record->tags.n; i-- > 0;)
		if (record->tags.v[i].value_at <= at)
			return &record->tags.v[i];
	return NULL;
}

/* What the first problem asks for. */
static struct str syntax_advice(struct arena *a, const struct dmarc_record *record)
{
	const struct tag_problems *problems = &record->problems;

	for (size_t i = 0; i < problems->n; i++) {
		const struct tag_problem *p = &problems->v[i];
		const struct tag *tag = tag_at(record, p->at);

		if (p->fault == TAG_MISSING)
			return STR("p=none, p=quarantine or p=reject must follow "
			           "v=DMARC1.");
		if (p->fault == TAG_DUPLICATE)
			return arena_printf(a, "%.*s may stand there once.",
			                    STR_ARG(quote(a, p->what)));
		if (p->fault != TAG_VALUE || !tag)
			continue;
		if (str_starts_nocase(tag->name, STR("ru")))
			return STR("each report address is written as "
			           "mailto:name@host, with a comma between two.");
		return arena_printf(a, "the value of %.*s= %s.", STR_ARG(tag->name),
		                    str_starts(str_c(p->why), STR("is not"))
		                            ? "must be one that DMARC knows"
		                            : p->why);
	}
	return STR("tags are written as name=value with semicolons between them.");
}

bool rule_dmarc_syntax(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct dmarc_record record;
	struct str text;

	if (c->seen->seen.candidates.n != 1)
		return false;
	text = c->seen->seen.candidates.v[0].txt.text;
	rule_cite(d, c->seen->answer);
	if (!find_own(c, &record)) {
		d->message = arena_printf(
		        a,
		        "The record at %.*s begins with %.*s; receivers ignore it, "
		        "since a DMARC record begins with exactly \"v=DMARC1;\".",
		        STR_ARG(c->row->name),
		        STR_ARG(quote(a, str_slice(text, 0, 16))));
		d->fix = rule_review_fix(
		        c, c->row->name,
		        STR("it must begin with \"v=DMARC1;\", with the "
		            "letters in capitals."));
		return true;
	}
	if (record.is_usable && !record.is_replaced)
		return false;
	d->message = arena_printf(
	        a, "The DMARC record at %.*s is not valid: %.*s. Receivers %s.",
	        STR_ARG(c->row->name),
	        STR_ARG(problems_text(a, &record.problems, FAULTS_OF_SYNTAX)),
	        record.is_usable ? "treat it as p=none" : "ignore it");
	d->fix = rule_review_fix(c, c->row->name, syntax_advice(a, &record));
	return true;
}

/* A valid record with a tag that is broken: the tag counts as if it were not there. */
bool rule_dmarc_broken_tag(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct dmarc_record record;
	struct str problems;
	unsigned faults = FAULTS_OF_SYNTAX;

	if (!find_own(c, &record))
		return false;
	problems = problems_text(a, &record.problems, faults);
	if (problems.n == 0) {
		faults = FAULT(UNKNOWN);
		problems = problems_text(a, &record.problems, faults);
		d->severity = SEVERITY_ADVICE;
	}
	if (problems.n == 0)
		return false;
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        a, "In the DMARC record at %.*s %.*s; receivers pass over that part.",
	        STR_ARG(c->row->name), STR_ARG(problems));
	d->fix = rule_review_fix(
	        c, c->row->name,
	        faults == FAULT(UNKNOWN)
	                ? STR("remove the tag that DMARC does not know, "
	                      "or correct its name.")
	                : syntax_advice(a, &record));
	return true;
}

/* ---- place and presence ---- */

/* The TXT at `name` that is meant to be the policy, or NULL. */
static const struct dns_record *policy_at(const struct rule_case *c,
                                          struct diagnosis *d, struct str name)
{
	const struct dns_answer *there = rule_records_at(c, name, DNS_TXT);

	for (size_t i = 0; there && i < there->records.n; i++) {
		const struct dns_record *r = &there->records.v[i];

		if (!compare_means_purpose(r->txt.text, PLAN_DMARC))
			continue;
		rule_cite(d, c->seen->answer);
		rule_cite(d, there);
		return r;
	}
	return NULL;
}

/* Add it at the right name as it is, and delete it where it stands. */
static struct str move_fix(const struct rule_case *c, const struct dns_record *r)
{
	struct field_place at = rule_place(c);
	struct field_record there = {DNS_TXT, c->row->name, r->txt.text, -1};

	return arena_printf(c->in->a, "%.*s Then delete the one at %.*s.",
	                    STR_ARG(field_instruction(c->in->a, &at, &there)),
	                    STR_ARG(r->owner));
}

bool rule_dmarc_wrong_place(const struct rule_case *c, struct diagnosis *d)
{
	struct str domain = row_domain(c);
	struct str places[] = {
	        domain,
	        /* Of a plan the rules about names look there. */
	        c->row->value.n ? STR_NONE
	                        : rule_name(c, "dmarc.%.*s", STR_ARG(domain)),
	        c->row->value.n ? STR_NONE
	                        : rule_name(c, "_dmarc.%.*s.%.*s", STR_ARG(domain),
	                                    STR_ARG(domain)),
	};
	const struct dns_record *r = NULL;

	if (c->seen->seen.candidates.n)
		return false;
	for (size_t i = 0; i < LEN(places) && !r; i++)
		r = policy_at(c, d, places[i]);
	if (!r)
		return false;
	d->message = arena_printf(
	        c->in->a,
	        "A DMARC record stands at %.*s, where no receiver looks for "
	        "it: it belongs at %.*s.",
	        STR_ARG(r->owner), STR_ARG(c->row->name));
	d->fix = move_fix(c, r);
	return true;
}

/* A policy for a domain that has none: one that takes no mail sends none either. */
static struct str first_policy(const struct rule_case *c)
{
	const struct dns_answer *mx = rule_records_at(c, c->in->plan->domain, DNS_MX);

	if (c->row->value.n)
		return c->row->value;
	if (mx && mx->records.n == 1 && dns_name_is_root(mx->records.v[0].mx.host))
		return STR("v=DMARC1; p=reject");
	return STR("v=DMARC1; p=none");
}

bool rule_dmarc_missing(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct str domain = row_domain(c);
	struct dmarc_input in = {.from = domain, .standard = DMARC_RFC9989};
	struct field_place at = rule_place(c);
	struct field_record there = {DNS_TXT, c->row->name, first_policy(c), -1};
	struct dmarc found;

	if (c->seen->seen.candidates.n)
		return false;
	dmarc_check(a, c->in->answers, &in, &found);
	/* A policy further up holds for this domain too (RFC 9989 §4.10). */
	if (!c->row->required && found.result != DMARC_RESULT_NONE)
		return false;
	if (c->row->required)
		d->severity = SEVERITY_ERROR;
	rule_cite(d, c->seen->answer);
	d->message =
	        found.record_domain.n
	                ? arena_printf(a,
	                               "There is no DMARC record at %.*s; that of %.*s "
	                               "holds.",
	                               STR_ARG(c->row->name),
	                               STR_ARG(found.record_domain))
	                : arena_printf(a,
	                               "No DMARC policy holds for %.*s: receivers are "
	                               "not told what to do with mail that forges it, "
	                               "and large mailbox providers ask senders for "
	                               "one.",
	                               STR_ARG(domain));
	d->fix = field_instruction(a, &at, &there);
	if (str_find(there.value, STR("rua=")) < 0)
		d->fix = arena_printf(a,
		                      "%.*s To be sent reports as well, append "
		                      "\"; rua=mailto:\" and your address for them.",
		                      STR_ARG(d->fix));
	return true;
}

/* ---- quality ---- */

/* "pct=50" or "the size limit in …". */
static struct str aged_text(struct arena *a, const struct tag_problem *p,
                            const struct tag *tag)
{
	if (p->fault == TAG_OBSOLETE)
		return arena_printf(a, "the size limit in %.*s",
		                    STR_ARG(quote(a, p->what)));
	return utf8_printable(a, arena_printf(a, "%.*s=%.*s", STR_ARG(tag->name),
	                                      STR_ARG(str_slice(tag->value, 0, 16))));
}

bool rule_dmarc_removed_tag(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct dmarc_record record;
	struct str list = STR_NONE;
	const struct tag *pct;
	size_t count = 0;
	size_t listed = 0;
	bool partly;

	if (!find_own(c, &record))
		return false;
	for (size_t i = 0; i < record.problems.n; i++)
		count += (FAULTS_OF_AGE & 1u << record.problems.v[i].fault) != 0;
	if (count == 0)
		return false;
	for (size_t i = 0; i < record.problems.n; i++) {
		const struct tag_problem *p = &record.problems.v[i];

		if (FAULTS_OF_AGE & 1u << p->fault)
			list = rule_list(a, list,
			                 aged_text(a, p, tag_at(&record, p->at)),
			                 count - ++listed);
	}
	pct = tags_find(&record.tags, STR("pct"));
	partly = pct && !str_eq(pct->value, STR("100"));
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        a,
	        "The DMARC record at %.*s has %.*s, which RFC 9989 has removed: newer "
	        "receivers pass over that%s.",
	        STR_ARG(c->row->name), STR_ARG(list),
	        partly ? " and apply the policy to all mail" : "");
	d->fix = rule_review_fix(
	        c, c->row->name,
	        partly ? STR("leave that out; t=y is how a policy is now tried out.")
	               : STR("leave that out."));
	return true;
}

/* Whether the record says what the plan asked for, tag by tag: then there is no advice
 * against it. */
static bool is_as_planned(const struct rule_case *c, const struct dmarc_record *found)
{
	struct dmarc_record planned;

	if (!dmarc_record_parse(c->in->a, c->row->value, DMARC_RFC9989, &planned) ||
	    planned.tags.n != found->tags.n)
		return false;
	for (size_t i = 0; i < planned.tags.n; i++) {
		const struct tag *tag = tags_find(&found->tags, planned.tags.v[i].name);

		if (!tag || !str_eq(tag->value, planned.tags.v[i].value))
			return false;
	}
	return true;
}

bool rule_dmarc_policy_none(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct dmarc_record record;

	if (!find_own(c, &record) || is_as_planned(c, &record))
		return false;
	if (record.p != DMARC_NONE &&
	    !(record.p == DMARC_QUARANTINE && record.is_testing))
		return false;
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        a,
	        "The DMARC policy at %.*s is %s: it asks receivers for nothing, and "
	        "mail that forges %.*s is delivered.",
	        STR_ARG(c->row->name),
	        record.p == DMARC_NONE ? "p=none" : "p=quarantine with t=y",
	        STR_ARG(row_domain(c)));
	d->fix = rule_review_fix(
	        c, c->row->name,
	        record.p != DMARC_NONE
	                ? STR("take t=y out once the reports show that your own mail "
	                      "passes.")
	        : record.rua.n
	                ? STR("p=quarantine, and later p=reject, once the reports show "
	                      "that your own mail passes.")
	                : STR("add rua= to be sent reports, and go on to p=quarantine "
	                      "once they show that your own mail passes."));
	return true;
}

static bool has_uri(const struct dmarc_uris *list, struct str text)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq_nocase(list->v[i].text, text))
			return true;
	return false;
}

/* The addresses that have to agree and have not. One that the plan itself asks for is
 * its maker's to see to, not the customer's. */
static size_t keep_refused(const struct rule_case *c, struct dmarc_report_targets *list)
{
	struct dmarc_record planned;
	size_t n = 0;

	if (!dmarc_record_parse(c->in->a, c->row->value, DMARC_RFC9989, &planned))
		planned = (struct dmarc_record){0}; /* an audit */
	for (size_t i = 0; i < list->n; i++) {
		const struct dmarc_report_target *t = &list->v[i];

		if (t->consent == DMARC_CONSENT_MISSING && t->answer &&
		    !has_uri(t->is_failure ? &planned.ruf : &planned.rua, t->uri->text))
			list->v[n++] = *t;
	}
	return list->n = n;
}

bool rule_dmarc_report_unauthorized(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct dmarc_record record;
	struct dmarc_report_targets refused;
	const struct dmarc_report_target *first;
	struct str list = STR_NONE;

	if (!find_own(c, &record))
		return false;
	refused = dmarc_report_check(a, c->in->answers, &record, row_domain(c));
	if (keep_refused(c, &refused) == 0)
		return false;
	first = &refused.v[0];
	rule_cite(d, c->seen->answer);
	for (size_t i = 0; i < refused.n; i++) {
		rule_cite(d, refused.v[i].answer);
		list = rule_list(a, list, quote(a, refused.v[i].uri->text),
		                 refused.n - i - 1);
	}
	d->message = arena_printf(
	        a,
	        "Nobody will send DMARC reports to %.*s: %.*s has not agreed to get "
	        "those of %.*s, for which it would publish \"v=DMARC1;\" at %.*s.",
	        STR_ARG(list), STR_ARG(first->uri->host), STR_ARG(row_domain(c)),
	        STR_ARG(first->name));
	d->fix = arena_printf(
	        a, "Ask %.*s to publish a TXT record \"v=DMARC1;\" at %.*s. Or: %.*s",
	        STR_ARG(first->uri->host), STR_ARG(first->name),
	        STR_ARG(rule_review_fix(c, c->row->name,
	                                arena_printf(a, "use an address within %.*s.",
	                                             STR_ARG(row_domain(c))))));
	return true;
}
