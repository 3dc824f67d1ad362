#include "journal/recover.h"

#include "base/file.h"
#include "base/random.h"
#include "journal/scan.h"

#include <errno.h>
#include <fcntl.h>

bool journal_write_all(const struct journal_io *io, int fd, const struct iovec *parts,
                       int n, uint64_t at)
{
	size_t all = 0;
	ssize_t put;

	for (int i = 0; i < n; i++)
		all += parts[i].iov_len;
	do
		put = io->write(fd, parts, n, (off_t)at);
	while (put < 0 && errno == EINTR);
	if (put >= 0 && (size_t)put != all)
		errno = ENOSPC;
	return put >= 0 && (size_t)put == all;
}

static bool read_state(const struct journal_io *io, int folder,
                       struct journal_recovery *out, const char **call)
{
	AUTO_FD int fd = io->open(folder, JOURNAL_STATE_NAME,
	                          O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	enum journal_state_read got;

	*call = "open";
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP;
	*call = "read";
	got = journal_state_read(io, fd, &out->folder, &out->mark);
	out->has_state = got == JOURNAL_STATE_OK;
	if (!out->has_state)
		out->folder = out->mark = 0;
	return got != JOURNAL_STATE_FAILED;
}

/* Goes over the newest segment: what is durable, what is behind. */
static bool look_through(const struct journal_io *io, int fd, struct arena *a,
                         struct journal_recovery *out)
{
	struct journal_scan scan = {0};
	enum journal_scan_result got;
	struct journal_record record;
	uint64_t low = out->newest;

	journal_scan_init(&scan, io, fd, journal_seed(out->folder), JOURNAL_HEADER_LEN,
	                  a);
	out->cut_at = JOURNAL_HEADER_LEN;
	while ((got = journal_scan_next(&scan, low, JOURNAL_SEQUENCE_END - 2,
	                                &record)) == JOURNAL_SCAN_RECORD) {
		low = record.sequence + 1;
		if (record.sequence <= out->mark) {
			out->cut_at = scan.offset;
		} else {
			out->carried++;
			out->torn_bytes += scan.skipped;
		}
	}
	out->torn_bytes += scan.skipped;
	if (out->next < low)
		out->next = low;
	return got == JOURNAL_SCAN_END;
}

static bool recover_newest(const struct journal_io *io, int folder, struct arena *a,
                           struct journal_recovery *out, const char **call)
{
	struct journal_header header;
	int fd = journal_segment_open(io, folder, out->newest, out->folder, &header);
	bool ok;
	int failed;

	*call = "open";
	if (fd == JOURNAL_NO_FILE)
		return false;
	out->is_newest_bad = fd == JOURNAL_BAD_HEADER;
	if (out->is_newest_bad)
		return true;
	out->folder = header.folder;
	*call = "read";
	ok = look_through(io, fd, a, out);
	failed = errno;
	file_close(&fd);
	errno = failed;
	return ok;
}

/* Where state and newest segment say nothing of the folder, an older one does. */
static void find_id(const struct journal_io *io, int folder,
                    const struct journal_segments *segments,
                    struct journal_recovery *out)
{
	struct journal_header header;

	for (size_t i = segments->n; i > 0 && !out->folder; i--) {
		int fd = journal_segment_open(io, folder, segments->v[i - 1], 0,
		                              &header);

		if (fd < 0)
			continue;
		out->folder = header.folder;
		file_close(&fd);
	}
	while (!out->folder)
		random_bytes(&out->folder, sizeof(out->folder));
}

bool journal_recover(const struct journal_io *io, int folder, struct arena *a,
                     struct journal_recovery *out, const char **call)
{
	struct journal_segments segments;

	*out = (struct journal_recovery){0};
	if (!read_state(io, folder, out, call))
		return false;
	*call = "readdir";
	if (!journal_folder_list(folder, a, &segments))
		return false;
	if (segments.n) {
		out->newest = segments.v[segments.n - 1];
		if (out->mark < out->newest - 1)
			out->mark = out->newest - 1;
	}
	out->next = out->mark + 1;
	if (segments.n && !recover_newest(io, folder, a, out, call))
		return false;
	find_id(io, folder, &segments, out);
	return true;
}

static bool carry_one(const struct journal_io *io, uint32_t seed, int fd,
                      const struct journal_record *record, uint64_t *offset)
{
	char head[JOURNAL_HEAD_LEN];
	const struct iovec parts[] = {
	        {head,	                       sizeof(head)   },
	        {(void *)(uintptr_t)record->bytes.p, record->bytes.n}
        };

	journal_head_encode(seed, record->sequence, record->bytes, head);
	if (!journal_write_all(io, fd, parts, LEN(parts), *offset))
		return false;
	*offset += sizeof(head) + record->bytes.n;
	return true;
}

bool journal_carry(const struct journal_io *io, int folder, struct arena *a,
                   const struct journal_recovery *recovery, int fd, uint64_t *offset,
                   uint64_t *last, const char **call)
{
	struct journal_scan scan = {0};
	enum journal_scan_result got;
	struct journal_record record;
	struct journal_header header;
	uint64_t low = recovery->newest;
	uint32_t seed = journal_seed(recovery->folder);
	AUTO_FD int from = journal_segment_open(io, folder, recovery->newest,
	                                        recovery->folder, &header);

	*call = "open";
	if (from < 0)
		return false;
	journal_scan_init(&scan, io, from, seed, JOURNAL_HEADER_LEN, a);
	while ((got = journal_scan_next(&scan, low, JOURNAL_SEQUENCE_END - 2,
	                                &record)) == JOURNAL_SCAN_RECORD) {
		low = record.sequence + 1;
		if (record.sequence <= recovery->mark)
			continue;
		*call = "write";
		if (!carry_one(io, seed, fd, &record, offset))
			return false;
		*last = record.sequence;
	}
	*call = "read";
	return got == JOURNAL_SCAN_END;
}
