#include "auth/spf_authorize.h"
#include "diagnose/rules.h"
#include "diagnose/spf_break.h"
#include "diagnose/spf_fix.h"

#include <string.h>

/* Whether the record of a wrong row is to be judged: not while servers differ on it. */
static bool is_settled(const struct rule_case *c)
{
	return c->seen->status != RECORD_PROPAGATING && c->row->type == DNS_TXT;
}

/* The text without its mangling, and with a blank behind v=spf1. */
static struct str clean(struct arena *a, struct str text)
{
	struct str version = STR("spf1");
	ptrdiff_t found = str_find_nocase(text, version);
	struct str rest =
	        found < 0 ? STR_NONE : str_from(text, (size_t)found + version.n);
	struct str out;
	char *bytes;

	while (rest.n && memchr(" ;,:", rest.p[0], 4))
		rest = str_from(rest, 1);
	while (rest.n && memchr("\"' \\", rest.p[rest.n - 1], 4))
		rest.n--;
	out = arena_printf(a, "v=spf1 %.*s", STR_ARG(rest));
	bytes = ARENA_ARRAY(a, char, out.n + 1);
	for (size_t i = 0; i < out.n; i++)
		bytes[i] = out.p[i] > ' ' && out.p[i] <= '~' ? out.p[i] : ' ';
	return (struct str){bytes, out.n};
}

static struct str syntax_fix(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;
	struct spf_record record = spf_record_parse(a, clean(a, text));
	bool complete;
	struct str repaired = spf_repair(a, &record, &complete);
	struct field_place at = rule_place(c);

	if (complete || c->row->value.n)
		return spf_change_fix(c, spf_merge(c, repaired));
	return arena_printf(
	        a, "%.*s, correct %.*s. Without what cannot be read it is \"%.*s\".",
	        STR_ARG(field_at(a, at.provider)), STR_ARG(spf_panel_record(c)),
	        STR_ARG(repaired));
}

static struct str term_at(const struct spf_record *record, size_t at)
{
	for (size_t i = record->term_count; i-- > 0;)
		if (record->terms[i].at <= at)
			return record->terms[i].text;
	return STR_NONE;
}

static void add_problems(struct buf *b, const struct spf_record *record)
{
	size_t n = record->problem_count;

	for (size_t i = 0; i < n && i < SPF_NAMED_MAX; i++)
		buf_printf(b, "%s at byte %zu, in \"%.*s\": %.*s", i ? ";" : "",
		           record->problems[i].at + 1,
		           STR_ARG(term_at(record, record->problems[i].at)),
		           STR_ARG(record->problems[i].text));
	if (n > SPF_NAMED_MAX)
		buf_printf(b, "; and %zu more", n - SPF_NAMED_MAX);
}

/* A text that means to be an SPF record and is none to a receiver. */
static struct str no_record(const struct rule_case *c, struct str text)
{
	struct arena *a = c->in->a;

	if (!str_starts_nocase(text, STR("v=spf1")))
		return arena_printf(
		        a,
		        "The text at %.*s does not begin with v=spf1, so that "
		        "receivers see no SPF record there: what stands in "
		        "front of it has to go.",
		        STR_ARG(c->row->name));
	return arena_printf(a,
	                    "The SPF record at %.*s wants a blank at byte 7, behind "
	                    "v=spf1; without it receivers see no SPF record.",
	                    STR_ARG(c->row->name));
}

bool rule_spf_syntax(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_records *candidates = &c->seen->seen.candidates;
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	struct spf_seen seen;
	struct str text;
	size_t second;

	if (!is_settled(c) || candidates->n != 1)
		return false;
	text = candidates->v[0].txt.text;
	rule_cite(d, c->seen->answer);
	if (!spf_seen_find(c, &seen)) {
		d->message = no_record(c, text);
		d->fix = syntax_fix(c, text);
		return true;
	}
	if (seen.tree->root->record.problem_count == 0)
		return false;
	buf_printf(
	        &b,
	        "The SPF record at %.*s has an error, so that receivers reject all of "
	        "it (permerror):",
	        STR_ARG(c->row->name));
	add_problems(&b, &seen.tree->root->record);
	if (spf_find_joint(c->in->a, &seen, &second)) {
		buf_printf(&b,
		           ". The record is typed as several strings, which are joined "
		           "without a blank: one is missing at byte %zu",
		           second + 1);
		text = spf_mend_joint(c->in->a, &seen, second);
	}
	buf_add_char(&b, '.');
	d->message = arena_dup(c->in->a, buf_str(&b));
	d->fix = syntax_fix(c, text);
	return true;
}

