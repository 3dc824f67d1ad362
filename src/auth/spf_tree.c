#include "auth/spf_tree.h"

#include "auth/spf_macro.h"

struct trouble_list {
	struct spf_trouble *v;
	size_t n, cap;
};

struct net_list {
	struct ip_net *v;
	size_t n, cap;
};

struct builder {
	struct arena *a;
	struct dns_answers *answers;
	struct spf_tree *tree;
	struct trouble_list troubles;
};

static struct spf_node *build_node(struct builder *b, struct str domain,
                                   const struct spf_node *parent);

static void note(struct builder *b, struct spf_trouble trouble)
{
	*ARRAY_ADD(&b->troubles, b->a) = trouble;
}

static void note_fault(struct builder *b, const struct spf_node *node,
                       struct spf_branch *branch, const struct dns_answer *answer)
{
	branch->fault = answer;
	note(b, (struct spf_trouble){SPF_TROUBLE_FAULT, node, branch->term, answer,
	                             arena_printf(b->a, "%.*s: %.*s %s: %s",
	                                          STR_ARG(branch->term->text),
	                                          STR_ARG(answer->question.name),
	                                          dns_type_name(answer->question.type),
	                                          dns_status_name(answer->status))});
}

/* Whether a domain-spec has a macro that only a message gives. */
static bool depends_on_message(struct str spec)
{
	static const char letters[] = "sloiphvcrt";

	for (const char *c = letters; *c; c++)
		if (spf_macro_uses(spec, *c))
			return true;
	return false;
}

static void set_target(struct builder *b, const struct spf_node *node,
                       struct spf_branch *branch)
{
	struct spf_macro_env env = {.domain = node->domain};
	struct str spec = branch->term->domain;
	struct str text;

	if (spec.n == 0) {
		branch->target = node->domain;
		return;
	}
	branch->depends = depends_on_message(spec);
	if (branch->depends)
		return;
	if (!spf_macro_expand(b->a, spec, &env, &text) ||
	    !spf_target_make(b->a, text, &branch->target)) {
		branch->target = STR_NONE;
		note(b,
		     (struct spf_trouble){SPF_TROUBLE_NAME, node, branch->term, NULL,
		                          arena_printf(b->a, "%.*s: not a domain name",
		                                       STR_ARG(branch->term->text))});
	}
}

/* Adds the networks that a host's addresses make; false where there are none. */
static bool add_addresses(struct builder *b, const struct spf_node *node,
                          struct spf_branch *branch, struct str host,
                          struct net_list *nets)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};
	bool is_void = true;

	for (size_t t = 0; t < LEN(types); t++) {
		const struct dns_answer *answer = dns_ask(b->answers, host, types[t]);

		if (dns_answer_is_fault(answer))
			note_fault(b, node, branch, answer);
		is_void = is_void && dns_answer_is_negative(answer);
		for (size_t i = 0; i < answer->records.n; i++)
			*ARRAY_ADD(nets, b->a) = (struct ip_net){
			        answer->records.v[i].ip,
			        types[t] == DNS_A ? branch->term->prefix4
			                          : branch->term->prefix6};
	}
	return !is_void;
}

static void add_mx(struct builder *b, const struct spf_node *node,
                   struct spf_branch *branch, struct net_list *nets)
{
	const struct dns_answer *answer = dns_ask(b->answers, branch->target, DNS_MX);
	size_t n = answer->records.n;
	bool is_void = dns_answer_is_negative(answer);

	if (dns_answer_is_fault(answer))
		note_fault(b, node, branch, answer);
	if (n > SPF_MX_MAX) {
		note(b,
		     (struct spf_trouble){
		             SPF_TROUBLE_MX, node, branch->term, answer,
		             arena_printf(b->a, "%.*s: %zu MX names, %d are allowed",
		                          STR_ARG(branch->term->text), n, SPF_MX_MAX)});
		n = SPF_MX_MAX;
	}
	for (size_t i = 0; i < n; i++) {
		struct str host = answer->records.v[i].mx.host;

		if (!dns_name_is_root(host) &&
		    !add_addresses(b, node, branch, host, nets))
			is_void = true;
	}
	branch->voids = is_void;
}

static void find_networks(struct builder *b, const struct spf_node *node,
                          struct spf_branch *branch)
{
	struct net_list nets = {0};

