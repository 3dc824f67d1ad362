/*
 * Two threads for what blocks or takes long: a password's argon2id, a letter by SMTP. A
 * job owns its memory; run() may use nothing that the loop uses. done() comes back on the
 * loop, in a turn of it.
 *
 *	struct pool *pool = pool_new(base, woken, arg);
 *	pool_run(pool, (struct pool_job){hash, hashed, job});
 *
 * Jobs wait in order, any number of them; the caller bounds how many it makes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct pool;

enum { POOL_THREADS = 2 };

struct pool_job {
	void (*run)(void *arg);  /* on a thread */
	void (*done)(void *arg); /* on the loop, once */
	void *arg;
};

/* `woken` is called on the loop before done() calls. The threads have all signals
 * blocked. */
struct pool *pool_new(struct event_base *base, void (*woken)(void *arg), void *arg);
/* Waits for what is running; jobs that did not begin and done() calls that did not come
 * are dropped. NULL is allowed. */
void pool_free(struct pool *pool);
void pool_run(struct pool *pool, struct pool_job job);
/* Jobs whose done() has not come. */
size_t pool_count(const struct pool *pool);
