/*
 * `signet serve`: the parent. It reads the configuration, binds the listening sockets,
 * starts the roles as processes of the same binary (`signet role NAME`), gives each its
 * options and descriptors over its control socket, and starts again what ends. It parses
 * nothing that comes from outside.
 *
 *	struct parent_setup setup = {.configure = read_config, .arg = cli};
 *	if (!parent_run(&setup, &err)) …
 *
 * A role that ends is started again after 50 ms, twice as long each time up to a second,
 * and from 50 ms again once it has lived for ten seconds. Listening sockets stay open
 * meanwhile, so clients wait and are not refused. A role that answers no ping for half a
 * minute is killed. One that cannot be started at all at first ends the server, with the
 * reason.
 *
 * SIGHUP reads the configuration again and tells the roles; addresses and users stay as
 * they were; the token keys are read again too. SIGTERM and SIGINT drain: first edge and
 * gate, then core, then keys and acme; a role that dies before its turn is still started
 * again, since those before it may wait for its answers. A second signal kills. When the
 * parent dies its roles die with it.
 */
#pragma once

#include "config/config.h"

struct parent_setup {
	/* Reads and checks the configuration, at the start and at each SIGHUP. */
	bool (*configure)(void *arg, struct arena *a, struct config *out,
	                  struct err *err);
	void *arg;
};

/* Returns after a drain; false where the server could not be started. */
NODISCARD bool parent_run(const struct parent_setup *setup, struct err *err);
