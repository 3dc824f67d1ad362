/*
 * Every call by which the journal touches the disk, in one table, so that a test can make
 * the n-th of them fail in whatever way a disk does. Each is its system call: the result
 * and errno of that.
 */
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

struct journal_io {
	int (*open)(int folder, const char *name, int flags, mode_t mode);
	ssize_t (*read)(int fd, void *p, size_t n, off_t at);
	ssize_t (*write)(int fd, const struct iovec *parts, int n, off_t at);
	int (*sync)(int fd); /* fdatasync() */
	/* sync_file_range(): begins to write that part, and waits for nothing. */
	int (*push)(int fd, off_t at, off_t n);
	int (*sync_folder)(int fd); /* fsync() */
	int (*rename)(int folder, const char *from, const char *to);
	int (*truncate)(int fd, off_t n);
	int (*remove)(int folder, const char *name);
};

/* The system's own. */
extern const struct journal_io journal_io_system;
