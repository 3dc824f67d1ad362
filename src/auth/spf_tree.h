/*
 * The whole of what an SPF record says, without a sender: every include and redirect
 * followed, each term with what it costs of the 10 look-ups, the networks it stands
 * for, and what is wrong anywhere. For diagnosis and audit; spf.h judges one message.
 *
 *	struct spf_tree *t = spf_tree_build(&a, &answers, STR("acme.example"));
 *	if (t->lookups > SPF_LOOKUPS_MAX)
 *		for (size_t i = 0; i < t->root->branch_count; i++)
 *			printf("%.*s: %d\n", STR_ARG(t->root->branches[i].term->text),
 *			       t->root->branches[i].lookups);
 *
 * Pure and run again (dns/answer.h). The costs are those of the worst case: a message
 * that no term matches before `all`; terms behind `all`, and a redirect beside one, are
 * not reached and cost nothing. A target with macros of the message (%{i}, %{l} …)
 * costs its look-up and is not followed. Limits: SPF_TREE_NODES_MAX records,
 * SPF_TREE_DEPTH_MAX levels; past them a node is SPF_NODE_CUT. That the root itself has
 * no record, or several, is its status and no trouble.
 */
#pragma once

#include "auth/spf.h"
#include "auth/spf_dns.h"

enum { SPF_TREE_NODES_MAX = 100, SPF_TREE_DEPTH_MAX = 20 };

enum spf_node_status {
	SPF_NODE_PENDING,
	SPF_NODE_RECORD,  /* one record, perhaps with problems */
	SPF_NODE_NONE,    /* no SPF record: permerror for who includes it */
	SPF_NODE_SEVERAL, /* more than one */
	SPF_NODE_FAULT,   /* DNS could not tell */
	SPF_NODE_LOOP,    /* a domain that is on the way to here already */
	SPF_NODE_CUT,     /* past the limits above */
};

enum spf_trouble_kind {
	SPF_TROUBLE_SYNTAX,
	SPF_TROUBLE_NO_RECORD, /* an include or redirect leads to none */
	SPF_TROUBLE_SEVERAL,
	SPF_TROUBLE_LOOP,
	SPF_TROUBLE_NAME, /* a target that is no possible name */
	SPF_TROUBLE_MX,   /* more than 10 MX names */
	SPF_TROUBLE_LOOKUPS,
	SPF_TROUBLE_VOIDS,
	SPF_TROUBLE_FAULT, /* DNS could not tell; see `answer` */
};

struct spf_node;

/* A term and what it leads to. */
struct spf_branch {
	const struct spf_term *term;
	bool is_reached;     /* stands before `all`; a redirect: there is no `all` */
	bool depends;        /* its target depends on the message */
	struct str target;   /* canonical; empty where there is none or it depends */
	int lookups;         /* of the 10, with all below it */
	int voids;           /* of the 2, with all below it */
	struct ip_net *nets; /* of ip4, ip6, a, mx */
	size_t net_count;
	const struct dns_answer *fault; /* why `nets` is not complete, or NULL */
	struct spf_node *child;         /* of include and redirect, or NULL */
};

struct spf_node {
	struct str domain; /* canonical */
	enum spf_node_status status;
	const struct dns_answer *answer; /* the TXT answer; NULL for a text given */
	const struct spf_node *parent;   /* NULL for the root */
	struct spf_record record;        /* of SPF_NODE_RECORD */
	struct spf_branch *branches;     /* one for each term */
	size_t branch_count;
	const struct spf_term *all; /* the first `all`, or NULL */
};

struct spf_trouble {
	enum spf_trouble_kind kind;
	const struct spf_node *node;     /* whose record it is */
	const struct spf_term *term;     /* or NULL */
	const struct dns_answer *answer; /* evidence, or NULL */
	struct str text;                 /* a phrase that names term and reason */
};

struct spf_tree {
	struct spf_node *root;
	struct spf_trouble *troubles; /* in the order they are met */
	size_t trouble_count;
	size_t node_count;
	int lookups, voids;
	const struct spf_term *all; /* the one in force, through redirects; or NULL */
	bool has_pass_all;          /* it is +all */
	bool has_neutral_all;       /* it is ?all */
	bool ends_open;             /* no `all` in force and no redirect */
	bool has_terms_after_all;   /* of the root's record, redirect not counted */
	bool uses_ptr;              /* anywhere */
	bool depends;               /* some term's networks depend on the message */
	size_t text_length;         /* of the root's record, strings joined */
};

/* The tree of the record that the domain (canonical) publishes. */
struct spf_tree *spf_tree_build(struct arena *a, struct dns_answers *answers,
                                struct str domain);
/* The tree of a record that the domain would publish; the text is an SPF record. */
struct spf_tree *spf_tree_build_text(struct arena *a, struct dns_answers *answers,
                                     struct str domain, struct str text);
