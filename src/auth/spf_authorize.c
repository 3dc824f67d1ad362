#include "auth/spf_authorize.h"

/* How often one question may cut networks in halves, all together. */
enum { CUTS_MAX = 4096 };

enum verdict {
	VERDICT_PASS,
	VERDICT_REJECT, /* a term with another qualifier matches */
	VERDICT_OPEN,   /* nothing matches */
	VERDICT_PARTLY, /* a term matches a part of the network */
	VERDICT_FAULT,
};

struct judge {
	const struct spf_tree *tree;
	const struct dns_answer *fault;
	int cuts;
};

static enum verdict judge_node(struct judge *j, const struct spf_node *node,
                               struct ip_net net);

static bool contains(struct ip_net outer, struct ip_net inner)
{
	return outer.prefix <= inner.prefix && ip_net_has(outer, inner.ip);
}

static enum verdict by_qualifier(const struct spf_term *term)
{
	return term->qualifier == SPF_PASS ? VERDICT_PASS : VERDICT_REJECT;
}

static enum verdict judge_networks(struct judge *j, const struct spf_branch *branch,
                                   struct ip_net net)
{
	bool touches = false;

	for (size_t i = 0; i < branch->net_count; i++) {
		if (contains(branch->nets[i], net))
			return by_qualifier(branch->term);
		touches = touches || contains(net, branch->nets[i]);
	}
	if (branch->fault) {
		j->fault = branch->fault;
		return VERDICT_FAULT;
	}
	return touches ? VERDICT_PARTLY : VERDICT_OPEN;
}

/* An include matches where the other record passes; a redirect takes its place. */
static enum verdict judge_child(struct judge *j, const struct spf_branch *branch,
                                struct ip_net net)
{
	enum verdict verdict;

	if (branch->fault) {
		j->fault = branch->fault;
		return VERDICT_FAULT;
	}
	if (!branch->child || branch->child->record.problem_count)
		return VERDICT_OPEN;
	verdict = judge_node(j, branch->child, net);
	if (branch->term->kind == SPF_REDIRECT)
		return verdict;
	if (verdict == VERDICT_PASS)
		return by_qualifier(branch->term);
	return verdict == VERDICT_REJECT ? VERDICT_OPEN : verdict;
}

static enum verdict judge_branch(struct judge *j, const struct spf_branch *branch,
                                 struct ip_net net)
{
	switch (branch->term->kind) {
	case SPF_ALL:
		return by_qualifier(branch->term);
	case SPF_INCLUDE:
		return judge_child(j, branch, net);
	case SPF_A:
	case SPF_MX:
	case SPF_IP4:
	case SPF_IP6:
		return judge_networks(j, branch, net);
	case SPF_PTR:
	case SPF_EXISTS:
	case SPF_REDIRECT:
	case SPF_EXP:
	case SPF_MODIFIER:
	case SPF_UNKNOWN:
		break;
	}
	return VERDICT_OPEN;
}

static enum verdict judge_node(struct judge *j, const struct spf_node *node,
                               struct ip_net net)
{
	const struct spf_branch *redirect = NULL;

	for (size_t i = 0; i < node->branch_count; i++) {
		const struct spf_branch *branch = &node->branches[i];
		enum verdict verdict = VERDICT_OPEN;

		if (!branch->is_reached || !branch->term->valid)
			continue;
		if (branch->term->kind == SPF_REDIRECT)
			redirect = branch;
		else
			verdict = judge_branch(j, branch, net);
		if (verdict != VERDICT_OPEN)
			return verdict;
	}
	return redirect ? judge_child(j, redirect, net) : VERDICT_OPEN;
}

/* One half of a network; which = 0 or 1. */
static struct ip_net half(struct ip_net net, int which)
{
	size_t byte = net.prefix / 8;
	uint8_t bit = (uint8_t)(0x80u >> (net.prefix % 8));

