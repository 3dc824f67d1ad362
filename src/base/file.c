#include "base/file.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool fail(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "%s: %s", what, strerror(errno));
}

/* What was read, without a copy; a NUL stands behind it. */
static struct str take_text(struct arena *a, struct buf *all)
{
	struct str text;

	all->max++;
	buf_add_char(all, 0);
	text = (struct str){all->p, all->n - 1};
	arena_take(a, all->p, all->n);
	*all = (struct buf){0};
	return text;
}

bool file_read_fd(struct arena *a, int fd, const char *what, size_t max,
                  struct str *out, struct err *err)
{
	AUTO(buf) all = {.max = max};
	char piece[64 * 1024];

	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err, what);
		if (got == 0)
			break;
		buf_add(&all, (struct str){piece, (size_t)got});
		if (all.overflowed)
			return err_set(err, ERR_INPUT, "%s: larger than %zu bytes",
			               what, max);
	}
	*out = take_text(a, &all);
	return true;
}

bool file_read(struct arena *a, const char *path, size_t max, struct str *out,
               struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, path);
	return file_read_fd(a, fd, path, max, out, err);
}

bool file_put(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t put = write(fd, bytes.p, bytes.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = str_from(bytes, (size_t)put);
	}
	return fsync(fd) == 0;
}

bool file_write(const char *path, struct str bytes, unsigned mode, struct err *err)
{
	char temporary[PATH_MAX];
	AUTO_FD int fd = -1;
	int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return err_set(err, ERR_INPUT, "%s: path too long", path);
	fd = mkstemp(temporary);
	if (fd < 0)
		return fail(err, path);
	if (fchmod(fd, mode) != 0 || !file_put(fd, bytes) ||
	    rename(temporary, path) != 0) {
		fail(err, path);
		unlink(temporary);
		return false;
	}
	return true;
}
