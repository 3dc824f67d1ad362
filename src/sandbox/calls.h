/*
 * The system calls a process may still make, in groups: seccomp through libseccomp. The
 * header of sandbox.h says why an unknown call fails and does not kill.
 */
#pragma once

#include "base/err.h"

enum {
	CALLS_BASE = 1,     /* memory, time, the loop, descriptors that are open */
	CALLS_THREADS = 2,  /* new threads, never processes */
	CALLS_READ = 4,     /* open and look at files */
	CALLS_WRITE = 8,    /* make, change, rename, remove, sync files */
	CALLS_ACCEPT = 16,  /* serve sockets that listen already */
	CALLS_SOCKETS = 32, /* make sockets and connect them */
	CALLS_EXECUTE = 64, /* start programs and wait for them, all that those call */
};

/* For this process and its threads, for good. */
NODISCARD bool calls_limit(unsigned groups, struct err *err);
