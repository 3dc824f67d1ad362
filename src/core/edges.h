/*
 * The core's side of its edges: what each must know of accounts and hosts, which of its
 * events are in the store, and the numbers it tells.
 *
 *	struct edges *e = edges_new(&setup);
 *	edges_connect(e, instance, fd);		(all accounts and hosts go to it)
 *	edges_host(e, &(struct edge_host){.name = name, .account = 5});
 *	edges_tls_changed(e, name);
 *
 * What changes goes to every edge behind the commit of the turn it was written in. An edge
 * that is started anew gets all: accounts and hosts page by page, as fast as it reads, so
 * that fifty thousand hosts fill no queue. A row that changes meanwhile is sent at once;
 * its page, sent later, says the same.
 */
#pragma once

#include "ipc/edge_stats.h"
#include "store/store.h"

struct config;
struct edges;
struct event_base;
struct turn;

/* A host that edges answer for; account 0: it is none of ours any more. */
struct edge_host {
	struct str name; /* canonical */
	int64_t account;
	struct str apple_app_site_association, assetlinks; /* texts; empty: none */
};

struct edge_host_page {
	struct edge_host *v; /* in the arena */
	size_t n;
	int64_t next; /* cursor of the page after it; 0: this was the last */
};

/* All lent. */
struct edges_setup {
	struct event_base *base;
	struct store *store;
	struct turn *turn;
	/* What an account says that says nothing of addresses. */
	const struct config *config;
	/* The hosts behind `after`, retired ones too: a few hundred at a time, and no
	 * more than a megabyte of texts. */
	bool (*hosts)(void *arg, struct arena *a, int64_t after,
	              struct edge_host_page *page, struct err *err);
	/* The edge has this much of its journal on disk. */
	void (*synced)(void *arg, unsigned instance, uint64_t sequence);
	void *arg;
};

struct edges *edges_new(const struct edges_setup *setup);
void edges_reconfigure(struct edges *edges, const struct config *config);
/* A way to this edge, old or new; takes the descriptor. */
void edges_connect(struct edges *edges, unsigned instance, int fd);
/* NULL is allowed. */
void edges_free(struct edges *edges);

/* To be called in the turn that writes the row. */
void edges_host(struct edges *edges, const struct edge_host *host);
void edges_account(struct edges *edges, int64_t account);
/* The chain or key of this host is another one, or gone. At once. */
void edges_tls_changed(struct edges *edges, struct str host);
/* Up to this sequence the journal of that edge is in the store for good. At once. */
void edges_ingested(struct edges *edges, unsigned instance, uint64_t sequence);

/* The numbers of all edges together; counters go on over their restarts. */
struct edge_stats edges_stats(const struct edges *edges);
