/*
 * A round of probes of one tracking name: lays a nonce down for the edges, asks for it by
 * HTTP and HTTPS (through a CDN twice), and looks at the HSTS policies of the names above.
 * Each family of addresses is asked by itself, and where it has several, each of them is
 * connected to: what one recipient gets is not what another gets (life/link_way.h).
 *
 *	probe_round_start(&round, &world, &wanted, on_done, arg);
 *	(later)	on_done(arg): round.facts, for link_status()
 *
 * Only an edge of this installation can answer a nonce: it stands as a file in
 * data_dir/acme/challenges for as long as the round takes, and the edges answer
 * /.well-known/signet-probe/NONCE with what that file says and what they saw of the
 * request (edge/challenge.h).
 */
#pragma once

#include "fetch/fetch_async.h"
#include "life/link_status.h"
#include "life/tracking_dns.h"

struct probe_world {
	struct fetch_pool *fetch;
	const char *folder; /* …/acme/challenges */
};

struct probe_wanted {
	enum tracking_mode mode;
	struct str name, origin;
	const struct tracking_host *host, *parents;
	size_t parent_count;
	struct hsts_memory hsts; /* of the names above, from before */
	bool asks_parents;
	bool is_parent_unsure; /* not all of them are among `parents` */
	bool is_glance;        /* only whether a web server answers by HTTP */
};

struct probe_round {
	const struct probe_world *world;
	struct probe_wanted wanted;
	struct arena *a;
	struct link_facts facts; /* lives in the arena */
	char nonce[40];
	char proof[40];
	size_t under_way;
	bool asked_again; /* the second request through a CDN */
	struct str
	        hsts_of_parent; /* the first above it that includes its sub-domains */
	bool has_own_hsts, is_parent_silent;
	void (*done)(void *arg);
	void *arg;
};

/* All is lent until done(), which is called from the loop. */
void probe_round_start(struct probe_round *round, const struct probe_world *world,
                       struct arena *a, const struct probe_wanted *wanted, int64_t now,
                       void (*done)(void *arg), void *arg);

/* Whether a file of that folder is a nonce of a round: 32 hexadecimal digits. Tokens
 * of authorities (RFC 8555 §8.1) are other texts but by a chance of one in 2^64. */
bool probe_is_nonce(struct str name);
/* What an edge says of a probe: false where the text is none of an edge's, or not about
 * this proof. Pure. */
NODISCARD bool probe_read(struct arena *a, struct str body, struct str proof,
                          struct link_probe *out);
