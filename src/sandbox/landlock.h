/*
 * Landlock: which paths a process may still open (Linux, Documentation/userspace-api/
 * landlock.rst). By raw system calls, since libc has none, and with constants of our own
 * for what is newer than the headers we build with.
 */
#pragma once

#include "sandbox/sandbox.h"

/*
 * Leaves these paths alone and forbids all others; without `may_create_sockets` also TCP,
 * and always signals and abstract sockets beyond the sandbox, as far as the kernel knows
 * how. *version is that of its interface, 0 where there is none that can rename between
 * two folders (before Linux 5.19): then nothing is done.
 */
NODISCARD bool landlock_enter(const struct sandbox_path *paths, size_t n,
                              bool may_create_sockets, int *version, struct err *err);
