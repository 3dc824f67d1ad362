/*
 * The one clock. Time is int64_t milliseconds UTC since 1970 and, outside the roles, an
 * argument called `now`. A test or `--now` replaces the clock by a fixed time.
 */
#pragma once

#include "base/arena.h"

#include <stdint.h>
#include <time.h>

/* Wall-clock time, or the fixed one. */
int64_t clock_now(void);
/* Monotonic milliseconds for intervals; never replaced. */
int64_t clock_monotonic_ms(void);
/* The same in microseconds, to measure with. */
int64_t clock_monotonic_us(void);
/* The same to some 4 ms, for a fifth of the cost: deadlines of very many things. */
int64_t clock_coarse_ms(void);
/* CPU time this process has used, user and system, in microseconds. */
int64_t clock_cpu_us(void);
/* Fixes the wall clock at `now`; a negative value gives the real one back. */
void clock_set(int64_t now);
/* The parts of a time, in UTC. */
struct tm clock_calendar(int64_t at);
/* Moves the wall clock on by `ms`, for tests of what takes hours. */
void clock_shift(int64_t ms);
/* Whether the kernel is told how far its clock is off, by a time service. */
enum clock_sync { CLOCK_SYNC_UNKNOWN, CLOCK_UNSYNCED, CLOCK_SYNCED };
enum clock_sync clock_sync(void);
/* No clock that is right is before this: 2026-01-01. */
#define CLOCK_RIGHT_AFTER INT64_C(1767225600000)
/* RFC 3339 in UTC with seconds: 2026-11-21T02:30:00Z. */
struct str clock_format(struct arena *a, int64_t at);
/* Reads what clock_format() writes, and nothing else: years from 1970 to 9999. */
NODISCARD bool clock_parse(struct str text, int64_t *out);
