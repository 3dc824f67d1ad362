/*
 * Where receivers give up on an SPF record: a permerror that the record itself looks
 * sound enough to hide. Terms are evaluated from left to right, so what stands in front
 * of such a place still works and what stands behind it never does (RFC 7208 §4.6).
 */
#pragma once

#include "auth/spf_tree.h"

/* Whether the trouble ends evaluation with permerror by an include or redirect: what it
 * leads to is missing, double or broken. Limits and loops are told apart from that. */
bool spf_break_is(const struct spf_tree *tree, const struct spf_trouble *trouble);
/* The root's branch that a trouble lies in or below; branch_count for none. */
size_t spf_break_branch(const struct spf_tree *tree, const struct spf_trouble *trouble);
/*
 * The front of the record that receivers are sure to evaluate: up to the first branch
 * that ends it by a break, a loop, too many MX or void look-up 3, that included, or up to
 * the term that would be look-up 11. The whole text where there is none of these.
 */
struct str spf_break_front(const struct spf_tree *tree);
