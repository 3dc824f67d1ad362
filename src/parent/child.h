/*
 * One role as a process: started, watched, ended. It knows its own channel and times; who
 * its peers are and what happens at its end is the parent's (struct child_events).
 */
#pragma once

#include "ipc/channel.h"

#include <sys/types.h>

struct event_base;
struct event;
struct child;

struct child_events {
	void (*changed)(void *arg, struct child *c); /* its state */
	void (*start)(void *arg, struct child *c);   /* the back-off is over */
	/* It cannot start and says why. */
	void (*failed)(void *arg, struct child *c, struct str why);
	void *arg;
};

struct child {
	enum role role;
	unsigned instance, instances; /* which process of the role, of how many */
	char name
	        [ROLE_PROCESS_NAME_BYTES]; /* "keys"; "edge.1" where there are several */
	struct event_base *base;
	struct child_events events;
	enum ipc_role_state state;
	int64_t since; /* of the state, ms UTC */
	uint64_t starts;
	pid_t pid;               /* 0: none */
	struct channel *control; /* NULL: none */
	struct event *again;     /* the back-off */
	int64_t backoff_ms;
	int64_t started_at, pinged_at; /* monotonic; pinged_at 0: no answer is due */
	bool was_up;                   /* at least once */
	bool is_draining;
};

void child_init(struct child *c, enum role role, unsigned instance, unsigned instances,
                struct event_base *base, const struct child_events *events);
/* Starts the process; its start-up messages are the caller's to send. */
NODISCARD bool child_start(struct child *c, struct err *err);
bool child_is_running(const struct child *c);
void child_send(struct child *c, enum ipc_type type, struct str body, int fd);
/* Once a second: asks whether it is alive, kills it where it has not answered long. */
void child_ping(struct child *c);
/* After SIGCHLD: whether it has ended. Then, unless it drains, it is started again. */
bool child_reap(struct child *c);
/* Asks it to drain; one that is not up yet is killed. It is not started again. */
void child_drain(struct child *c);
void child_kill(struct child *c);
/* Kills it for good: it is not started again. */
void child_end(struct child *c);
void child_done(struct child *c);
