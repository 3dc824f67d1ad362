#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	void *taken; /* from outside, freed with the block */
	alignas(max_align_t) char bytes[];
};

static void push_block(struct arena *a, struct arena_block *b, size_t size)
{
	need(b != NULL);
	b->next = a->blocks;
	b->size = size;
	b->taken = NULL;
	a->blocks = b;
	a->used = 0;
}

static size_t aligned(size_t size)
{
	size_t align = alignof(max_align_t);

	need(size < SIZE_MAX / 2);
	return (size + align - 1) & ~(align - 1);
}

void *arena_bytes(struct arena *a, size_t size)
{
	char *p;

	size = aligned(size);
	if (!a->blocks || a->blocks->size - a->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		push_block(a, malloc(sizeof(struct arena_block) + room), room);
	}
	p = a->blocks->bytes + a->used;
	a->used += size;
	a->total += size;
	return p;
}

/* A large piece is not touched here: untouched it takes no memory. */
void *arena_alloc(struct arena *a, size_t size)
{
	size_t room = aligned(size);

	if (room <= BLOCK_BYTES)
		return memset(arena_bytes(a, size), 0, size);
	push_block(a, calloc(1, sizeof(struct arena_block) + room), room);
	a->used = room;
	a->total += room;
	return a->blocks->bytes;
}

void arena_take(struct arena *a, void *p, size_t n)
{
	push_block(a, malloc(sizeof(struct arena_block)), 0);
	a->blocks->taken = p;
	a->total += n;
}

bool arena_extend(struct arena *a, const void *p, size_t size, size_t new_size)
{
	size_t more = aligned(new_size) - aligned(size);
	char *end;

	if (!a->blocks || a->blocks->size - a->used < more)
		return false;
	end = a->blocks->bytes + a->used;
	if ((const char *)p + aligned(size) != end)
		return false;
	memset(end - (aligned(size) - size), 0, new_size - size);
	a->used += more;
	a->total += more;
	return true;
}

static void free_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b->taken);
		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	if (keep && (keep->size > BLOCK_BYTES || keep->taken))
		keep = NULL;
	if (keep) {
		free_blocks(keep->next);
		keep->next = NULL;
	} else {
		free_blocks(a->blocks);
	}
	*a = (struct arena){.blocks = keep};
}

void arena_done(struct arena *a)
{
	free_blocks(a->blocks);
	*a = (struct arena){0};
}
