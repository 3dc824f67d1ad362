#include "journal/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int io_open(int folder, const char *name, int flags, mode_t mode)
{
	return openat(folder, name, flags | O_CLOEXEC, mode);
}

static int io_push(int fd, off_t at, off_t n)
{
	return sync_file_range(fd, at, n, SYNC_FILE_RANGE_WRITE);
}

static int io_rename(int folder, const char *from, const char *to)
{
	return renameat(folder, from, folder, to);
}

static int io_remove(int folder, const char *name)
{
	return unlinkat(folder, name, 0);
}

const struct journal_io journal_io_system = {
        .open = io_open,
        .read = pread,
        .write = pwritev,
        .sync = fdatasync,
        .push = io_push,
        .sync_folder = fsync,
        .rename = io_rename,
        .truncate = ftruncate,
        .remove = io_remove,
};
