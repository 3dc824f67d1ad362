#include "journal/folder.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_number(const void *left, const void *right)
{
	uint64_t x, y;

	memcpy(&x, left, sizeof(x));
	memcpy(&y, right, sizeof(y));
	return x < y ? -1 : x > y;
}

static bool is_ours(struct str name)
{
	return str_eq(name, STR(".")) || str_eq(name, STR("..")) ||
	       str_eq(name, STR(JOURNAL_STATE_NAME)) ||
	       str_eq(name, STR(JOURNAL_NEW_NAME)) ||
	       str_eq(name, STR(JOURNAL_SPARE_NAME));
}

bool journal_folder_list(int folder, struct arena *a, struct journal_segments *out)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t first;

	*out = (struct journal_segments){0};
	if (!dir) {
		file_close(&fd);
		return false;
	}
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		struct str name = str_c(entry->d_name);

		if (journal_name_parse(name, &first))
			*ARRAY_ADD(out, a) = first;
		else if (!is_ours(name))
			out->foreign++;
	}
	fd = errno;
	closedir(dir);
	errno = fd;
	if (errno)
		return false;
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_number);
	return true;
}

uint64_t journal_segments_next(const struct journal_segments *segments, uint64_t first)
{
	for (size_t i = segments->n; i > 0; i--)
		if (segments->v[i - 1] <= first)
			return i < segments->n ? segments->v[i] : JOURNAL_SEQUENCE_END;
	return segments->n ? segments->v[0] : JOURNAL_SEQUENCE_END;
}

uint64_t journal_segments_find(const struct journal_segments *segments,
                               uint64_t sequence)
{
	for (size_t i = segments->n; i > 0; i--)
		if (segments->v[i - 1] <= sequence)
			return segments->v[i - 1];
	return segments->n ? segments->v[0] : 0;
}

int journal_segment_open(const struct journal_io *io, int folder, uint64_t first,
                         uint64_t id, struct journal_header *header)
{
	char name[JOURNAL_NAME_LEN + 1];
	char bytes[JOURNAL_HEADER_LEN];
	ssize_t got;
	int fd, failed;

	journal_name_format(first, name);
	/* A pipe or a device of that name must not hold anybody up. */
	fd = io->open(folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd < 0)
		return errno == ELOOP ? JOURNAL_BAD_HEADER : JOURNAL_NO_FILE;
	got = io->read(fd, bytes, sizeof(bytes), 0);
	if (got == JOURNAL_HEADER_LEN && journal_header_decode(bytes, header) &&
	    header->first == first && (!id || header->folder == id))
		return fd;
	failed = errno;
	file_close(&fd);
	errno = failed;
	return got < 0 && failed == EIO ? JOURNAL_NO_FILE : JOURNAL_BAD_HEADER;
}

enum journal_state_read journal_state_read(const struct journal_io *io, int fd,
                                           uint64_t *id, uint64_t *mark)
{
	char bytes[JOURNAL_STATE_LEN];
	ssize_t got = io->read(fd, bytes, sizeof(bytes), 0);

	if (got < 0)
		return JOURNAL_STATE_FAILED;
	return got == JOURNAL_STATE_LEN && journal_state_decode(bytes, id, mark)
	               ? JOURNAL_STATE_OK
	               : JOURNAL_STATE_NONE;
}
