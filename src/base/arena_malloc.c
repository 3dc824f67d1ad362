/* The arena of sanitizer builds: each piece is its own malloc, so overruns are seen. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	void *taken;
	alignas(max_align_t) char bytes[];
};

void *arena_bytes(struct arena *a, size_t size)
{
	struct arena_block *b;

	need(size < SIZE_MAX / 2);
	b = malloc(sizeof(*b) + size);
	need(b != NULL);
	b->next = a->blocks;
	b->taken = NULL;
	a->blocks = b;
	a->total += size;
	return b->bytes;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(arena_bytes(a, size), 0, size);
}

void arena_take(struct arena *a, void *p, size_t n)
{
	arena_bytes(a, 0);
	a->blocks->taken = p;
	a->total += n;
}

bool arena_extend(struct arena *a, const void *p, size_t size, size_t new_size)
{
	(void)a, (void)p, (void)size, (void)new_size;
	return false;
}

void arena_reset(struct arena *a)
{
	arena_done(a);
}

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks->taken);
		free(a->blocks);
		a->blocks = next;
	}
	*a = (struct arena){0};
}
