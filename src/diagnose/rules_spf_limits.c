/*
 * Rules on SPF records that are readable: what they cost, how they end, how long they
 * are.
 */
#include "diagnose/rules.h"
#include "diagnose/spf_fix.h"

enum {
	SHARES_MAX = 12,        /* mechanisms that one message lists */
	TEXT_ADVISED_MAX = 450, /* RFC 7208 §3.4 */
	ANSWER_MAX = 512,       /* of DNS over UDP without EDNS */
	HEADER_SIZE = 12,
	QUESTION_SIZE = 4, /* behind the name */
	RECORD_SIZE = 12,  /* in front of the data, the name compressed */
};

/* ---- too many look-ups ---- */

/* The root's branch at which a sum passes its limit. */
static size_t branch_past(const struct spf_node *root, int limit, bool voids)
{
	int sum = 0;
	size_t i = 0;

	for (; i < root->branch_count; i++) {
		sum += voids ? root->branches[i].voids : root->branches[i].lookups;
		if (sum > limit)
			break;
	}
	return i;
}

/* "include:_spf.google.com (Google Workspace) 4, a 1" */
static void add_shares(struct buf *b, const struct rule_case *c, struct diagnosis *d,
                       const struct spf_node *root)
{
	size_t n = 0;

	for (size_t i = 0; i < root->branch_count; i++) {
		const struct spf_branch *branch = &root->branches[i];

		if (branch->lookups == 0 || n++ >= SHARES_MAX)
			continue;
		buf_add(b, n > 1 ? STR(", ") : STR(""));
		spf_add_term(b, c, branch);
		buf_printf(b, " %d", branch->lookups);
		if (branch->child && branch->child->answer)
			rule_cite(d, branch->child->answer);
	}
	if (n > SHARES_MAX)
		buf_printf(b, ", and %zu more", n - SHARES_MAX);
}

/* "a as ip4:198.51.100.1": a look-up that addresses can stand for. */
static void add_networks(struct buf *b, const struct spf_branch *branch)
{
	AUTO(arena) scratch = {0};

	buf_printf(b, "%.*s as ", STR_ARG(branch->term->text));
	for (size_t i = 0; i < branch->net_count; i++) {
		const struct ip_net *net = &branch->nets[i];
		int whole = net->ip.length * 8;

		buf_printf(b, "%sip%d:%.*s", i ? " " : "", net->ip.length == 4 ? 4 : 6,
		           STR_ARG(ip_format(&scratch, net->ip)));
		if (net->prefix != whole)
			buf_printf(b, "/%d", net->prefix);
	}
}

static struct str lookups_fix(const struct rule_case *c, const struct spf_node *root)
{
	enum { NETS_MAX = 2, BRANCHES_MAX = 3 };
	struct field_place at = rule_place(c);
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	size_t n = 0;

	buf_printf(&b,
	           "%.*s, edit %.*s: take out the services that no longer send for the "
	           "domain, the costly ones first",
	           STR_ARG(field_at(c->in->a, at.provider)),
	           STR_ARG(spf_panel_record(c)));
	for (size_t i = 0; i < root->branch_count && n < BRANCHES_MAX; i++) {
		const struct spf_branch *branch = &root->branches[i];
		enum spf_kind kind = branch->term->kind;

		if ((kind != SPF_A && kind != SPF_MX) || !branch->is_reached ||
		    branch->fault || branch->net_count == 0 ||
		    branch->net_count > NETS_MAX)
			continue;
		buf_add(&b, n++ ? STR(", ") : STR("; addresses cost nothing: write "));
		add_networks(&b, branch);
	}
	buf_add_char(&b, '.');
	return arena_dup(c->in->a, buf_str(&b));
}

/* The first MX set, anywhere, that has too many hosts. */
static const struct spf_trouble *find_mx(const struct spf_tree *tree)
{
	for (size_t i = 0; i < tree->trouble_count; i++)
		if (tree->troubles[i].kind == SPF_TROUBLE_MX)
			return &tree->troubles[i];
	return NULL;
}

static bool say_mx(const struct rule_case *c, struct diagnosis *d,
                   const struct spf_trouble *t)
{
	struct field_place at = rule_place(c);

	d->message = arena_printf(
	        c->in->a,
	        "In the SPF record of %.*s, %.*s: receivers give up there (permerror).",
	        STR_ARG(t->node->domain), STR_ARG(t->text));
	d->fix = arena_printf(c->in->a,
	                      "%.*s, edit %.*s: write the hosts that send as ip4: and "
	                      "ip6: addresses instead of %.*s.",
	                      STR_ARG(field_at(c->in->a, at.provider)),
	                      STR_ARG(spf_panel_record(c)), STR_ARG(t->term->text));
	rule_cite(d, c->seen->answer);
	rule_cite(d, t->answer);
	return true;
}