/* ---- not authorizing ---- */

static bool same_term(struct str words, struct str term)
{
	struct str word;

	while (str_cut(&words, ' ', &word))
		if (str_eq_nocase(word, term))
			return true;
	return false;
}

/* Why a wanted term does not count although it is written there; empty where it is not.
 */
static struct str why_in_vain(const struct rule_case *c, const struct spf_seen *seen,
                              struct str missing)
{
	const struct spf_node *root = seen->tree->root;

	for (size_t i = 0; i < root->branch_count; i++) {
		const struct spf_term *term = root->branches[i].term;
		struct str meant = spf_meant_term(c->in->a, term);
		bool signed_term = memchr("+-~?", term->text.p[0], 4) != NULL;

		if (meant.n && same_term(missing, meant))
			return arena_printf(c->in->a,
			                    "\"%.*s\" wants \":\" instead of \"=\"",
			                    STR_ARG(term->text));
		if (!same_term(missing, str_from(term->text, signed_term)))
			continue;
		if (!root->branches[i].is_reached && root->all)
			return arena_printf(
			        c->in->a,
			        "%.*s stands behind %.*s, where it is never "
			        "reached",
			        STR_ARG(term->text), STR_ARG(root->all->text));
		if (term->qualifier != SPF_PASS)
			return arena_printf(c->in->a,
			                    "\"%.*s\" does not let them pass, by the "
			                    "\"%c\" in front",
			                    STR_ARG(term->text), term->text.p[0]);
	}
	return STR_NONE;
}

/* The merged record; what it costs is said where it is too much. */
static struct str merge_fix(const struct rule_case *c, const struct spf_seen *seen)
{
	struct str merged = spf_merge(c, seen->text);
	struct str fix = spf_change_fix(c, merged);
	const struct spf_tree *tree =
	        spf_tree_build_text(c->in->a, c->in->answers, c->row->name, merged);

	if (tree->lookups <= SPF_LOOKUPS_MAX || seen->tree->lookups > SPF_LOOKUPS_MAX)
		return fix;
	return arena_printf(c->in->a,
	                    "%.*s Take out something that is no longer used as well: "
	                    "this needs %d look-ups and %d are allowed.",
	                    STR_ARG(fix), tree->lookups, SPF_LOOKUPS_MAX);
}

bool rule_spf_not_authorizing(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct spf_authorization z;
	struct spf_seen seen;
	struct str why;
	size_t second;

	if (!is_settled(c) || !spf_seen_find(c, &seen) ||
	    seen.tree->root->record.problem_count || spf_find_joint(a, &seen, &second))
		return false;
	z = spf_authorize_check(a, c->in->answers, seen.tree, c->row->value);
	if (z.authority != SPF_UNAUTHORIZED)
		return false;
	why = why_in_vain(c, &seen, z.missing);
	if (why.n == 0)
		why = arena_printf(a, "%.*s %s missing", STR_ARG(z.missing),
		                   str_find_char(z.missing, ' ') < 0 ? "is" : "are");
	d->message =
	        arena_printf(a,
	                     "The SPF record at %.*s is valid but does not allow our "
	                     "senders: %.*s.",
	                     STR_ARG(c->row->name), STR_ARG(why));
	d->fix = merge_fix(c, &seen);
	rule_cite(d, c->seen->answer);
	return true;
}

/* ---- what a record leads to ---- */

