/*
 * Whole files and standard input, bounded. A file that is written appears complete or
 * not at all (temporary name in the same folder, fsync, rename).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Closes at the end of the scope: AUTO_FD int fd = open(…); */
#define AUTO_FD __attribute__((cleanup(file_close)))
void file_close(int *fd);

/* The bytes of a file, at most `max` (more is an error of kind ERR_INPUT). */
NODISCARD bool file_read(struct arena *a, const char *path, size_t max, struct str *out,
                         struct err *err);
/* All that comes from an open descriptor; `what` names it in errors. */
NODISCARD bool file_read_fd(struct arena *a, int fd, const char *what, size_t max,
                            struct str *out, struct err *err);
/* Writes atomically with this mode (0600 for secrets), replacing an older file. */
NODISCARD bool file_write(const char *path, struct str bytes, unsigned mode,
                          struct err *err);
/* All of the bytes, on the disk when it returns true; else errno says why. */
NODISCARD bool file_put(int fd, struct str bytes);
