/* The arena of sanitizer builds: each piece is its own malloc, so overruns are seen. */
#include "base/arena.h"

#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b;

	need(size < SIZE_MAX / 2);
	b = calloc(1, sizeof(*b) + size);
	need(b != NULL);
	b->next = a->blocks;
	a->blocks = b;
	a->total += size;
	return b->bytes;
}

void arena_reset(struct arena *a)
{
	arena_done(a);
}

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	*a = (struct arena){0};
}
