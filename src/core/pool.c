#include "core/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/arena.h"

struct node {
	struct node *next;
	struct pool_job job;
};

struct list {
	struct node *first, **last;
};

struct pool {
	struct arena a; /* the loop's alone */
	void (*woken)(void *arg);
	void *arg;
	struct node *unused;
	size_t count;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	struct list waiting, ended;
	bool is_ending;
	pthread_t threads[POOL_THREADS];
	int wake; /* an eventfd: something has ended */
	struct event *event;
};

static void list_init(struct list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_add(struct list *list, struct node *node)
{
	node->next = NULL;
	*list->last = node;
	list->last = &node->next;
}

static struct node *list_take(struct list *list)
{
	struct node *node = list->first;

	if (!node)
		return NULL;
	list->first = node->next;
	if (!list->first)
		list->last = &list->first;
	return node;
}

/* The next job, or NULL at the end. */
static struct node *wait_for_job(struct pool *pool)
{
	struct node *node;

	pthread_mutex_lock(&pool->lock);
	while (!pool->is_ending && !pool->waiting.first)
		pthread_cond_wait(&pool->more, &pool->lock);
	node = pool->is_ending ? NULL : list_take(&pool->waiting);
	pthread_mutex_unlock(&pool->lock);
	return node;
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	struct node *node;

	while ((node = wait_for_job(pool))) {
		uint64_t one = 1;

		node->job.run(node->job.arg);
		pthread_mutex_lock(&pool->lock);
		list_add(&pool->ended, node);
		pthread_mutex_unlock(&pool->lock);
		while (write(pool->wake, &one, sizeof(one)) < 0 && errno == EINTR)
			;
	}
	return NULL;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct pool *pool = arg;
	struct list ended;
	struct node *node;
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof(count));
	pthread_mutex_lock(&pool->lock);
	ended = pool->ended;
	list_init(&pool->ended);
	pthread_mutex_unlock(&pool->lock);
	if (!ended.first)
		return;
	pool->woken(pool->arg);
	while ((node = list_take(&ended))) {
		struct pool_job job = node->job;

		node->next = pool->unused;
		pool->unused = node;
		pool->count--;
		job.done(job.arg);
	}
}

struct pool *pool_new(struct event_base *base, void (*woken)(void *arg), void *arg)
{
	struct arena a = {0};
	struct pool *pool = ARENA_NEW(&a, struct pool);
	sigset_t all, before;

	pool->a = a;
	pool->woken = woken;
	pool->arg = arg;
	list_init(&pool->waiting);
	list_init(&pool->ended);
	need(pthread_mutex_init(&pool->lock, NULL) == 0);
	need(pthread_cond_init(&pool->more, NULL) == 0);
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	need(pool->wake >= 0);
	pool->event = event_new(base, pool->wake, EV_READ | EV_PERSIST, on_wake, pool);
	need(pool->event && event_add(pool->event, NULL) == 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < POOL_THREADS; i++)
		need(pthread_create(&pool->threads[i], NULL, work, pool) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool;
}

void pool_free(struct pool *pool)
{
	struct arena a;

	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->is_ending = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < POOL_THREADS; i++)
		pthread_join(pool->threads[i], NULL);
	event_free(pool->event);
	close(pool->wake);
	pthread_cond_destroy(&pool->more);
	pthread_mutex_destroy(&pool->lock);
	a = pool->a;
	arena_done(&a);
}

void pool_run(struct pool *pool, struct pool_job job)
{
	struct node *node = pool->unused;

	if (node)
		pool->unused = node->next;
	else
		node = ARENA_NEW(&pool->a, struct node);
	node->job = job;
	pool->count++;
	pthread_mutex_lock(&pool->lock);
	list_add(&pool->waiting, node);
	pthread_cond_signal(&pool->more);
	pthread_mutex_unlock(&pool->lock);
}

size_t pool_count(const struct pool *pool)
{
	return pool->count;
}
