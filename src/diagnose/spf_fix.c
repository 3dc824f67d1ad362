#include "diagnose/spf_fix.h"

#include "auth/spf_authorize.h"

#include <string.h>

bool spf_seen_find(const struct rule_case *c, struct spf_seen *out)
{
	const struct dns_records *candidates = &c->seen->seen.candidates;

	if (c->row->type != DNS_TXT || candidates->n != 1)
		return false;
	out->record = &candidates->v[0];
	out->text = out->record->txt.text;
	if (!spf_record_is(out->text))
		return false;
	out->tree =
	        spf_tree_build_text(c->in->a, c->in->answers, c->row->name, out->text);
	return true;
}

static struct str add_word(struct arena *a, struct str text, struct str word)
{
	return arena_printf(a, "%.*s %.*s", STR_ARG(text), STR_ARG(word));
}

/* A term without its qualifier. */
static struct str body_of(struct str term)
{
	bool qualified = term.n && memchr("+-~?", term.p[0], 4);

	return str_from(term, qualified);
}

static bool has_word(struct str words, struct str body)
{
	struct str word;

	while (str_cut(&words, ' ', &word))
		if (str_eq_nocase(body_of(word), body))
			return true;
	return false;
}

/* ---- one term ---- */

/* Whether it reads as one term that means something. */
static bool is_sound(struct arena *a, struct str term)
{
	struct str text = arena_printf(a, "v=spf1 %.*s", STR_ARG(term));
	struct spf_record record = spf_record_parse(a, text);

	return record.term_count == 1 && record.problem_count == 0 &&
	       record.terms[0].kind != SPF_MODIFIER;
}

/* `include=x` for include:x, `redirect:x` for redirect=x. */
static struct str swap_sign(struct arena *a, struct str term)
{
	for (size_t i = 0; i < term.n; i++)
		if (term.p[i] == ':' || term.p[i] == '=')
			return arena_printf(a, "%.*s%c%.*s", (int)i, term.p,
			                    term.p[i] == ':' ? '=' : ':',
			                    STR_ARG(str_from(term, i + 1)));
	return STR_NONE;
}

struct str spf_meant_term(struct arena *a, const struct spf_term *term)
{
	struct str meant = STR_NONE;

	if (term->kind == SPF_MODIFIER)
		meant = swap_sign(a, term->text);
	return meant.n && is_sound(a, meant) ? meant : STR_NONE;
}

/* ---- what is missing, put in ---- */

/* As mechanisms: a redirect would take the place of the rest of the record. */
static struct str as_mechanisms(struct arena *a, struct str words)
{
	struct str redirect = STR("redirect=");
	struct str out = STR_NONE;
	struct str word;

	while (str_cut(&words, ' ', &word)) {
		if (str_starts_nocase(word, redirect))
			word = arena_printf(a, "include:%.*s",
			                    STR_ARG(str_from(word, redirect.n)));
		out = out.n ? add_word(a, out, word) : word;
	}
	return out;
}

/* Puts words in front of all terms, or in front of `all` and the modifiers; terms that
 * say the same with another qualifier give way. */
static struct str insert(struct arena *a, struct str text, struct str words, bool first)
{
	struct spf_record record = spf_record_parse(a, text);
	struct str out = STR("v=spf1");
	bool is_in = false;

	for (size_t i = 0; i < record.term_count; i++) {
		const struct spf_term *term = &record.terms[i];

		if (!is_in && (first || term->kind == SPF_ALL ||
		               term->kind == SPF_REDIRECT || term->kind == SPF_EXP)) {
			out = add_word(a, out, words);
			is_in = true;
		}
		if (!has_word(words, body_of(term->text)) &&
		    !has_word(words, spf_meant_term(a, term)))
			out = add_word(a, out, term->text);
	}
	return is_in ? out : add_word(a, out, words);
}

bool spf_allows_ours(const struct rule_case *c, struct str text)
{
	const struct dns_answer *fault;

	return spf_authorizes(c->in->a, c->in->answers, c->row->name, text,
	                      c->row->value, &fault) == SPF_AUTHORIZED;
}

