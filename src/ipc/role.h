/*
 * What every role does at its start and end: it reads its options and descriptors from
 * its parent, says when it is ready, answers pings, drains.
 *
 *	int core_main(int control_fd)
 *	{
 *		struct role_run r;
 *
 *		if (!role_start(control_fd, ROLE_CORE, &r, &err))
 *			return role_fail(&r, &err);
 *		… parse r.config, open files, make the loop, enter the sandbox …
 *		role_attach(&r, base, &(struct role_handlers){.drain = on_drain, …});
 *		event_base_dispatch(base);
 *		return role_end(&r);
 *	}
 *
 * Whatever fails before role_attach() goes to role_fail(), which tells the parent why;
 * its result is the exit status. When the parent dies, so does the role: its loop is
 * broken and `drain` is not called.
 *
 * Signals that a terminal or a service manager sends to all processes (INT, TERM, HUP)
 * are ignored: the parent gets them too and says what to do.
 */
#pragma once

#include "crypto/secret.h"
#include "ipc/channel.h"

enum {
	ROLE_LISTENERS_MAX = 64, /* of one process */
	ROLE_PEERS_MAX = ROLE_PROCESSES_MAX,
};

struct role_listener {
	struct str name;    /* the option: "api.listen", "edge.listen" … */
	struct str address; /* as configured: "127.0.0.1:8025" */
	int fd;             /* listening, non-blocking; whoever takes it sets -1 */
};

struct role_peer {
	enum role role;
	unsigned instance;
	int fd; /* one end of a socketpair; whoever takes it sets -1 */
};

/* What the parent says of another role (core is told). */
struct role_state {
	enum role role;
	unsigned instance;
	enum ipc_role_state state;
	int64_t pid;
	uint64_t starts;
	int64_t since; /* ms UTC */
};

struct role_handlers {
	/* This process of `peer` was started anew; the handler takes the descriptor. */
	void (*peer)(void *arg, enum role peer, unsigned instance, int fd);
	void (*reload)(void *arg, struct str config);
	/* The file of the token keys has changed (edge, gate); the text is lent. */
	void (*token_keys)(void *arg, struct str text);
	/* Accept no more, finish, then leave the loop; the parent kills after a while. */
	void (*drain)(void *arg);
	void (*state)(void *arg, const struct role_state *state);
	void *arg; /* any handler may be NULL */
};

struct role_run {
	struct arena a; /* of what stands here */
	enum role self;
	unsigned instance,
	        instances; /* which process of the role this is, of how many */
	char name[ROLE_PROCESS_NAME_BYTES]; /* "core", "edge.1": its own, in the log */
	struct str config;                  /* "name=value" lines */
	struct role_listener listeners[ROLE_LISTENERS_MAX];
	size_t listener_count;
	struct role_peer peers[ROLE_PEERS_MAX]; /* those there were at the start */
	size_t peer_count;
	struct secret grant_secret; /* of core and keys; else empty */
	struct secret token_keys;   /* of edge and gate: the text of the file */
	int64_t uid, gid;           /* for sandbox_enter() */
	struct channel *control;
	struct event_base *base;
	struct role_handlers handlers;
	bool is_draining;
};

/* Reads from the parent until it has said all; also opens the log for this role. */
NODISCARD bool role_start(int control_fd, enum role self, struct role_run *r,
                          struct err *err);
/* Says READY and from now on serves the parent on this loop. */
void role_attach(struct role_run *r, struct event_base *base,
                 const struct role_handlers *handlers);
/* Logs the reason and tells the parent; gives the exit status. */
int role_fail(struct role_run *r, const struct err *err);
/* After the loop: releases all and gives the exit status. */
int role_end(struct role_run *r);

/* Takes the socket to that process that came with the start, or -1. */
int role_take_peer(struct role_run *r, enum role peer, unsigned instance);
