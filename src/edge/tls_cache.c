#include "edge/tls_cache.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

#include <string.h>

enum state { KEPT, NONE, ASKED, STATES };

struct entry {
	struct entry *chain;           /* in the same slot, or among the free ones */
	struct entry *next, *previous; /* in the list of its state, newest first */
	enum state state;
	struct tls_pair *pair;      /* KEPT */
	struct tls_waiter *waiters; /* ASKED */
	bool is_stale;              /* ASKED: changed meanwhile, so ask once more */
	int64_t at;                 /* monotonic: since when it is NONE or ASKED */
	uint32_t hash;
	uint8_t n;
	char host[TLS_NAME_MAX];
};

struct list {
	struct entry *first, *last;
	size_t n;
};

struct tls_cache {
	struct arena arena; /* of itself, too */
	struct tls_cache_options options;
	struct entry **slots;
	size_t slot_count; /* a power of two */
	struct list lists[STATES];
	struct entry *unused;
	uint32_t seed;
	struct tls_cache_stats stats;
};

struct tls_cache *tls_cache_new(const struct tls_cache_options *options)
{
	struct arena a = {0};
	struct tls_cache *c = ARENA_NEW(&a, struct tls_cache);

	c->options = *options;
	c->arena = a;
	c->slot_count = 1024;
	while (c->slot_count < options->max)
		c->slot_count *= 2;
	c->slots = ARENA_ARRAY(&c->arena, struct entry *, c->slot_count);
	random_bytes(&c->seed, sizeof(c->seed));
	return c;
}

/* FNV-1a, begun with a number that nobody knows. */
static uint32_t hash_of(const struct tls_cache *c, struct str host)
{
	uint32_t hash = 2166136261u ^ c->seed;

	for (size_t i = 0; i < host.n; i++)
		hash = (hash ^ (uint8_t)host.p[i]) * 16777619u;
	return hash;
}

static struct entry **slot_of(struct tls_cache *c, uint32_t hash)
{
	return &c->slots[(hash ^ hash >> 15) & (c->slot_count - 1)];
}

static struct entry *find_entry(struct tls_cache *c, struct str host)
{
	uint32_t hash = hash_of(c, host);
	struct entry *e = *slot_of(c, hash);

	while (e && (e->hash != hash || !str_eq((struct str){e->host, e->n}, host)))
		e = e->chain;
	return e;
}

static void unlink_entry(struct tls_cache *c, struct entry *e)
{
	struct list *list = &c->lists[e->state];

	*(e->previous ? &e->previous->next : &list->first) = e->next;
	*(e->next ? &e->next->previous : &list->last) = e->previous;
	list->n--;
}

static void link_entry(struct tls_cache *c, struct entry *e, enum state state)
{
	struct list *list = &c->lists[state];

	e->state = state;
	e->previous = NULL;
	e->next = list->first;
	*(list->first ? &list->first->previous : &list->last) = e;
	list->first = e;
	list->n++;
}

static void move(struct tls_cache *c, struct entry *e, enum state state)
{
	unlink_entry(c, e);
	link_entry(c, e, state);
	e->at = clock_coarse_ms();
}

static struct entry *add_entry(struct tls_cache *c, struct str host, enum state state)
{
	struct entry *e = c->unused, **slot;

	need(host.n <= TLS_NAME_MAX);
	if (e)
		c->unused = e->chain;
	else
		e = ARENA_NEW(&c->arena, struct entry);
	*e = (struct entry){.hash = hash_of(c, host), .n = (uint8_t)host.n};
	memcpy(e->host, host.p, host.n);
	slot = slot_of(c, e->hash);
	e->chain = *slot;
	*slot = e;
	link_entry(c, e, state);
	e->at = clock_coarse_ms();
	return e;
}

/* Whoever waits for it finds nothing and asks anew. */
static void remove_entry(struct tls_cache *c, struct entry *e)
{
	struct entry **at = slot_of(c, e->hash);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_entry(c, e);
	tls_waiters_wake(&e->waiters);
	tls_pair_free(e->pair);
	e->pair = NULL;
	e->chain = c->unused;
	c->unused = e;
}

