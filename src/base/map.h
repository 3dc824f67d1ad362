/*
 * A hash map from bytes to pointers whose memory is an arena, iterated in the order of
 * insertion. Keys are copied. There is no removal: a map lives as long as its job.
 *
 *	struct map m = map_init(&arena);
 *	map_set(&m, STR("x"), thing);
 *	struct thing *t = map_find(&m, STR("x"));	(NULL when absent)
 *	for (size_t i = 0; i < m.n; i++)
 *		use(m.entries[i].key, m.entries[i].value);
 */
#pragma once

#include "base/arena.h"

struct map_entry {
	struct str key;
	void *value;
	uint64_t hash;
};

struct map {
	struct arena *arena;
	struct map_entry *entries;
	size_t n, cap;
	uint32_t *slots; /* index + 1 into entries, 0 is free */
	size_t slot_count;
};

struct map map_init(struct arena *a);
void *map_find(const struct map *m, struct str key);
/* Adds or replaces. */
void map_set(struct map *m, struct str key, void *value);