bool rule_spf_too_many_lookups(const struct rule_case *c, struct diagnosis *d)
{
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	const struct spf_trouble *mx;
	const struct spf_node *root;
	struct spf_seen seen;

	if (!spf_seen_find(c, &seen))
		return false;
	root = seen.tree->root;
	mx = find_mx(seen.tree);
	if (seen.tree->lookups <= SPF_LOOKUPS_MAX)
		return mx && say_mx(c, d, mx);
	rule_cite(d, c->seen->answer);
	buf_printf(
	        &b,
	        "The SPF record at %.*s takes %d DNS look-ups where %d are allowed, so "
	        "that receivers give up (permerror): ",
	        STR_ARG(c->row->name), seen.tree->lookups, SPF_LOOKUPS_MAX);
	add_shares(&b, c, d, root);
	buf_add_char(&b, '.');
	d->message = arena_dup(c->in->a, buf_str(&b));
	d->severity =
	        spf_severity_at(c, &seen, branch_past(root, SPF_LOOKUPS_MAX, false));
	d->fix = lookups_fix(c, root);
	return true;
}

/* ---- too many voids ---- */

/* Terms that find nothing, being collected. */
struct void_list {
	const struct rule_case *c;
	struct diagnosis *d;
	const struct spf_node *root;
	struct buf *b;
	size_t n;
};

/* Includes that find nothing are told by their own rule. */
static void add_voids(struct void_list *list, const struct spf_node *node)
{
	for (size_t i = 0; i < node->branch_count; i++) {
		const struct spf_branch *branch = &node->branches[i];
		enum dns_type type = branch->term->kind == SPF_MX ? DNS_MX : DNS_A;

		if (branch->child) {
			add_voids(list, branch->child);
			continue;
		}
		if (branch->voids == 0)
			continue;
		if (list->n++ >= SHARES_MAX)
			continue;
		buf_add(list->b, list->n > 1 ? STR(", ") : STR(""));
		buf_add(list->b, branch->term->text);
		if (node != list->root)
			buf_printf(list->b, " in the record of %.*s",
			           STR_ARG(node->domain));
		rule_cite(list->d, dns_ask(list->c->in->answers, branch->target, type));
	}
}

bool rule_spf_too_many_voids(const struct rule_case *c, struct diagnosis *d)
{
	struct field_place at = rule_place(c);
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	struct void_list list = {.c = c, .d = d, .b = &b};
	struct spf_seen seen;

	if (!spf_seen_find(c, &seen))
		return false;
	rule_cite(d, c->seen->answer);
	list.root = seen.tree->root;
	add_voids(&list, list.root);
	if (list.n <= SPF_VOIDS_MAX)
		return false;
	d->message = arena_printf(
	        c->in->a,
	        "%zu look-ups of the SPF record at %.*s find nothing, "
	        "and receivers give up (permerror) after %d: %.*s.",
	        list.n, STR_ARG(c->row->name), SPF_VOIDS_MAX, STR_ARG(buf_str(&b)));
	d->fix = arena_printf(c->in->a,
	                      "%.*s, take out of %.*s what leads nowhere: %.*s.",
	                      STR_ARG(field_at(c->in->a, at.provider)),
	                      STR_ARG(spf_panel_record(c)), STR_ARG(buf_str(&b)));
	d->severity =
	        spf_severity_at(c, &seen, branch_past(list.root, SPF_VOIDS_MAX, true));
	return true;
}

/* ---- how it ends ---- */

/* Whether a term lets any address of a family pass. */
static bool passes_all(const struct spf_branch *branch)
{
	const struct spf_term *term = branch->term;

	if (!branch->is_reached || !term->valid || term->qualifier != SPF_PASS)
		return false;
	if (term->kind == SPF_ALL)
		return true;
	for (size_t i = 0; i < branch->net_count; i++)
		if (branch->nets[i].prefix == 0)
			return true;
	return false;
}

