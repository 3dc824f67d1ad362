#include "diagnose/rules.h"

#include "auth/dkim_key.h"
#include "auth/dmarc_record.h"
#include "auth/spf_record.h"
#include "base/buf.h"
#include "diagnose/mangle.h"

enum { RECORD_TEXT_MAX = 8 * 1024 };

static struct str text_of(const struct rule_case *c, size_t i)
{
	return c->seen->seen.candidates.v[i].txt.text;
}

/* Several of one kind, and not the pieces of one. */
static bool are_several(const struct rule_case *c)
{
	size_t order[MANGLE_PIECES_MAX];

	return c->row->type == DNS_TXT && c->seen->seen.result == COMPARE_SEVERAL &&
	       c->seen->status != RECORD_PROPAGATING &&
	       mangle_pieces(c->in->a, &c->seen->answer->records, c->row->value,
	                     order) == 0;
}

/* The first candidate that serves the row by itself; the first of all where none does. */
static size_t find_ours(const struct rule_case *c, bool *is_ours)
{
	for (size_t i = 0; i < c->seen->seen.candidates.n; i++) {
		*is_ours = c->row->value.n && rule_serves(c, text_of(c, i));
		if (*is_ours)
			return i;
	}
	return 0;
}

static struct str join(struct arena *a, struct str left, struct str right)
{
	return arena_printf(a, "%.*s%s%.*s", STR_ARG(left),
	                    left.n && right.n ? " " : "", STR_ARG(right));
}

/* "In GoDaddy, delete …" for every candidate but one. */
static struct str delete_others(const struct rule_case *c, size_t keep)
{
	const struct dns_records *list = &c->seen->seen.candidates;
	struct arena *a = c->in->a;
	struct str fix = STR_NONE;

	if (c->seen->answer->chain.n)
		return arena_printf(a,
		                    "The records stand at %.*s, where the CNAME "
		                    "leads: whoever runs that zone has to delete all "
		                    "but one.",
		                    STR_ARG(list->v[0].owner));
	for (size_t i = 0; i < list->n; i++)
		if (i != keep)
			fix = join(a, fix, rule_delete_fix(c, &list->v[i]));
	return fix;
}

/* Changes the one that stays, which another instruction has singled out. */
static struct str change_kept(const struct rule_case *c, struct str value)
{
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);

	r.value = value;
	return field_change_instruction(c->in->a, &at, &r);
}

/* `"…", of SendGrid` for each candidate but the kept one. */
static struct str list_others(const struct rule_case *c, size_t keep,
                              struct str (*note)(const struct rule_case *c,
                                                 struct str text))
{
	struct arena *a = c->in->a;
	struct str out = STR_NONE;

	for (size_t i = 0; i < c->seen->seen.candidates.n; i++) {
		struct str said = note(c, text_of(c, i));

		if (i == keep)
			continue;
		out = arena_printf(
		        a, "%.*s%s\"%.*s\"%s%.*s%s", STR_ARG(out), out.n ? ", " : "",
		        STR_ARG(rule_excerpt(a, text_of(c, i))), said.n ? " (" : "",
		        STR_ARG(said), said.n ? ")" : "");
	}
	return out;
}

/* ---- DKIM ---- */

static struct str describe_key(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;
	struct dkim_key key;
	const struct tag *p;

	dkim_key_parse(a, text, &key);
	p = tags_find(&key.tags, STR("p"));
	for (size_t i = 0; p && p->value.n && i < c->in->retired_key_count; i++)
		if (str_eq(mangle_squeeze(a, p->value),
		           mangle_squeeze(a, c->in->retired_keys[i])))
			return STR("a retired key");
	if (key.status != DKIM_KEY_USABLE)
		return str_c(dkim_key_reason(key.status));
	return c->row->value.n && rule_serves(c, text) ? STR("the same key") : STR_NONE;
}

bool rule_multiple_dkim(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	bool is_ours = false;
	size_t keep;

	if (!are_several(c))
		return false;
	keep = find_ours(c, &is_ours);
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        a,
	        "%zu DKIM keys stand at %.*s. Receivers take any of them, so that "
	        "signatures fail at random. %s: %.*s.",
	        c->seen->seen.candidates.n, STR_ARG(c->row->name),
	        is_ours ? "One is right; too much" : "One is enough; beside the first",
	        STR_ARG(list_others(c, keep, describe_key)));
	d->fix = delete_others(c, keep);
	if (!is_ours && c->row->value.n)
		d->fix = join(a, d->fix, change_kept(c, c->row->value));
	return true;
}

/* ---- SPF ---- */

/* The services that an SPF record lets send, by its includes. */
static struct str describe_spf(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;
	struct spf_record record = spf_record_parse(a, text);
	struct str out = STR_NONE;

	for (size_t i = 0; i < record.term_count; i++) {
		const struct spf_term *term = &record.terms[i];
		const struct service *s;

		if (term->kind != SPF_INCLUDE && term->kind != SPF_REDIRECT)
			continue;
		s = service_find(c->in->know->services, SERVICE_SPF,
		                 arena_lower(a, term->domain));
		if (s)
			out = arena_printf(a, "%.*s%s%.*s", STR_ARG(out),
			                   out.n ? ", " : "", STR_ARG(s->name));
	}
	return out;
}

