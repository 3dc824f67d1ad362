#include "base/wheel.h"

#include <stdlib.h>
#include <string.h>

enum {
	TICK_BITS = 7,
	LEVELS = 5,
	SLOTS = 256,
	DUE = LEVELS * SLOTS, /* the list of the ticks that have begun */
	HEADS = DUE + 1,
};

_Static_assert(1 << TICK_BITS == WHEEL_TICK_MS, "a tick is a power of two");

#define TICK_MAX ((UINT64_C(1) << (8 * LEVELS)) - 1)

/* The first HEADS of them are the heads of the lists, which are rings. */
struct entry {
	int64_t id;
	int64_t at;
	uint32_t next, prev;
};

struct wheel {
	uint64_t tick; /* this one and all before it are in the list DUE */
	struct entry *v;
	uint32_t n, cap;
	uint32_t unused; /* a list by `next`; 0 is its end */
	uint64_t count;
	uint64_t level_count[LEVELS];
	uint32_t *index; /* by id, open addressing; 0 is free */
	uint32_t index_mask;
};

struct wheel *wheel_new(int64_t now)
{
	struct wheel *w = calloc(1, sizeof(*w));

	need(w != NULL);
	w->tick = now < 0 ? 0 : (uint64_t)now >> TICK_BITS;
	w->cap = 2 * HEADS;
	w->v = calloc(w->cap, sizeof(*w->v));
	need(w->v != NULL);
	for (w->n = 0; w->n < HEADS; w->n++)
		w->v[w->n].next = w->v[w->n].prev = w->n;
	w->index_mask = 4 * 1024 - 1;
	w->index = calloc(w->index_mask + 1, sizeof(*w->index));
	need(w->index != NULL);
	return w;
}

void wheel_free(struct wheel *w)
{
	if (!w)
		return;
	free(w->v);
	free(w->index);
	free(w);
}

