/*
 * What each role gives up before it reads a byte from outside: its user, most system
 * calls (seccomp), the file system but for a few paths (landlock), and resources.
 *
 *	const struct sandbox_path paths[] = {
 *		{SANDBOX_TREE, "/var/lib/signet/keys/pool"},
 *		{SANDBOX_TREE, "/var/lib/signet/keys/dkim"},
 *	};
 *	if (!sandbox_enter(ROLE_KEYS, paths, LEN(paths), uid, &err)) …
 *
 * What a role may do is a row of one table (sandbox.c). A descriptor that is open stays
 * usable; paths count for what is opened later. Landlock grants by tree and cannot take
 * a folder out of a tree that was granted, so whoever may not see DIR/keys must not be
 * granted DIR: core opens its database first and then names the files (SANDBOX_FILE),
 * the write-ahead log and its index too.
 *
 * An unknown system call fails with EPERM and does not kill: a new libc that tries a new
 * call must degrade, not take the service down at its first upgrade. Calls that no honest
 * line of ours makes (execve, ptrace, mount …) do kill the process, since something has
 * gone wrong for good; acme alone may execute what its paths name as SANDBOX_EXECUTE, and
 * what it starts is in the same sandbox. Where the kernel has no landlock the role goes on without it and
 * sandbox_enter() says so.
 *
 * All threads must be made afterwards.
 */
#pragma once

#include "base/err.h"
#include "base/roles.h"

enum sandbox_access {
	SANDBOX_READ,    /* read a file, or a folder and all below */
	SANDBOX_FILE,    /* read and write this one file, which exists */
	SANDBOX_TREE,    /* all in this folder: read, write, make, rename, remove */
	SANDBOX_EXECUTE, /* read and execute this file, or what is in this folder */
};

struct sandbox_path {
	enum sandbox_access access;
	const char *path; /* one that does not exist is left out */
};

enum { SANDBOX_KEEP_USER = -1 };

/* What came of it, for the log. */
struct sandbox_state {
	int landlock; /* the version of the kernel's interface; 0: there is none */
	bool seccomp;
	int64_t uid; /* as whom the process runs now */
};

/*
 * `uid` (with the group `gid`) is who to become, where started as root;
 * SANDBOX_KEEP_USER keeps. There is no way back. Fails where a part cannot be put on,
 * and then the role must end.
 */
NODISCARD bool sandbox_enter(enum role role, const struct sandbox_path *paths, size_t n,
                             int64_t uid, int64_t gid, struct sandbox_state *state,
                             struct err *err);

/* "signet", "0", "" (keep): what the option user.ROLE says. */
NODISCARD bool sandbox_find_user(const char *name, int64_t *uid, int64_t *gid,
                                 struct err *err);