/* The first term, here or in what is included with "+", that lets everybody pass. */
static const struct spf_branch *find_pass(const struct spf_node *node,
                                          const struct spf_node **where)
{
	for (size_t i = 0; i < node->branch_count; i++) {
		const struct spf_branch *branch = &node->branches[i];
		const struct spf_branch *below = NULL;

		if (passes_all(branch)) {
			*where = node;
			return branch;
		}
		if (branch->child && branch->term->qualifier == SPF_PASS)
			below = find_pass(branch->child, where);
		if (below)
			return below;
	}
	return NULL;
}

/* The record without that term, closed by another `all`. */
static struct str closed(const struct rule_case *c, const struct spf_seen *seen,
                         const struct spf_branch *open)
{
	const struct spf_node *root = seen->tree->root;
	bool *drop = ARENA_ARRAY(c->in->a, bool, root->branch_count + 1);
	struct str text;

	for (size_t i = 0; i < root->branch_count; i++)
		drop[i] = &root->branches[i] == open;
	text = spf_without(c->in->a, &root->record, drop);
	return spf_merge(c, spf_with_all(c->in->a, text, spf_wanted_all(c)));
}

static void say_pass_below(const struct rule_case *c, struct diagnosis *d,
                           const struct spf_seen *seen, const struct spf_branch *open,
                           const struct spf_node *where)
{
	const struct spf_node *root = seen->tree->root;
	const struct spf_node *top = where;
	struct str way = STR_NONE;

	while (top->parent != root)
		top = top->parent;
	for (size_t i = 0; i < root->branch_count; i++)
		if (root->branches[i].child == top)
			way = root->branches[i].term->text;
	d->message =
	        arena_printf(c->in->a,
	                     "The SPF record at %.*s lets the whole Internet send: "
	                     "%.*s leads to %.*s in the record of %.*s.",
	                     STR_ARG(c->row->name), STR_ARG(way),
	                     STR_ARG(open->term->text), STR_ARG(where->domain));
	d->fix = arena_printf(c->in->a,
	                      "Have the record of %.*s corrected, or take %.*s out of "
	                      "%.*s.",
	                      STR_ARG(where->domain), STR_ARG(way),
	                      STR_ARG(spf_panel_record(c)));
	if (where->answer)
		rule_cite(d, where->answer);
}

bool rule_spf_pass_all(const struct rule_case *c, struct diagnosis *d)
{
	const struct spf_branch *open;
	const struct spf_node *where;
	struct spf_seen seen;

	if (!spf_seen_find(c, &seen) || seen.tree->root->record.problem_count)
		return false;
	open = find_pass(seen.tree->root, &where);
	if (!open && (!seen.tree->has_neutral_all ||
	              c->seen->status != RECORD_VERIFIED || !seen.tree->root->all))
		return false;
	rule_cite(d, c->seen->answer);
	if (open && where != seen.tree->root) {
		say_pass_below(c, d, &seen, open, where);
		return true;
	}
	if (open) {
		d->message =
		        arena_printf(c->in->a,
		                     "The SPF record at %.*s lets the whole Internet "
		                     "send as this domain, by %.*s.",
		                     STR_ARG(c->row->name), STR_ARG(open->term->text));
	} else {
		d->severity = SEVERITY_ADVICE;
		d->message =
		        arena_printf(c->in->a,
		                     "The SPF record at %.*s ends in ?all, which says "
		                     "nothing about servers that are not named.",
		                     STR_ARG(c->row->name));
	}
	d->fix = spf_change_fix(c, closed(c, &seen, open));
	return true;
}

bool rule_spf_no_all(const struct rule_case *c, struct diagnosis *d)
{
	struct spf_seen seen;
	struct str text;

	if (!spf_seen_find(c, &seen) || !seen.tree->ends_open)
		return false;
	text = spf_with_all(c->in->a, seen.text, spf_wanted_all(c));
	d->message =
	        arena_printf(c->in->a,
	                     "The SPF record at %.*s ends without all or redirect=, so "
	                     "that servers which are not named count as neutral.",
	                     STR_ARG(c->row->name));
	d->fix = spf_change_fix(c, spf_merge(c, text));
	rule_cite(d, c->seen->answer);
	return true;
}