static uint32_t hash_id(const struct wheel *w, int64_t id)
{
	return (uint32_t)(((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
	       w->index_mask;
}

/* The place of the id in the index: where it stands, or the free one where it would. */
static uint32_t find_place(const struct wheel *w, int64_t id)
{
	uint32_t place = hash_id(w, id);

	while (w->index[place] && w->v[w->index[place]].id != id)
		place = (place + 1) & w->index_mask;
	return place;
}

/* Keeps the index at most half full. */
static void grow_index(struct wheel *w)
{
	uint32_t *old = w->index;
	uint32_t old_mask = w->index_mask;

	if (w->count * 2 <= w->index_mask)
		return;
	w->index_mask = old_mask * 2 + 1;
	w->index = calloc((size_t)w->index_mask + 1, sizeof(*w->index));
	need(w->index != NULL);
	for (uint32_t i = 0; i <= old_mask; i++)
		if (old[i])
			w->index[find_place(w, w->v[old[i]].id)] = old[i];
	free(old);
}

/* Takes a place out of the index and closes the gap, so that no chain is broken. */
static void free_place(struct wheel *w, uint32_t gap)
{
	uint32_t next = gap;

	for (;;) {
		uint32_t home;

		next = (next + 1) & w->index_mask;
		if (w->index[next] == 0)
			break;
		home = hash_id(w, w->v[w->index[next]].id);
		if (((next - home) & w->index_mask) < ((next - gap) & w->index_mask))
			continue;
		w->index[gap] = w->index[next];
		gap = next;
	}
	w->index[gap] = 0;
}

static uint32_t new_entry(struct wheel *w)
{
	uint32_t i = w->unused;

	if (i) {
		w->unused = w->v[i].next;
		return i;
	}
	if (w->n == w->cap) {
		need(w->cap < UINT32_MAX / 2);
		w->cap *= 2;
		w->v = realloc(w->v, w->cap * sizeof(*w->v));
		need(w->v != NULL);
	}
	return w->n++;
}

/* The tick in which the time is. */
static uint64_t due_tick(int64_t at)
{
	uint64_t tick = at <= 0 ? 0 : (uint64_t)at >> TICK_BITS;

	return tick < TICK_MAX ? tick : TICK_MAX;
}

/* The wheel an entry is in: that of the highest byte that differs; -1 where it is due. */
static int level_of(const struct wheel *w, uint64_t due)
{
	if (due <= w->tick)
		return -1;
	return (63 - __builtin_clzll(due ^ w->tick)) / 8;
}

static unsigned byte_of(uint64_t tick, int level)
{
	return (unsigned)(tick >> (8 * level)) & (SLOTS - 1);
}

static void link_entry(struct wheel *w, uint32_t i)
{
	uint64_t due = due_tick(w->v[i].at);
	int level = level_of(w, due);
	uint32_t head = DUE;

	if (level >= 0) {
		head = (uint32_t)level * SLOTS + byte_of(due, level);
		w->level_count[level]++;
	}
	w->v[i].next = head;
	w->v[i].prev = w->v[head].prev;
	w->v[w->v[head].prev].next = i;
	w->v[head].prev = i;
}

static void unlink_entry(struct wheel *w, uint32_t i, int level)
{
	w->v[w->v[i].prev].next = w->v[i].next;
	w->v[w->v[i].next].prev = w->v[i].prev;
	if (level >= 0)
		w->level_count[level]--;
}

void wheel_set(struct wheel *w, int64_t id, int64_t at)
{
	uint32_t place = find_place(w, id);
	uint32_t i = w->index[place];

	need(id > 0);
	if (i) {
		unlink_entry(w, i, level_of(w, due_tick(w->v[i].at)));
	} else {
		i = new_entry(w);
		w->index[place] = i;
		w->v[i].id = id;
		w->count++;
	}
	w->v[i].at = at;
	link_entry(w, i);
	grow_index(w);
}

/* `i` is out of its list already. */
static void forget(struct wheel *w, uint32_t i)
{
	free_place(w, find_place(w, w->v[i].id));
	w->v[i].next = w->unused;
	w->unused = i;
	w->count--;
}

bool wheel_remove(struct wheel *w, int64_t id)
{
	uint32_t i = w->index[find_place(w, id)];

	if (i == 0)
		return false;
	unlink_entry(w, i, level_of(w, due_tick(w->v[i].at)));
	forget(w, i);
	return true;
}

int64_t wheel_find(const struct wheel *w, int64_t id)
{
	uint32_t i = w->index[find_place(w, id)];

	return i ? w->v[i].at : -1;
}

/* The entries of a slot whose byte has come go to where they now belong. */
static void empty_slot(struct wheel *w, int level)
{
	uint32_t head = (uint32_t)level * SLOTS + byte_of(w->tick, level);
	uint32_t i = w->v[head].next;

	w->v[head].next = w->v[head].prev = head;
	while (i != head) {
		uint32_t next = w->v[i].next;

		w->level_count[level]--;
		link_entry(w, i);
		i = next;
	}
}

/* One step: to the next tick, or where the lower wheels are empty to the next of the
 * lowest that is not; no further than `to`. */
static void advance(struct wheel *w, uint64_t to)
{
	int level = 0;
	uint64_t low;

	while (level < LEVELS && w->level_count[level] == 0)
		level++;
	if (level == LEVELS) {
		w->tick = to;
		return;
	}
	low = (UINT64_C(1) << (8 * level)) - 1;
	if ((w->tick | low) >= to) {
		w->tick = to; /* between two slots of that wheel */
		return;
	}
	w->tick = (w->tick | low) + 1;
	for (level = LEVELS - 1; level >= 0; level--)
		if ((w->tick & ((UINT64_C(1) << (8 * level)) - 1)) == 0)
			empty_slot(w, level);
}

bool wheel_take_due(struct wheel *w, int64_t now, int64_t *id)
{
	uint64_t to = now < 0 ? 0 : (uint64_t)now >> TICK_BITS;
	uint32_t i;

	while (w->tick < to && w->tick < TICK_MAX)
		advance(w, to < TICK_MAX ? to : TICK_MAX);
	/* Of the tick that has just begun some may be still to come. */
	for (i = w->v[DUE].next; i != DUE && w->v[i].at > now; i = w->v[i].next)
		;
	if (i == DUE)
		return false;
	*id = w->v[i].id;
	unlink_entry(w, i, -1);
	forget(w, i);
	return true;
}

static int64_t first_of_due(const struct wheel *w)
{
	int64_t at = INT64_MAX;

	for (uint32_t i = w->v[DUE].next; i != DUE; i = w->v[i].next)
		if (w->v[i].at < at)
			at = w->v[i].at;
	return at;
}

int64_t wheel_next(const struct wheel *w)
{
	if (w->v[DUE].next != DUE)
		return first_of_due(w);
	for (int level = 0; level < LEVELS; level++) {
		unsigned slot = byte_of(w->tick, level);
		uint64_t low = (UINT64_C(1) << (8 * (level + 1))) - 1;

		if (w->level_count[level] == 0)
			continue;
		while (++slot < SLOTS) {
			uint32_t head = (uint32_t)level * SLOTS + slot;

			if (w->v[head].next != head)
				return (int64_t)(((w->tick & ~low) |
				                  (uint64_t)slot << (8 * level))
				                 << TICK_BITS);
		}
	}
	need(w->count == 0);
	return -1;
}

int64_t wheel_first_due(const struct wheel *w)
{
	uint32_t i = w->v[DUE].next;

	return i == DUE ? -1 : w->v[i].at;
}

uint64_t wheel_due_count(const struct wheel *w)
{
	uint64_t n = w->count;

	for (size_t level = 0; level < LEVELS; level++)
		n -= w->level_count[level];
	return n;
}

uint64_t wheel_count(const struct wheel *w)
{
	return w->count;
}
