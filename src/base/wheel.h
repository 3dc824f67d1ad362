/*
 * A timing wheel: what is due next of very many things that each have one time, at a cost
 * per change that does not grow with their number. The core keeps a million domains in it
 * (32 MB; twice that for a moment while it grows).
 *
 *	struct wheel *w = wheel_new(clock_now());
 *	wheel_set(w, domain_id, next_check_at);		(adds or moves)
 *	while (wheel_take_due(w, clock_now(), &id))
 *		check(id);				(it is out of the wheel)
 *	wait_until(wheel_next(w));
 *
 * Time goes in ticks of 128 ms: entries are taken at their time and not before, in the order
 * of ticks. Five wheels of 256 slots, one for each byte of the
 * number of ticks: an entry is in the wheel of the highest byte in which its tick differs
 * from the present one, and moves down when that byte comes. Time may jump by any amount.
 */
#pragma once

#include "base/need.h"

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_TICK_MS = 128 };

struct wheel;

/* `now` is where its time begins; earlier entries are due at once. Times in ms, from 0. */
struct wheel *wheel_new(int64_t now);
/* NULL is allowed. */
void wheel_free(struct wheel *w);

/* Adds an entry (id above 0), or gives it another time. */
void wheel_set(struct wheel *w, int64_t id, int64_t at);
/* False where there was none. */
bool wheel_remove(struct wheel *w, int64_t id);
/* Its time, or -1 where there is no such entry. */
int64_t wheel_find(const struct wheel *w, int64_t id);
/* Takes one that is due out of the wheel; false where none is. Where `now` has gone back,
 * the wheel stays where it was. */
bool wheel_take_due(struct wheel *w, int64_t now, int64_t *id);
/* When to look again: no later than the first entry can be taken, and later than the
 * `now` of the last look unless one can be taken already; -1 where it is empty. */
int64_t wheel_next(const struct wheel *w);
/* The time of the first entry of the ticks that have begun, or -1: how late it is. */
int64_t wheel_first_due(const struct wheel *w);
/* How many are in the ticks that had begun at the last look. */
uint64_t wheel_due_count(const struct wheel *w);
uint64_t wheel_count(const struct wheel *w);