/* Terms that stand behind an `all`, a redirect beside it, `include=x` and a seam. */
static size_t add_idle(struct buf *b, const struct rule_case *c,
                       const struct spf_node *root)
{
	size_t n = 0;

	for (size_t i = 0; i < root->branch_count; i++) {
		const struct spf_branch *branch = &root->branches[i];
		enum spf_kind kind = branch->term->kind;
		bool means = kind == SPF_REDIRECT ||
		             (kind != SPF_ALL && spf_kind_is_mechanism(kind));

		if ((means && !branch->is_reached) || spf_is_seam(branch->term) ||
		    spf_meant_term(c->in->a, branch->term).n) {
			buf_add(b, n++ ? STR(", ") : STR(""));
			buf_add(b, branch->term->text);
		}
	}
	return n;
}

/* Why they are idle, by the first reason there is. */
static struct str why_idle(const struct rule_case *c, const struct spf_tree *tree,
                           struct str end)
{
	const struct spf_node *root = tree->root;

	if (tree->has_terms_after_all || (root->all && root->record.redirect))
		return arena_printf(c->in->a,
		                    "nothing beside or behind %.*s is reached",
		                    STR_ARG(end));
	for (size_t i = 0; i < root->branch_count; i++)
		if (spf_is_seam(root->branches[i].term))
			return STR("v=spf1 stands once, at the front");
	return STR("a mechanism wants \":\" instead of \"=\"");
}

bool rule_spf_no_effect(const struct rule_case *c, struct diagnosis *d)
{
	AUTO(buf) b = {.max = SPF_MESSAGE_MAX};
	const struct spf_node *root;
	struct spf_seen seen;
	struct str end;
	struct str why;
	size_t n;

	if (!spf_seen_find(c, &seen))
		return false;
	root = seen.tree->root;
	n = add_idle(&b, c, root);
	if (n == 0)
		return false;
	end = root->all ? root->all->text : spf_wanted_all(c);
	why = why_idle(c, seen.tree, end);
	d->message = arena_printf(
	        c->in->a, "In the SPF record at %.*s %.*s %s without effect: %.*s.",
	        STR_ARG(c->row->name), STR_ARG(buf_str(&b)), n > 1 ? "are" : "is",
	        STR_ARG(why));
	d->fix = spf_change_fix(c, spf_with_all(c->in->a, seen.text, end));
	rule_cite(d, c->seen->answer);
	return true;
}

/* ---- how long it is ---- */

/* Bytes of the whole TXT answer, as a server sends it without EDNS. */
static size_t answer_size(const struct dns_answer *answer)
{
	size_t size = HEADER_SIZE + answer->question.name.n + 2 + QUESTION_SIZE;

	for (size_t i = 0; i < answer->records.n; i++)
		size += RECORD_SIZE + answer->records.v[i].txt.text.n +
		        answer->records.v[i].txt.count;
	return size;
}

bool rule_spf_too_long(const struct rule_case *c, struct diagnosis *d)
{
	struct field_place at = rule_place(c);
	struct spf_seen seen;
	size_t size;

	if (!spf_seen_find(c, &seen))
		return false;
	size = answer_size(c->seen->answer);
	if (seen.text.n > TEXT_ADVISED_MAX) {
		d->message = arena_printf(c->in->a,
		                          "The SPF record at %.*s has %zu bytes, %d at "
		                          "most are advised: a "
		                          "longer answer (%zu bytes, %d fit) is lost "
		                          "where DNS over TCP and "
		                          "large packets are blocked.",
		                          STR_ARG(c->row->name), seen.text.n,
		                          TEXT_ADVISED_MAX, size, ANSWER_MAX);
		d->fix = arena_printf(
		        c->in->a,
		        "%.*s, shorten %.*s: take out what is no longer used, or move "
		        "mechanisms to a record of their own and include that.",
		        STR_ARG(field_at(c->in->a, at.provider)),
		        STR_ARG(spf_panel_record(c)));
	} else if (size > ANSWER_MAX && c->seen->answer->chain.n == 0) {
		d->severity = SEVERITY_ADVICE;
		d->message = arena_printf(
		        c->in->a,
		        "The %zu TXT records at %.*s make an answer of %zu bytes, of "
		        "which "
		        "%d fit into a plain UDP packet: the SPF record is lost with "
		        "it "
		        "where DNS over TCP and large packets are blocked.",
		        c->seen->answer->records.n, STR_ARG(c->row->name), size,
		        ANSWER_MAX);
		d->fix = arena_printf(
		        c->in->a,
		        "%.*s, delete TXT records of that name that are no longer "
		        "used, such as old proofs of ownership.",
		        STR_ARG(field_at(c->in->a, at.provider)));
	} else {
		return false;
	}
	rule_cite(d, c->seen->answer);
	return true;
}
