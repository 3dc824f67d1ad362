/*
 * A run of uacme for one host that outlives this process: a certificate that the authority
 * has issued is not lost, and not ordered a second time, because acme was killed.
 *
 *	run = run_start(base, host, directory, words, 300000, on_ended, me, &err);
 *	…	acme is killed, and started again
 *	run = run_find(base, host, on_ended, me);	(NULL: none is going on)
 *	if (run_read(&a, host, &end)) …			(how the one that was ended)
 *	run_forget(host);				(it is known where it has to be)
 *
 * A process of its own starts uacme, keeps its time, takes its output, and ends with it;
 * uacme ends with that process, whatever happens. Its file, runs/HOST, is three things:
 *  - locked (flock) by that process as long as it lives, so there is one at a time of a
 *    host, and whoever comes later sees its end without being its parent, even by kill -9;
 *  - where it writes how it ended: the directory and "STATUS LATE TIME", a line each, then
 *    the end of the output. Written at once; where that is missing it was killed;
 *  - its order to go on: once the file is removed it kills uacme and ends. A signal would
 *    not do, since the kernel lets no acme signal what another acme has started (landlock).
 *
 * All paths are relative: the working folder of the process is data_dir/acme.
 */
#pragma once

#include "acme/program.h"

struct event_base;
struct run;

struct run_end {
	bool is_known;            /* else it was killed and has said nothing */
	struct program_end uacme; /* unknown: -1 and no output */
	struct str directory;     /* of the authority; may be empty where unknown */
	int64_t ended_at;         /* ms UTC */
};

/* The end is lent. */
typedef void run_done_fn(void *arg, const struct run_end *end);

/* As program_start(); an end that lay there is forgotten. */
struct run *run_start(struct event_base *base, struct str host, struct str directory,
                      const char *const *words, int64_t most_ms, run_done_fn *done,
                      void *arg, struct err *err);
/* The run of this host that is going on, whoever has started it; NULL: there is none. */
struct run *run_find(struct event_base *base, struct str host, run_done_fn *done,
                     void *arg);
/* How the last one ended; false where that is not known, or forgotten. */
bool run_read(struct arena *a, struct str host, struct run_end *end);
/* Removes what lies there; a run that is going on would end. */
void run_forget(struct str host);
/* Watches it no more; it goes on. NULL is allowed. */
void run_free(struct run *r);
/* Ends all that are going on, and waits for that. What has ended stays. */
void runs_stop(void);