static void add_break(struct buf *b, const struct spf_tree *tree,
                      const struct spf_trouble *t)
{
	if (t->kind == SPF_TROUBLE_SYNTAX) {
		buf_printf(b, "the record of %.*s has an error %.*s",
		           STR_ARG(t->node->domain), STR_ARG(t->text));
		return;
	}
	buf_add(b, t->term->text);
	if (t->node != tree->root)
		buf_printf(b, " in the record of %.*s", STR_ARG(t->node->domain));
	buf_add(b, t->kind == SPF_TROUBLE_NO_RECORD ? STR(" leads to no SPF record")
	           : t->kind == SPF_TROUBLE_SEVERAL
	                   ? STR(" leads to several SPF records, where one is allowed")
	                   : STR(" names no possible domain"));
}

/* What can be done about troubles whose branches are marked: those of the record itself
 * can be changed, those of others only left out. */
static struct str break_fix(const struct rule_case *c, const struct spf_seen *seen,
                            const bool *broken)
{
	const struct spf_node *root = seen->tree->root;
	struct field_place at = rule_place(c);
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	struct str left;
	bool any = false;

	buf_printf(&b, "%.*s, correct or remove ",
	           STR_ARG(field_at(c->in->a, at.provider)));
	for (size_t i = 0; i < root->branch_count; i++) {
		if (!broken[i])
			continue;
		buf_add(&b, any ? STR(" and ") : STR(""));
		spf_add_term(&b, c, &root->branches[i]);
		any = true;
	}
	left = spf_merge(c, spf_without(c->in->a, &root->record, broken));
	buf_printf(&b, " in %.*s; without that it is \"%.*s\".",
	           STR_ARG(spf_panel_record(c)), STR_ARG(left));
	return arena_dup(c->in->a, buf_str(&b));
}

/* A joint of strings that makes one target out of two terms. */
static bool say_joint(const struct rule_case *c, struct diagnosis *d,
                      const struct spf_seen *seen)
{
	size_t second;
	const struct spf_term *term = spf_find_joint(c->in->a, seen, &second);
	struct str mended;

	if (!term || !term->valid)
		return false;
	d->message = arena_printf(
	        c->in->a,
	        "The SPF record at %.*s is typed as several strings, which are joined "
	        "without a blank: at byte %zu one is missing, so that it says %.*s.",
	        STR_ARG(c->row->name), second + 1, STR_ARG(term->text));
	mended = spf_mend_joint(c->in->a, seen, second);
	d->fix = spf_change_fix(c, spf_merge(c, mended));
	return true;
}

bool rule_spf_broken_include(const struct rule_case *c, struct diagnosis *d)
{
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	const struct spf_node *root;
	struct spf_seen seen;
	size_t n = 0;
	bool *broken;

	if (!spf_seen_find(c, &seen))
		return false;
	rule_cite(d, c->seen->answer);
	if (say_joint(c, d, &seen))
		return true;
	root = seen.tree->root;
	broken = ARENA_ARRAY(c->in->a, bool, root->branch_count + 1);
	buf_printf(&b,
	           "Receivers give up on the SPF record at %.*s (permerror) where they "
	           "come to this: ",
	           STR_ARG(c->row->name));
	for (size_t i = 0; i < seen.tree->trouble_count; i++) {
		const struct spf_trouble *t = &seen.tree->troubles[i];

		if (!spf_break_is(seen.tree, t))
			continue;
		broken[spf_break_branch(seen.tree, t)] = true;
		if (n++ < SPF_NAMED_MAX) {
			buf_add(&b, n > 1 ? STR("; ") : STR(""));
			add_break(&b, seen.tree, t);
			if (t->answer)
				rule_cite(d, t->answer);
		}
	}
	if (n == 0)
		return false;
	if (n > SPF_NAMED_MAX)
		buf_printf(&b, "; and %zu more", n - SPF_NAMED_MAX);
	buf_add_char(&b, '.');
	d->message = arena_dup(c->in->a, buf_str(&b));
	if (c->row->value.n && c->seen->status == RECORD_VERIFIED)
		d->severity = SEVERITY_WARNING; /* our senders come before it */
	d->fix = break_fix(c, &seen, broken);
	return true;
}

