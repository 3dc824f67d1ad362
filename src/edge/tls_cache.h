/*
 * The certificates that handshakes need, by name: the least recently used go when there
 * are too many, and what is not here is asked for once, however many wait for it.
 *
 *	c = tls_cache_new(&(struct tls_cache_options){.max = 5000, .ask = ask, …});
 *	tls_context_init_by_name(&tls, tls_cache_find, c);
 *	…	ask(arg, host) sends the question; later:
 *	tls_cache_put(c, host, pair);	(takes it; NULL: there is none)
 *	tls_cache_drop(c, host);		(it has changed: ask again when needed)
 *
 * That there is none is remembered too, for TLS_CACHE_NONE_MS: names of scanners must
 * not become a question each. Such entries stand in a list of their own with a limit, so
 * that they cannot push out certificates. The names that are asked for at a time are
 * limited as well: beyond, a handshake fails as for an unknown name. Each question has to
 * be answered some time, by _put() or _fail().
 *
 * A pair is 9 kB: twenty thousand are 180 MB. One whose certificate has expired is asked
 * for again, since keys may have another by now.
 */
#pragma once

#include "net/tls.h"

enum {
	TLS_CACHE_NONE_MS = 5000,
	TLS_CACHE_FAILED_MS = 500,  /* as if there were none, where nobody could say */
	TLS_CACHE_NONE_MAX = 4096,  /* names without one that are remembered */
	TLS_CACHE_ASKED_MAX = 1024, /* names that are asked for at a time */
	TLS_CACHE_RENEW_MS = 60000, /* expired ones are asked for so often */
};

struct tls_cache;

struct tls_cache_options {
	size_t max; /* pairs that are kept */
	/* Sends a question; false where that cannot be done now. */
	bool (*ask)(void *arg, struct str host);
	void *arg;
};

struct tls_cache_stats {
	size_t kept, none, asked; /* entries now */
	uint64_t hits, misses, unknown;
};

struct tls_cache *tls_cache_new(const struct tls_cache_options *options);
/* NULL is allowed. No handshake may wait any more. */
void tls_cache_free(struct tls_cache *c);
/* tls_find_fn: `arg` is the struct tls_cache. */
enum tls_found tls_cache_find(void *arg, struct str host, struct tls_waiter *waiter,
                              struct tls_pair **pair);
/* The answer to ask(), or news. */
void tls_cache_put(struct tls_cache *c, struct str host, struct tls_pair *pair);
/* The question could not be answered: whoever waits fails, and the next asks again. */
void tls_cache_fail(struct tls_cache *c, struct str host);
void tls_cache_drop(struct tls_cache *c, struct str host);
struct tls_cache_stats tls_cache_stats(const struct tls_cache *c);