/* Whether the terms of the merged record so far hold this one. */
static bool has_term(struct str merged, struct str term)
{
	struct str word;

	while (str_cut(&merged, ' ', &word))
		if (str_eq_nocase(word, term))
			return true;
	return false;
}

/* The one that fails less mail; a pass for all is never taken over. */
static struct str softer_all(struct str all, const struct spf_term *term)
{
	if (term->qualifier == SPF_PASS)
		return all;
	if (term->qualifier == SPF_NEUTRAL || all.n == 0)
		return term->text;
	return term->qualifier == SPF_SOFTFAIL && str_eq_nocase(all, STR("-all"))
	               ? term->text
	               : all;
}

/* Adds the terms of one record to the list; `all` is kept for the end. */
static struct str merge_spf(struct arena *a, struct str merged, struct str text,
                            struct str *all)
{
	struct spf_record record = spf_record_parse(a, text);

	for (size_t i = 0; i < record.term_count; i++) {
		const struct spf_term *term = &record.terms[i];
		struct str word = term->text;

		if (!term->valid)
			continue;
		if (term->kind == SPF_ALL) {
			*all = softer_all(*all, term);
			continue;
		}
		if (term->kind == SPF_REDIRECT)
			word = arena_printf(a, "include:%.*s", STR_ARG(term->domain));
		else if (!spf_kind_is_mechanism(term->kind))
			continue;
		if (!has_term(merged, word))
			merged = join(a, merged, word);
	}
	return merged;
}

/* One record that says what all of them, and the plan, say. */
static struct str merged_spf(const struct rule_case *c, size_t keep, bool is_ours)
{
	struct arena *a = c->in->a;
	struct str all = STR_NONE;
	struct str merged = merge_spf(a, STR("v=spf1"), text_of(c, keep), &all);

	if (!is_ours && c->row->value.n)
		merged = merge_spf(a, merged, c->row->value, &all);
	for (size_t i = 0; i < c->seen->seen.candidates.n; i++)
		if (i != keep)
			merged = merge_spf(a, merged, text_of(c, i), &all);
	return join(a, merged, all);
}

bool rule_multiple_spf(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	bool is_ours = false;
	struct str merged;
	size_t keep;

	if (!are_several(c))
		return false;
	keep = find_ours(c, &is_ours);
	merged = merged_spf(c, keep, is_ours);
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        a,
	        "%zu SPF records stand at %.*s; with more than one, SPF fails for all "
	        "mail. %s: %.*s.",
	        c->seen->seen.candidates.n, STR_ARG(c->row->name),
	        is_ours ? "One is right; too much" : "Beside the first",
	        STR_ARG(list_others(c, keep, describe_spf)));
	d->fix = delete_others(c, keep);
	if (c->seen->answer->chain.n)
		return true;
	if (is_ours)
		d->fix = arena_printf(
		        a,
		        "%.*s If its senders are to go on sending as "
		        "%.*s, first change the other record to \"%.*s\".",
		        STR_ARG(d->fix), STR_ARG(c->row->name), STR_ARG(merged));
	else
		d->fix = join(a, d->fix, change_kept(c, merged));
	return true;
}

/* ---- DMARC ---- */

static struct dmarc_record parse_policy(struct arena *a, struct str text)
{
	struct dmarc_record record;

	if (!dmarc_record_parse(a, text, DMARC_RFC9989, &record))
		record = (struct dmarc_record){0};
	return record;
}

static struct str describe_policy(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;
	struct dmarc_record record = parse_policy(a, text);

	if (!record.is_usable || record.is_replaced)
		return STR("not valid");
	for (size_t i = 0; i < record.rua.n; i++) {
		const struct service *s = service_find(
		        c->in->know->services, SERVICE_DMARC, record.rua.v[i].host);

		if (s)
			return arena_printf(a, "with reports to %.*s",
			                    STR_ARG(s->name));
	}
	return STR_NONE;
}

/*
 * A policy that was there counts more than the one that is only asked for where there
 * is none; among those the stricter one, and whatever is valid before what is not.
 */
static unsigned weigh_policy(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;
	struct dmarc_record record = parse_policy(a, text);
	bool is_planned =
	        str_eq(mangle_squeeze(a, text), mangle_squeeze(a, c->row->value));

	if (!record.is_usable || record.is_replaced)
		return 0;
	return 1 + (is_planned ? 0 : 4) + (unsigned)record.p;
}

static size_t find_policy(const struct rule_case *c)
{
	size_t best = 0;

	for (size_t i = 1; i < c->seen->seen.candidates.n; i++)
		if (weigh_policy(c, text_of(c, i)) > weigh_policy(c, text_of(c, best)))
			best = i;
	return best;
}