/* "a.example → b.example → a.example", down to a node and on to where it leads. */
static void add_way(struct buf *b, struct diagnosis *d, const struct spf_node *node)
{
	if (node->parent)
		add_way(b, d, node->parent);
	buf_printf(b, "%.*s, then ", STR_ARG(node->domain));
	if (node->answer)
		rule_cite(d, node->answer);
}

static const struct spf_branch *branch_with(const struct spf_node *node,
                                            const struct spf_term *term)
{
	for (size_t i = 0; i < node->branch_count; i++)
		if (node->branches[i].term == term)
			return &node->branches[i];
	return NULL;
}

bool rule_spf_loop(const struct rule_case *c, struct diagnosis *d)
{
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	const struct spf_trouble *loop = NULL;
	const struct spf_branch *branch;
	struct spf_seen seen;
	bool *broken;

	if (!spf_seen_find(c, &seen))
		return false;
	for (size_t i = 0; i < seen.tree->trouble_count && !loop; i++)
		if (seen.tree->troubles[i].kind == SPF_TROUBLE_LOOP)
			loop = &seen.tree->troubles[i];
	if (!loop)
		return false;
	rule_cite(d, c->seen->answer);
	branch = branch_with(loop->node, loop->term);
	buf_printf(&b, "The SPF record at %.*s leads back to itself: ",
	           STR_ARG(c->row->name));
	add_way(&b, d, loop->node);
	buf_printf(&b,
	           "%.*s again, by %.*s. Receivers run out of look-ups (permerror).",
	           STR_ARG(branch->target), STR_ARG(loop->term->text));
	d->message = arena_dup(c->in->a, buf_str(&b));
	broken = ARENA_ARRAY(c->in->a, bool, seen.tree->root->branch_count + 1);
	broken[spf_break_branch(seen.tree, loop)] = true;
	d->severity = spf_severity_at(c, &seen, spf_break_branch(seen.tree, loop));
	d->fix = break_fix(c, &seen, broken);
	return true;
}

/* ---- missing ---- */

/* What a domain may publish whose senders nobody knows: its mail hosts', if it has any.
 */
static struct str suggestion(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *mx = rule_records_at(c, c->row->name, DNS_MX);
	const struct service *service = NULL;

	if (!mx || dns_name_is_root(mx->records.v[0].mx.host))
		return STR("v=spf1 -all");
	rule_cite(d, mx);
	service = service_find(c->in->know->services, SERVICE_MX,
	                       mx->records.v[0].mx.host);
	for (size_t i = 0; service && i < service->traits[SERVICE_SPF].n; i++) {
		struct str name = service->traits[SERVICE_SPF].v[i];

		if (str_find_char(name, '*') < 0)
			return arena_printf(c->in->a, "v=spf1 include:%.*s ~all",
			                    STR_ARG(name));
	}
	return STR("v=spf1 mx ~all");
}

static struct str audit_fix(const struct rule_case *c, struct diagnosis *d)
{
	struct str text = suggestion(c, d);
	bool sends = !str_eq(text, STR("v=spf1 -all"));
	struct field_place at = rule_place(c);
	struct field_record r = {DNS_TXT, c->row->name, text, -1};

	return arena_printf(c->in->a, "%.*s %s",
	                    STR_ARG(field_instruction(c->in->a, &at, &r)),
	                    sends ? "Put every other service that sends for the domain "
	                            "in front of ~all."
	                          : "That is for a domain that sends no mail; else put "
	                            "what sends for it in front of -all.");
}

bool rule_spf_missing(const struct rule_case *c, struct diagnosis *d)
{
	struct str others;

	if (!is_settled(c) || c->seen->seen.result != COMPARE_ABSENT)
		return false;
	rule_cite(d, c->seen->answer);
	others = rule_describe_texts(c, c->seen->answer);
	d->message = arena_printf(c->in->a, "There is no SPF record at %.*s%s%.*s.",
	                          STR_ARG(c->row->name), others.n ? ", only " : "",
	                          STR_ARG(others));
	if (c->row->value.n) {
		d->fix = rule_add_fix(c);
	} else {
		d->severity = SEVERITY_WARNING;
		d->fix = audit_fix(c, d);
	}
	if (!c->row->required)
		d->severity = SEVERITY_ADVICE;
	return true;
}