static void trim(struct tls_cache *c, enum state state, size_t max)
{
	while (c->lists[state].n > max)
		remove_entry(c, c->lists[state].last);
}

static struct str host_of(const struct entry *e)
{
	return (struct str){e->host, e->n};
}

static bool ask(struct tls_cache *c, struct entry *e)
{
	return c->options.ask(c->options.arg, host_of(e));
}

static enum tls_found ask_first(struct tls_cache *c, struct str host,
                                struct tls_waiter *waiter)
{
	struct entry *e;

	c->stats.misses++;
	if (c->lists[ASKED].n < TLS_CACHE_ASKED_MAX) {
		e = add_entry(c, host, ASKED);
		if (ask(c, e)) {
			tls_waiter_add(&e->waiters, waiter);
			return TLS_LATER;
		}
		remove_entry(c, e);
	}
	c->stats.unknown++;
	return TLS_UNKNOWN;
}

static enum tls_found use(struct tls_cache *c, struct entry *e, struct tls_pair **pair)
{
	int64_t now = clock_coarse_ms();

	c->stats.hits++;
	if (c->lists[KEPT].first != e) {
		unlink_entry(c, e);
		link_entry(c, e, KEPT);
	}
	/* The old one is served until there is another: its client may still take it. */
	if (now - e->at > TLS_CACHE_RENEW_MS &&
	    tls_pair_not_after(e->pair) <= clock_now()) {
		e->at = now;
		(void)ask(c, e);
	}
	*pair = e->pair;
	return TLS_FOUND;
}

enum tls_found tls_cache_find(void *arg, struct str host, struct tls_waiter *waiter,
                              struct tls_pair **pair)
{
	struct tls_cache *c = arg;
	struct entry *e = find_entry(c, host);

	if (e && e->state == NONE && clock_coarse_ms() - e->at > TLS_CACHE_NONE_MS) {
		remove_entry(c, e);
		e = NULL;
	}
	if (!e)
		return ask_first(c, host, waiter);
	switch (e->state) {
	case KEPT:
		return use(c, e, pair);
	case ASKED:
		tls_waiter_add(&e->waiters, waiter);
		return TLS_LATER;
	case NONE:
	case STATES:
		break;
	}
	c->stats.unknown++;
	return TLS_UNKNOWN;
}

void tls_cache_put(struct tls_cache *c, struct str host, struct tls_pair *pair)
{
	struct entry *e = find_entry(c, host);

	if (!e) { /* nobody wants it any more */
		tls_pair_free(pair);
		return;
	}
	if (e->state == ASKED && e->is_stale && ask(c, e)) {
		e->is_stale = false;
		tls_pair_free(pair);
		return;
	}
	tls_pair_free(e->pair);
	e->pair = pair;
	e->is_stale = false;
	move(c, e, pair ? KEPT : NONE);
	tls_waiters_wake(&e->waiters);
	trim(c, KEPT, c->options.max);
	trim(c, NONE, TLS_CACHE_NONE_MAX);
}

void tls_cache_fail(struct tls_cache *c, struct str host)
{
	struct entry *e = find_entry(c, host);

	if (!e || e->state != ASKED)
		return;
	/* As if there were none, for whoever waits; then it is forgotten. */
	move(c, e, NONE);
	e->at -= TLS_CACHE_NONE_MS - TLS_CACHE_FAILED_MS;
	tls_waiters_wake(&e->waiters);
	trim(c, NONE, TLS_CACHE_NONE_MAX);
}

void tls_cache_drop(struct tls_cache *c, struct str host)
{
	struct entry *e = find_entry(c, host);

	if (e && e->state == ASKED)
		e->is_stale = true;
	else if (e)
		remove_entry(c, e);
}

struct tls_cache_stats tls_cache_stats(const struct tls_cache *c)
{
	struct tls_cache_stats stats = c->stats;

	stats.kept = c->lists[KEPT].n;
	stats.none = c->lists[NONE].n;
	stats.asked = c->lists[ASKED].n;
	return stats;
}

void tls_cache_free(struct tls_cache *c)
{
	struct arena a;

	if (!c)
		return;
	for (size_t i = 0; i < STATES; i++)
		trim(c, (enum state)i, 0);
	a = c->arena;
	arena_done(&a);
}