	if (branch->term->kind == SPF_IP4 || branch->term->kind == SPF_IP6)
		*ARRAY_ADD(&nets, b->a) = branch->term->net;
	else if (branch->term->kind == SPF_A && branch->target.n)
		branch->voids = !add_addresses(b, node, branch, branch->target, &nets);
	else if (branch->term->kind == SPF_MX && branch->target.n)
		add_mx(b, node, branch, &nets);
	branch->nets = nets.v;
	branch->net_count = nets.n;
}

/* exists without macros of the message: only whether its name is there can be said. */
static void check_exists(struct builder *b, const struct spf_node *node,
                         struct spf_branch *branch)
{
	const struct dns_answer *answer = dns_ask(b->answers, branch->target, DNS_A);

	if (dns_answer_is_fault(answer))
		note_fault(b, node, branch, answer);
	branch->voids = dns_answer_is_negative(answer);
}

static void sum_child(struct spf_branch *branch)
{
	const struct spf_node *child = branch->child;

	branch->voids += child->status == SPF_NODE_NONE;
	for (size_t i = 0; i < child->branch_count; i++) {
		branch->lookups += child->branches[i].lookups;
		branch->voids += child->branches[i].voids;
	}
}

/* What is wrong with where an include or redirect leads. */
static void judge_child(struct builder *b, const struct spf_node *node,
                        const struct spf_branch *branch)
{
	static const struct {
		enum spf_trouble_kind kind;
		const char *text; /* NULL: nothing to say */
	} says[SPF_NODE_CUT + 1] = {
	        [SPF_NODE_NONE] = {SPF_TROUBLE_NO_RECORD, "no SPF record there"      },
	        [SPF_NODE_SEVERAL] = {SPF_TROUBLE_SEVERAL,   "several SPF records there"},
	        [SPF_NODE_FAULT] = {SPF_TROUBLE_FAULT,     "DNS could not tell"       },
	        [SPF_NODE_LOOP] = {SPF_TROUBLE_LOOP,
	                           "leads back to where it came from"                },
	};
	const struct spf_node *child = branch->child;

	if (!says[child->status].text)
		return;
	note(b, (struct spf_trouble){
	                says[child->status].kind, node, branch->term, child->answer,
	                arena_printf(b->a, "%.*s: %s", STR_ARG(branch->term->text),
	                             says[child->status].text)});
}

static void build_branch(struct builder *b, const struct spf_node *node,
                         struct spf_branch *branch)
{
	enum spf_kind kind = branch->term->kind;

	if (!branch->is_reached || !branch->term->valid)
		return;
	branch->lookups = spf_kind_asks(kind);
	if (spf_kind_asks(kind))
		set_target(b, node, branch);
	b->tree->uses_ptr = b->tree->uses_ptr || kind == SPF_PTR;
	b->tree->depends = b->tree->depends || branch->depends || kind == SPF_PTR ||
	                   kind == SPF_EXISTS;
	find_networks(b, node, branch);
	if (branch->target.n == 0)
		return;
	if (kind == SPF_EXISTS)
		check_exists(b, node, branch);
	if (kind != SPF_INCLUDE && kind != SPF_REDIRECT)
		return;
	branch->child = build_node(b, branch->target, node);
	if (branch->child->status == SPF_NODE_FAULT)
		branch->fault = branch->child->answer;
	judge_child(b, node, branch);
	sum_child(branch);
}

static bool is_loop(struct str domain, const struct spf_node *parent)
{
	for (; parent; parent = parent->parent)
		if (str_eq(parent->domain, domain))
			return true;
	return false;
}

static size_t depth_of(const struct spf_node *node)
{
	size_t depth = 0;

	for (; node; node = node->parent)
		depth++;
	return depth;
}

/* Makes the branches of a node whose record text is known. */
static void read_record(struct builder *b, struct spf_node *node, struct str text)
{
	node->status = SPF_NODE_RECORD;
	node->record = spf_record_parse(b->a, text);
	node->branch_count = node->record.term_count;
	node->branches = ARENA_ARRAY(b->a, struct spf_branch, node->branch_count);
	for (size_t i = 0; i < node->record.problem_count; i++)
		note(b, (struct spf_trouble){
		                SPF_TROUBLE_SYNTAX, node, NULL, node->answer,
		                spf_problem_format(b->a, node->record.problems[i])});
	for (size_t i = 0; i < node->branch_count; i++) {
		const struct spf_term *term = &node->record.terms[i];

		node->branches[i].term = term;
		node->branches[i].is_reached = !node->all;
		if (!node->all && term->kind == SPF_ALL && term->valid)
			node->all = term;
	}
	for (size_t i = 0; i < node->branch_count; i++) {
		struct spf_branch *branch = &node->branches[i];

		if (branch->term->kind == SPF_REDIRECT)
			branch->is_reached =
			        !node->all && branch->term == node->record.redirect;
		build_branch(b, node, branch);
	}
}