	net.ip.bytes[byte] =
	        which ? net.ip.bytes[byte] | bit : (uint8_t)(net.ip.bytes[byte] & ~bit);
	net.prefix++;
	return net;
}

static enum spf_authority judge_net(struct judge *j, struct ip_net net)
{
	enum spf_authority low;

	switch (judge_node(j, j->tree->root, net)) {
	case VERDICT_PASS:
		return SPF_AUTHORIZED;
	case VERDICT_FAULT:
		return SPF_UNDECIDED;
	case VERDICT_REJECT:
	case VERDICT_OPEN:
		return SPF_UNAUTHORIZED;
	case VERDICT_PARTLY:
		break;
	}
	if (net.prefix >= net.ip.length * 8 || ++j->cuts > CUTS_MAX)
		return SPF_UNAUTHORIZED;
	low = judge_net(j, half(net, 0));
	return low == SPF_AUTHORIZED ? judge_net(j, half(net, 1)) : low;
}

enum spf_authority spf_authorize_net(const struct spf_tree *tree, struct ip_net net,
                                     const struct dns_answer **fault)
{
	struct judge j = {.tree = tree};
	enum spf_authority authority = judge_net(&j, net);

	*fault = authority == SPF_UNDECIDED ? j.fault : NULL;
	return authority;
}

/* Whether a published term says the same as a wanted one. */
static bool is_equal(const struct spf_branch *published,
                     const struct spf_branch *wanted)
{
	const struct spf_term *p = published->term;
	const struct spf_term *w = wanted->term;
	bool follows = p->kind == w->kind ||
	               (w->kind == SPF_INCLUDE && p->kind == SPF_REDIRECT);

	if (!follows || p->qualifier != SPF_PASS || !p->valid || !published->is_reached)
		return false;
	if (p->prefix4 != w->prefix4 || p->prefix6 != w->prefix6)
		return false;
	if (wanted->depends || published->depends)
		return wanted->depends && published->depends &&
		       str_eq_nocase(p->domain, w->domain);
	return spf_kind_asks(w->kind) && wanted->target.n &&
	       str_eq(published->target, wanted->target);
}

/* The first DNS fault that whoever evaluates this term meets, or NULL. */
static const struct dns_answer *find_fault(const struct spf_branch *branch)
{
	const struct dns_answer *fault = branch->fault;
	const struct spf_node *child = branch->child;

	for (size_t i = 0; child && !fault && i < child->branch_count; i++)
		fault = find_fault(&child->branches[i]);
	return fault;
}

/* *fault is the first that is met on the way to the equal term, or NULL: a receiver
 * answers temperror there (RFC 7208 §5). */
static bool reaches_equal(const struct spf_node *node, const struct spf_branch *wanted,
                          const struct dns_answer **fault)
{
	if (node->record.problem_count)
		return false;
	for (size_t i = 0; i < node->branch_count; i++) {
		const struct spf_branch *branch = &node->branches[i];
		const struct dns_answer *before = *fault;

		if (is_equal(branch, wanted))
			return true;
		if (branch->term->qualifier == SPF_PASS && branch->child &&
		    reaches_equal(branch->child, wanted, fault))
			return true;
		*fault = before ? before : find_fault(branch);
	}
	return false;
}

/* Judges every network that a wanted node lets pass; *count says how many there are. */
static enum spf_authority judge_wanted_nets(struct judge *j,
                                            const struct spf_node *node, size_t *count);

static enum spf_authority judge_wanted(struct judge *j, const struct spf_branch *branch,
                                       size_t *count)
{
	if (!branch->is_reached || !branch->term->valid ||
	    branch->term->qualifier != SPF_PASS)
		return SPF_AUTHORIZED;
	if (branch->fault) {
		j->fault = branch->fault;
		return SPF_UNDECIDED;
	}
	if (branch->child)
		return judge_wanted_nets(j, branch->child, count);
	if (branch->depends || branch->term->kind == SPF_PTR ||
	    branch->term->kind == SPF_EXISTS || branch->term->kind == SPF_ALL)
		return SPF_UNAUTHORIZED;
	for (size_t i = 0; i < branch->net_count; i++) {
		enum spf_authority authority = judge_net(j, branch->nets[i]);

		++*count;
		if (authority != SPF_AUTHORIZED)
			return authority;
	}
	return SPF_AUTHORIZED;
}

