/*
 * A program that is run to its end: started without a shell, its output kept, its time
 * limited. It ends with this process, whatever happens.
 *
 *	const char *const words[] = {"/usr/bin/uacme", "-v", NULL};
 *	program = program_start(base, words, 60000, on_ended, me, &err);
 *
 * Of a long output the end is kept, which is where programs say why they failed. A program
 * that overruns its time is killed with the processes that it has started itself.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct event_base;
struct program;

enum { PROGRAM_OUTPUT_MAX = 64 * 1024 };

struct program_end {
	bool is_late;      /* killed at its deadline */
	int status;        /* of exit; -1: ended by a signal */
	struct str output; /* both streams; lent until the handler returns */
};

typedef void program_done_fn(void *arg, const struct program_end *end);

/* words[0] is the path. NULL fills the error; else `done` is called once, from the loop. */
struct program *program_start(struct event_base *base, const char *const *words,
                              int64_t most_ms, program_done_fn *done, void *arg,
                              struct err *err);
/* Kills it; done() is not called. NULL is allowed. */
void program_kill(struct program *p);

typedef bool program_wanted_fn(void *arg);
/* Without a loop: returns when it has ended. It is killed, too, when it is not wanted,
 * which is asked ten times a second. `a` keeps the output. */
NODISCARD bool program_run(struct arena *a, const char *const *words, int64_t most_ms,
                           program_wanted_fn *is_wanted, void *arg,
                           struct program_end *end, struct err *err);
