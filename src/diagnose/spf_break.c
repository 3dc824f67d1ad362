#include "diagnose/spf_break.h"

bool spf_break_is(const struct spf_tree *tree, const struct spf_trouble *trouble)
{
	switch (trouble->kind) {
	case SPF_TROUBLE_SYNTAX:
		return trouble->node != tree->root;
	case SPF_TROUBLE_NO_RECORD:
	case SPF_TROUBLE_SEVERAL:
		return true;
	case SPF_TROUBLE_NAME:
		return trouble->term->kind == SPF_INCLUDE ||
		       trouble->term->kind == SPF_REDIRECT;
	case SPF_TROUBLE_LOOP:
	case SPF_TROUBLE_MX:
	case SPF_TROUBLE_LOOKUPS:
	case SPF_TROUBLE_VOIDS:
	case SPF_TROUBLE_FAULT:
		break;
	}
	return false;
}

size_t spf_break_branch(const struct spf_tree *tree, const struct spf_trouble *trouble)
{
	const struct spf_node *root = tree->root;
	const struct spf_node *child = trouble->node;
	size_t i = 0;

	if (child == root) {
		while (i < root->branch_count &&
		       root->branches[i].term != trouble->term)
			i++;
		return i;
	}
	while (child->parent != root)
		child = child->parent;
	while (i < root->branch_count && root->branches[i].child != child)
		i++;
	return i;
}

/* Whether receivers get no further than here, whatever the reason. */
static bool ends_evaluation(const struct spf_tree *tree,
                            const struct spf_trouble *trouble)
{
	return spf_break_is(tree, trouble) || trouble->kind == SPF_TROUBLE_LOOP ||
	       trouble->kind == SPF_TROUBLE_MX;
}

/* The first branch with a break; a redirect comes after all the others. */
static size_t find_broken(const struct spf_tree *tree)
{
	const struct spf_node *root = tree->root;
	size_t first = root->branch_count;

	for (size_t i = 0; i < tree->trouble_count; i++) {
		size_t at;

		if (!ends_evaluation(tree, &tree->troubles[i]))
			continue;
		at = spf_break_branch(tree, &tree->troubles[i]);
		if (at < first && root->branches[at].term->kind != SPF_REDIRECT)
			first = at;
	}
	return first;
}

struct str spf_break_front(const struct spf_tree *tree)
{
	const struct spf_node *root = tree->root;
	size_t broken = find_broken(tree);
	int lookups = 0;
	int voids = 0;

	for (size_t i = 0; i < root->branch_count; i++) {
		const struct spf_branch *branch = &root->branches[i];
		const struct spf_term *term = branch->term;

		if (term->kind == SPF_REDIRECT)
			continue;
		if (branch->lookups && lookups >= SPF_LOOKUPS_MAX)
			return str_slice(root->record.text, 0, term->at);
		voids += branch->voids;
		if (i == broken || voids > SPF_VOIDS_MAX)
			return str_slice(root->record.text, 0, term->at + term->text.n);
		lookups += branch->lookups;
	}
	return root->record.text;
}
