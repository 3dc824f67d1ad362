/*
 * What core has told this edge of accounts and of their hosts. Redirects need none of it:
 * a token says everything. It is for what is not in a token: the name and language of a
 * page, how much of an address may be kept, the files by which a customer's app claims
 * links on a host (universal links).
 *
 *	profile_start(p);			(EDGE_TABLE_START: a new table comes)
 *	profile_set_account(p, &account);	(as long as it is not complete beside the old)
 *	profile_set_host(p, &host);
 *	profile_done(p);			(EDGE_TABLE_DONE: it is in use)
 *
 * Rows that come without a start change the table in use. What they replace is
 * not freed one by one: when more than half of a table is such waste, it is copied.
 */
#pragma once

#include "base/arena.h"
#include "track/event.h"

struct profile;

struct profile_account {
	uint64_t id;
	struct str name, language; /* "Acme", "en" */
	enum track_ip_policy ip;
};

struct profile_host {
	struct str host;
	uint64_t account;        /* 0: none of ours any more */
	struct str apple, links; /* apple-app-site-association, assetlinks.json */
};

struct profile *profile_new(void);
/* NULL is allowed. */
void profile_free(struct profile *p);
void profile_start(struct profile *p);
void profile_set_account(struct profile *p, const struct profile_account *account);
void profile_set_host(struct profile *p, const struct profile_host *host);
void profile_done(struct profile *p);

/* Whether a whole table has come. */
bool profile_is_complete(const struct profile *p);
/* NULL where nothing is known; valid until the next row. */
const struct profile_account *profile_find_account(const struct profile *p,
                                                   uint64_t id);
const struct profile_host *profile_find_host(const struct profile *p, struct str host);
/* How much of an address may be kept: nothing, where it is not known. */
enum track_ip_policy profile_ip(const struct profile *p, uint64_t account);