/* The report addresses that would be lost. */
static struct str lost_reports(const struct rule_case *c, size_t keep)
{
	struct arena *a = c->in->a;
	struct str out = STR_NONE;

	for (size_t i = 0; i < c->seen->seen.candidates.n; i++) {
		struct dmarc_record record = parse_policy(a, text_of(c, i));

		for (size_t j = 0; i != keep && j < record.rua.n; j++) {
			struct str uri = record.rua.v[j].text;

			if (str_find_nocase(text_of(c, keep), uri) < 0 &&
			    str_find_nocase(out, uri) < 0)
				out = arena_printf(a, "%.*s%s%.*s", STR_ARG(out),
				                   out.n ? "," : "", STR_ARG(uri));
		}
	}
	return out;
}

bool rule_multiple_dmarc(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct str lost;
	size_t keep;

	if (!are_several(c))
		return false;
	keep = find_policy(c);
	lost = lost_reports(c, keep);
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        a,
	        "%zu DMARC records stand at %.*s, so that receivers follow none of "
	        "them. Keep \"%.*s\"; too much: %.*s.",
	        c->seen->seen.candidates.n, STR_ARG(c->row->name),
	        STR_ARG(rule_excerpt(a, text_of(c, keep))),
	        STR_ARG(list_others(c, keep, describe_policy)));
	d->fix = delete_others(c, keep);
	if (lost.n)
		d->fix = arena_printf(a,
		                      "%.*s To go on getting its reports, add %.*s to "
		                      "rua= of the record that stays, behind a comma.",
		                      STR_ARG(d->fix), STR_ARG(lost));
	return true;
}

/* ---- CNAME beside other data ---- */

/* The addresses of a CNAME's target, given in its place, are flattening. */
static bool are_addresses_of(const struct rule_case *c, const struct dns_answer *here,
                             struct str target)
{
	const struct dns_answer *there =
	        rule_records_at(c, target, here->question.type);

	for (size_t i = 0; i < here->records.n; i++) {
		bool found = false;

		for (size_t j = 0; there && j < there->records.n; j++)
			found |= ip_eq(here->records.v[i].ip, there->records.v[j].ip);
		if (!found)
			return false;
	}
	return true;
}

/* One server of the zone sees what it has, a resolver what it made of it. */
static const struct dns_answer *ask_zone(const struct rule_case *c, enum dns_type type)
{
	const struct dns_cut *cut = &c->seen->cut;

	if (cut->server_count == 0)
		return dns_ask(c->in->answers, c->row->name, type);
	return dns_ask_server(c->in->answers, DNS_AUTHORITY, cut->servers[0].address,
	                      c->row->name, type);
}

/* Data of another type that the name itself has beside the CNAME, or NULL. */
static const struct dns_answer *find_beside(const struct rule_case *c,
                                            struct str target)
{
	static const enum dns_type types[] = {DNS_TXT, DNS_MX, DNS_A};

	for (size_t i = 0; i < LEN(types); i++) {
		const struct dns_answer *answer = ask_zone(c, types[i]);

		if (answer->status != DNS_FOUND || answer->chain.n ||
		    answer->records.n == 0)
			continue;
		if (types[i] != DNS_A || !are_addresses_of(c, answer, target))
			return answer;
	}
	return NULL;
}

static struct str conflict_fix(const struct rule_case *c,
                               const struct dns_record *cname,
                               const struct dns_answer *beside)
{
	struct str fix = STR_NONE;

	if (c->row->type != DNS_CNAME)
		return rule_delete_fix(c, cname);
	for (size_t i = 0; i < beside->records.n; i++)
		fix = join(c->in->a, fix, rule_delete_fix(c, &beside->records.v[i]));
	return fix;
}

bool rule_conflict_cname_and_other(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	const struct dns_answer *answer;
	const struct dns_answer *beside;
	const struct dns_record *cname;
	const struct service *service;

	if (c->seen->status == RECORD_UNDETERMINED)
		return false;
	answer = ask_zone(c, DNS_CNAME);
	if (answer->status != DNS_FOUND || answer->records.n == 0)
		return false;
	cname = &answer->records.v[0];
	beside = find_beside(c, cname->target);
	if (!beside)
		return false;
	service = service_find(c->in->know->services, SERVICE_CNAME, cname->target);
	rule_cite(d, answer);
	rule_cite(d, beside);
	d->message = arena_printf(
	        a,
	        "At %.*s a CNAME to %.*s%s%.*s%s stands beside %s data. A name with a "
	        "CNAME can have no other records: receivers see now one, now the "
	        "other.",
	        STR_ARG(c->row->name), STR_ARG(cname->target), service ? " (" : "",
	        STR_ARG(service ? service->name : STR("")), service ? ")" : "",
	        dns_type_name(beside->question.type));
	d->fix = conflict_fix(c, cname, beside);
	return true;
}