/* Whether something is refused before `all`, which might be ours. */
static bool refuses(const struct spf_record *record)
{
	for (size_t i = 0; i < record->term_count; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->kind == SPF_ALL)
			return false;
		if (spf_kind_is_mechanism(term->kind) && term->qualifier != SPF_PASS)
			return true;
	}
	return false;
}

enum severity spf_severity_at(const struct rule_case *c, const struct spf_seen *seen,
                              size_t n)
{
	const struct spf_record *record = &seen->tree->root->record;
	bool *drop = ARENA_ARRAY(c->in->a, bool, record->term_count + 1);

	if (c->row->value.n == 0)
		return SEVERITY_ERROR;
	for (size_t i = n; i < record->term_count; i++)
		drop[i] = true;
	return spf_allows_ours(c, spf_without(c->in->a, record, drop))
	               ? SEVERITY_WARNING
	               : SEVERITY_ERROR;
}

struct str spf_merge(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;
	struct spf_authorization z;
	struct spf_tree *tree;
	struct str missing;
	struct str merged;

	if (c->row->value.n == 0)
		return text;
	tree = spf_tree_build_text(a, c->in->answers, c->row->name, text);
	z = spf_authorize_check(a, c->in->answers, tree, c->row->value);
	if (z.authority != SPF_UNAUTHORIZED)
		return text;
	missing = as_mechanisms(a, z.missing);
	merged = insert(a, text, missing, refuses(&tree->root->record));
	if (!spf_allows_ours(c, merged))
		merged = insert(a, text, missing, true);
	return spf_allows_ours(c, merged) ? merged : c->row->value;
}

bool spf_is_seam(const struct spf_term *term)
{
	return term->kind == SPF_MODIFIER && str_eq_nocase(term->text, STR("v=spf1"));
}

struct str spf_with_all(struct arena *a, struct str text, struct str all)
{
	struct spf_record record = spf_record_parse(a, text);
	struct str out = STR("v=spf1");

	for (size_t i = 0; i < record.term_count; i++) {
		struct str term = record.terms[i].text;
		struct str meant = spf_meant_term(a, &record.terms[i]);

		if (record.terms[i].kind != SPF_ALL && !spf_is_seam(&record.terms[i]))
			out = add_word(a, out,
			               meant.n ? meant : as_mechanisms(a, term));
	}
	return add_word(a, out, all);
}

struct str spf_wanted_all(const struct rule_case *c)
{
	struct spf_record record;

	if (spf_record_is(c->row->value)) {
		record = spf_record_parse(c->in->a, c->row->value);
		for (size_t i = 0; i < record.term_count; i++)
			if (record.terms[i].kind == SPF_ALL &&
			    record.terms[i].qualifier != SPF_PASS)
				return record.terms[i].text;
	}
	return STR("~all");
}

struct str spf_without(struct arena *a, const struct spf_record *record,
                       const bool *drop)
{
	struct str out = STR("v=spf1");

	for (size_t i = 0; i < record->term_count; i++)
		if (!drop[i])
			out = add_word(a, out, record->terms[i].text);
	return out;
}

/* ---- slips ---- */

/* The address or network at the end of a term, as ip4 or ip6; empty where there is none.
 */
static struct str as_network(struct arena *a, struct str qualifier, struct str body)
{
	static const struct str before[] = {
	        STR_INIT(""),      STR_INIT("ip4:"),     STR_INIT("ip6:"),
	        STR_INIT("ip:"),   STR_INIT("ipv4:"),    STR_INIT("ipv6:"),
	        STR_INIT("ip4="),  STR_INIT("ip6="),     STR_INIT("ip="),
	        STR_INIT("ipv4="), STR_INIT("ipv6="),    STR_INIT("a:"),
	        STR_INIT("mx:"),   STR_INIT("include:"),
	};
	struct ip_net net;

	for (size_t i = 0; i < LEN(before); i++) {
		struct str rest = str_from(body, before[i].n);

		if (str_starts_nocase(body, before[i]) && ip_net_parse(rest, &net))
			return arena_printf(a, "%.*sip%d:%.*s", STR_ARG(qualifier),
			                    net.ip.length == 4 ? 4 : 6, STR_ARG(rest));
	}
	return STR_NONE;
}

/* What a wrong term plainly meant, or empty. */
static struct str mend_term(struct arena *a, struct str term)
{
	struct str body;
	struct str tried[3];

