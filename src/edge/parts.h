/* For the files of the role alone: what an edge process consists of. */
#pragma once

#include "config/config.h"
#include "edge/tls_cache.h"
#include "edge/site.h"
#include "ipc/role.h"
#include "net/tls.h"

struct keys_link;

struct edge {
	struct role_run run;
	struct arena arena; /* of what stands here */
	struct config config;
	struct event_base *base;
	struct http_server *server;
	struct site site;
	struct tokens *tokens;
	struct journal_writer *journal;
	struct profile *profile;
	struct agents *agents;
	struct tls_cache *certificates;
	struct tls_context tls;
	struct keys_link *keys;
	struct channel *core; /* NULL while there is none */
	struct event tick;
	uint64_t ticks;
	uint64_t told_synced; /* the last sequence that core was told */
	bool was_failing;
};

/* core_link.c: the way to core. Takes the descriptor. */
void edge_connect_core(struct edge *e, int fd);
/* Tells core what is on disk, where that has grown, and once a second the numbers. */
void edge_tell_core(struct edge *e, bool with_stats);
/* The numbers as they stand. */
struct edge_stats edge_numbers(const struct edge *e);

/* keys_link.c: certificates by name, from keys. */
struct keys_link *keys_link_new(struct event_base *base, struct tls_cache *c);
/* NULL is allowed. */
void keys_link_free(struct keys_link *k);
/* The way to a keys process, old or new. */
void keys_link_connect(struct keys_link *k, int fd);
bool keys_link_ask(struct keys_link *k, struct str host);
