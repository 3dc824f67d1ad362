/*
 * Does a published SPF record let given senders through? The question of every mail
 * service whose customer may have merged `include:_spf.mail.example` into a longer
 * record, or written its networks out: comparison by meaning, never by string.
 *
 *	struct spf_tree *t = spf_tree_build(&a, &answers, STR("acme.example"));
 *	struct spf_authorization z = spf_authorize_check(
 *		&a, &answers, t, STR("include:_spf.mail.example ip4:192.0.2.0/24"));
 *	if (z.authority == SPF_UNAUTHORIZED)
 *		say what is missing: z.missing
 *
 * A wanted mechanism is authorised where the tree of includes and redirects reaches an
 * equal one with "+" before an `all`; or else where every network that it stands for
 * evaluates to pass, whichever way the record spells it. Networks are cut in halves
 * until each lies inside or outside of what the record names, so the answer is exact.
 */
#pragma once

#include "auth/spf_tree.h"

enum spf_authority {
	SPF_AUTHORIZED,
	SPF_UNAUTHORIZED,
	SPF_UNDECIDED, /* a DNS fault hides the answer; never for a pending one */
};

struct spf_authorization {
	enum spf_authority authority;
	struct str missing;             /* wanted mechanisms that are not there */
	const struct dns_answer *fault; /* of SPF_UNDECIDED */
	/* Of SPF_AUTHORIZED: the record says the right thing, but a receiver that
	 * evaluates it now meets this fault first and answers temperror; or NULL. */
	const struct dns_answer *met;
};

/* `wanted` is a list of mechanisms, or a whole record; what has no "+" is not looked
 * at. A wanted term with a syntax error is missing; so is every term where the
 * published record has one, since receivers then answer permerror. */
struct spf_authorization spf_authorize_check(struct arena *a,
                                             struct dns_answers *answers,
                                             const struct spf_tree *tree,
                                             struct str wanted);
/* The same for the text of a record at `domain`, whether published or not; *fault is
 * set for SPF_UNDECIDED, and for SPF_AUTHORIZED to `met`. A text that is no SPF record authorises nobody. */
enum spf_authority spf_authorizes(struct arena *a, struct dns_answers *answers,
                                  struct str domain, struct str record,
                                  struct str wanted, const struct dns_answer **fault);
/* Whether all of a network, or one address, passes. */
enum spf_authority spf_authorize_net(const struct spf_tree *tree, struct ip_net net,
                                     const struct dns_answer **fault);