	while (term.n && memchr(",;\"'", term.p[term.n - 1], 4))
		term.n--;
	while (term.n && memchr(",;\"'", term.p[0], 4))
		term = str_from(term, 1);
	body = body_of(term);
	tried[0] = term;
	tried[1] = as_network(a, str_slice(term, 0, term.n - body.n), body);
	tried[2] = swap_sign(a, term);
	for (size_t i = 0; i < LEN(tried); i++)
		if (tried[i].n && is_sound(a, tried[i]))
			return tried[i];
	return STR_NONE;
}

struct str spf_repair(struct arena *a, const struct spf_record *record, bool *complete)
{
	struct str out = STR("v=spf1");

	*complete = true;
	for (size_t i = 0; i < record->term_count; i++) {
		struct str term = record->terms[i].text;
		struct str meant = spf_meant_term(a, &record->terms[i]);

		if (meant.n)
			term = meant;
		else if (!record->terms[i].valid && str_ends(term, STR(":")) &&
		         i + 1 < record->term_count && !record->terms[i + 1].valid &&
		         is_sound(a, arena_join(a, term, record->terms[i + 1].text)))
			term = arena_join(a, term, record->terms[++i].text);
		else if (!record->terms[i].valid)
			term = mend_term(a, term);
		if (term.n)
			out = add_word(a, out, term);
		else
			*complete = false;
	}
	if (spf_record_parse(a, out).problem_count)
		*complete = false;
	return out;
}

/* ---- joints ---- */

/* Whether a text can only be the beginning of a term: it has its sign, or is an `all`. */
static bool begins_term(struct arena *a, struct str text)
{
	bool has_sign = str_find_char(text, ':') > 0 || str_find_char(text, '=') > 0 ||
	                str_eq_nocase(body_of(text), STR("all"));

	return has_sign && is_sound(a, text);
}

static bool leads_nowhere(const struct spf_branch *branch)
{
	if (!branch->term->valid)
		return true;
	return branch->child ? branch->child->status == SPF_NODE_NONE
	                     : branch->voids > 0;
}

static bool is_joint(struct arena *a, const struct spf_branch *branch, size_t at)
{
	const struct spf_term *term = branch->term;

	return at > term->at && at < term->at + term->text.n && leads_nowhere(branch) &&
	       is_sound(a, str_slice(term->text, 0, at - term->at)) &&
	       begins_term(a, str_from(term->text, at - term->at));
}

const struct spf_term *spf_find_joint(struct arena *a, const struct spf_seen *seen,
                                      size_t *second)
{
	const struct spf_node *root = seen->tree->root;
	size_t at = 0;

	for (size_t i = 0; i + 1 < seen->record->txt.count; i++) {
		at += seen->record->txt.lengths[i];
		for (size_t j = 0; j < root->branch_count; j++) {
			if (is_joint(a, &root->branches[j], at)) {
				*second = at;
				return root->branches[j].term;
			}
		}
	}
	return NULL;
}

struct str spf_mend_joint(struct arena *a, const struct spf_seen *seen, size_t second)
{
	return add_word(a, str_slice(seen->text, 0, second),
	                str_from(seen->text, second));
}

/* ---- words ---- */

struct str spf_change_fix(const struct rule_case *c, struct str text)
{
	struct field_place at = rule_place(c);
	struct field_record r = {DNS_TXT, c->row->name, text, -1};

	return field_change_instruction(c->in->a, &at, &r);
}

struct str spf_panel_record(const struct rule_case *c)
{
	struct field_place at = rule_place(c);
	struct str host = field_host(c->in->a, &at, c->row->name);

	if (host.n == 0)
		host = c->row->name;
	return arena_printf(c->in->a, "the TXT record \"%.*s\"", STR_ARG(host));
}

void spf_add_term(struct buf *b, const struct rule_case *c,
                  const struct spf_branch *branch)
{
	const struct service *service = NULL;

	if (branch->target.n &&
	    (branch->term->kind == SPF_INCLUDE || branch->term->kind == SPF_REDIRECT))
		service = service_find(c->in->know->services, SERVICE_SPF,
		                       branch->target);
	buf_add(b, branch->term->text);
	if (service)
		buf_printf(b, " (%.*s)", STR_ARG(service->name));
}