static struct spf_node *build_node(struct builder *b, struct str domain,
                                   const struct spf_node *parent)
{
	struct spf_node *node = ARENA_NEW(b->a, struct spf_node);
	struct spf_found found;

	node->domain = domain;
	node->parent = parent;
	if (is_loop(domain, parent)) {
		node->status = SPF_NODE_LOOP;
		return node;
	}
	if (b->tree->node_count == SPF_TREE_NODES_MAX ||
	    depth_of(parent) == SPF_TREE_DEPTH_MAX) {
		node->status = SPF_NODE_CUT;
		return node;
	}
	b->tree->node_count++;
	found = spf_find(b->answers, domain);
	node->answer = found.answer;
	switch (found.status) {
	case SPF_FOUND_PENDING:
		node->status = SPF_NODE_PENDING;
		break;
	case SPF_FOUND_NONE:
		node->status = SPF_NODE_NONE;
		break;
	case SPF_FOUND_SEVERAL:
		node->status = SPF_NODE_SEVERAL;
		break;
	case SPF_FOUND_FAULT:
		node->status = SPF_NODE_FAULT;
		break;
	case SPF_FOUND_ONE:
		read_record(b, node, found.text);
		break;
	}
	return node;
}

/* The branch of the redirect in force, or NULL. */
static const struct spf_branch *redirect_of(const struct spf_node *node)
{
	for (size_t i = 0; i < node->branch_count; i++)
		if (node->branches[i].term->kind == SPF_REDIRECT &&
		    node->branches[i].is_reached)
			return &node->branches[i];
	return NULL;
}

static bool has_terms_after_all(const struct spf_node *node)
{
	for (size_t i = 0; i < node->branch_count; i++)
		if (!node->branches[i].is_reached &&
		    spf_kind_is_mechanism(node->branches[i].term->kind))
			return true;
	return false;
}

static void find_all(struct spf_tree *tree)
{
	const struct spf_node *node = tree->root;
	const struct spf_branch *redirect = redirect_of(node);

	while (!node->all && redirect && redirect->child) {
		node = redirect->child;
		redirect = redirect_of(node);
	}
	tree->all = node->all;
	tree->has_pass_all = tree->all && tree->all->qualifier == SPF_PASS;
	tree->has_neutral_all = tree->all && tree->all->qualifier == SPF_NEUTRAL;
	tree->ends_open = node->status == SPF_NODE_RECORD && !tree->all && !redirect;
}

static struct spf_tree *finish(struct builder *b)
{
	struct spf_tree *tree = b->tree;

	for (size_t i = 0; i < tree->root->branch_count; i++) {
		tree->lookups += tree->root->branches[i].lookups;
		tree->voids += tree->root->branches[i].voids;
	}
	if (tree->lookups > SPF_LOOKUPS_MAX)
		note(b, (struct spf_trouble){
		                SPF_TROUBLE_LOOKUPS, tree->root, NULL, NULL,
		                arena_printf(b->a, "%d look-ups, %d are allowed",
		                             tree->lookups, SPF_LOOKUPS_MAX)});
	if (tree->voids > SPF_VOIDS_MAX)
		note(b, (struct spf_trouble){
		                SPF_TROUBLE_VOIDS, tree->root, NULL, NULL,
		                arena_printf(b->a, "%d void look-ups, %d are allowed",
		                             tree->voids, SPF_VOIDS_MAX)});
	find_all(tree);
	tree->has_terms_after_all = has_terms_after_all(tree->root);
	tree->text_length = tree->root->record.text.n;
	tree->troubles = b->troubles.v;
	tree->trouble_count = b->troubles.n;
	return tree;
}

struct spf_tree *spf_tree_build(struct arena *a, struct dns_answers *answers,
                                struct str domain)
{
	struct builder b = {
	        .a = a, .answers = answers, .tree = ARENA_NEW(a, struct spf_tree)};

	b.tree->root = build_node(&b, domain, NULL);
	return finish(&b);
}

struct spf_tree *spf_tree_build_text(struct arena *a, struct dns_answers *answers,
                                     struct str domain, struct str text)
{
	struct builder b = {
	        .a = a, .answers = answers, .tree = ARENA_NEW(a, struct spf_tree)};

	b.tree->root = ARENA_NEW(a, struct spf_node);
	b.tree->root->domain = domain;
	b.tree->node_count = 1;
	read_record(&b, b.tree->root, text);
	return finish(&b);
}
