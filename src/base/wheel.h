/*
 * A timing wheel: what is due next of very many things that each have one time, at a cost
 * per change that does not grow with their number. The core keeps a million domains in it
 * (48 MB at most).
 *
 *	struct wheel *w = wheel_new(clock_now());
 *	wheel_set(w, domain_id, next_check_at);		(adds or moves)
 *	while (wheel_take_due(w, clock_now(), &id, &at))
 *		check(id);				(it is out of the wheel)
 *	wait_until(wheel_next(w));
 *
 * Four wheels of 256 slots: of a second, 256 s, 18 h and 194 days each; what is further
 * away waits in the last. Entries are in ticks of a second inside, but never taken before
 * their `at`, and those that are taken at once come in the order of their seconds, not
 * within one. Time may jump by any amount.
 */
#pragma once

#include "base/need.h"

#include <stdbool.h>
#include <stdint.h>

struct wheel;

/* `now` is where its time begins; earlier entries are due at once. Times in ms. */
struct wheel *wheel_new(int64_t now);
/* NULL is allowed. */
void wheel_free(struct wheel *w);

/* Adds an entry (id above 0), or gives it another time. */
void wheel_set(struct wheel *w, int64_t id, int64_t at);
/* False where there was none. */
bool wheel_remove(struct wheel *w, int64_t id);
/* Its time, or -1 where there is no such entry. */
int64_t wheel_find(const struct wheel *w, int64_t id);
/* Takes one that is due out of the wheel; false where none is. `now` does not go back. */
bool wheel_take_due(struct wheel *w, int64_t now, int64_t *id, int64_t *at);
/* A time that is no later than the first entry's and, unless that is less than a second
 * after it, not yet past; -1 where it is empty. Looking again then costs little. */
int64_t wheel_next(const struct wheel *w);
uint64_t wheel_count(const struct wheel *w);
