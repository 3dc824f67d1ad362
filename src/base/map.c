#include "base/map.h"

#include <string.h>

/* FNV-1a; keys come from one check of one domain, so no flooding across tenants. */
static uint64_t hash_bytes(struct str key)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3u;
	return h ^ (h >> 29);
}

struct map map_init(struct arena *a)
{
	return (struct map){.arena = a};
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *find_slot(const struct map *m, struct str key, uint64_t hash)
{
	size_t mask = m->slot_count - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t *slot = &m->slots[i];

		if (*slot == 0)
			return slot;
		if (m->entries[*slot - 1].hash == hash &&
		    str_eq(m->entries[*slot - 1].key, key))
			return slot;
	}
}

void *map_find(const struct map *m, struct str key)
{
	uint32_t *slot;

	if (m->n == 0)
		return NULL;
	slot = find_slot(m, key, hash_bytes(key));
	return *slot ? m->entries[*slot - 1].value : NULL;
}

static void grow_slots(struct map *m)
{
	m->slot_count = m->slot_count ? m->slot_count * 2 : 16;
	need(m->slot_count < UINT32_MAX);
	m->slots = ARENA_ARRAY(m->arena, uint32_t, m->slot_count);
	for (size_t i = 0; i < m->n; i++)
		*find_slot(m, m->entries[i].key, m->entries[i].hash) = (uint32_t)i + 1;
}

void map_set(struct map *m, struct str key, void *value)
{
	uint64_t hash = hash_bytes(key);
	uint32_t *slot;

	if ((m->n + 1) * 2 > m->slot_count)
		grow_slots(m);
	slot = find_slot(m, key, hash);
	if (*slot) {
		m->entries[*slot - 1].value = value;
		return;
	}
	m->entries =
	        arena_grow(m->arena, m->entries, m->n, &m->cap, sizeof(*m->entries));
	m->entries[m->n++] = (struct map_entry){arena_dup(m->arena, key), value, hash};
	*slot = (uint32_t)m->n;
}