static enum spf_authority judge_wanted_nets(struct judge *j,
                                            const struct spf_node *node, size_t *count)
{
	for (size_t i = 0; i < node->branch_count; i++) {
		enum spf_authority authority =
		        judge_wanted(j, &node->branches[i], count);

		if (authority != SPF_AUTHORIZED)
			return authority;
	}
	return SPF_AUTHORIZED;
}

static bool is_wanted(const struct spf_term *term)
{
	return term->kind == SPF_UNKNOWN ||
	       (term->kind != SPF_ALL && spf_kind_is_mechanism(term->kind) &&
	        term->qualifier == SPF_PASS) ||
	       term->kind == SPF_REDIRECT;
}

/* A record with a syntax error is a permerror to every receiver: nobody passes. */
static enum spf_authority check_term(struct judge *j, const struct spf_branch *wanted)
{
	const struct dns_answer *fault = NULL;
	enum spf_authority authority;
	size_t count = 0;

	if (!wanted->term->valid || j->tree->root->record.problem_count)
		return SPF_UNAUTHORIZED;
	if (reaches_equal(j->tree->root, wanted, &fault)) {
		j->fault = fault ? fault : find_fault(wanted);
		return SPF_AUTHORIZED;
	}
	authority = judge_wanted(j, wanted, &count);
	if (authority == SPF_AUTHORIZED && count == 0)
		return SPF_UNAUTHORIZED;
	return authority;
}

struct spf_authorization spf_authorize_check(struct arena *a,
                                             struct dns_answers *answers,
                                             const struct spf_tree *tree,
                                             struct str wanted)
{
	struct spf_authorization z = {.authority = SPF_AUTHORIZED};
	struct judge j = {.tree = tree};
	const struct spf_tree *want;

	wanted = str_trim(wanted);
	if (!spf_record_is(wanted))
		wanted = arena_printf(a, "v=spf1 %.*s", STR_ARG(wanted));
	want = spf_tree_build_text(a, answers, tree->root->domain, wanted);
	if (tree->root->status == SPF_NODE_FAULT) {
		z.authority = SPF_UNDECIDED;
		z.fault = tree->root->answer;
		return z;
	}
	for (size_t i = 0; i < want->root->branch_count; i++) {
		const struct spf_branch *branch = &want->root->branches[i];
		enum spf_authority authority;

		if (!is_wanted(branch->term))
			continue;
		j.fault = NULL;
		authority = check_term(&j, branch);
		if (authority == SPF_AUTHORIZED && !z.met)
			z.met = j.fault;
		if (authority == SPF_UNAUTHORIZED)
			z.missing = arena_printf(a, "%.*s%s%.*s", STR_ARG(z.missing),
			                         z.missing.n ? " " : "",
			                         STR_ARG(branch->term->text));
		if (authority == SPF_UNDECIDED && !z.fault)
			z.fault = j.fault;
	}
	if (z.missing.n || z.fault)
		z.authority = z.missing.n ? SPF_UNAUTHORIZED : SPF_UNDECIDED;
	return z;
}

enum spf_authority spf_authorizes(struct arena *a, struct dns_answers *answers,
                                  struct str domain, struct str record,
                                  struct str wanted, const struct dns_answer **fault)
{
	struct spf_authorization z;

	*fault = NULL;
	if (!spf_record_is(record))
		return SPF_UNAUTHORIZED;
	z = spf_authorize_check(
	        a, answers, spf_tree_build_text(a, answers, domain, record), wanted);
	if (z.authority != SPF_UNAUTHORIZED)
		*fault = z.fault ? z.fault : z.met;
	return z.authority;
}
