#include "journal/writer_internal.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool sync_and_name(struct journal_writer *w, int fd, const char *from,
                          const char *name)
{
	const struct journal_io *io = w->options.io;

	w->t.call = "fdatasync";
	if (io->sync(fd) != 0)
		return false;
	w->t.call = "rename";
	return io->rename(w->t.folder, from, name) == 0;
}

static bool write_state(struct journal_writer *w, int fd)
{
	char bytes[JOURNAL_STATE_LEN];
	const struct iovec part = {bytes, sizeof(bytes)};

	journal_state_encode(w->t.recovery.folder, w->t.durable, bytes);
	w->t.call = "write";
	return journal_write_all(w->options.io, fd, &part, 1, 0);
}

/* Opens the file, or makes one where there is none that is sound. The folder is synced
 * before anything counts as durable, with the entry of the first segment. */
static bool open_state(struct journal_writer *w)
{
	const struct journal_io *io = w->options.io;
	struct journal_thread *t = &w->t;
	struct stat st;
	int fd;

	if (t->state >= 0 && fstat(t->state, &st) == 0 && st.st_nlink > 0)
		return true;
	if (t->state >= 0) /* somebody removed it: readers must find one */
		t->recovery.has_state = false;
	file_close(&t->state);
	t->call = "open";
	if (t->recovery.has_state) {
		t->state =
		        io->open(t->folder, JOURNAL_STATE_NAME, O_RDWR | O_NOFOLLOW, 0);
		if (t->state >= 0 || errno != ENOENT)
			return t->state >= 0;
	}
	fd = io->open(t->folder, JOURNAL_NEW_NAME, JOURNAL_NEW_FLAGS, JOURNAL_MODE);
	if (fd < 0)
		return false;
	if (!write_state(w, fd) ||
	    !sync_and_name(w, fd, JOURNAL_NEW_NAME, JOURNAL_STATE_NAME)) {
		file_close(&fd);
		return false;
	}
	t->state = fd;
	return true;
}

void journal_mark(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	const char *call = t->call;

	if (!t->is_state_old)
		return;
	/* A mark that cannot be written loses nothing: the reader waits for it, and the
	 * next writer finds the records behind it. */
	if (t->state >= 0 && write_state(w, t->state))
		t->is_state_old = false;
	t->mark_at = clock_monotonic_ms() +
	             (t->is_state_old ? w->options.retry_ms : w->options.mark_ms);
	t->call = call;
}

static bool write_header(struct journal_writer *w, int fd, uint64_t first)
{
	char bytes[JOURNAL_HEADER_LEN];
	const struct iovec part = {bytes, sizeof(bytes)};
	const struct journal_header header = {w->t.recovery.folder, first, clock_now()};

	journal_header_encode(&header, bytes);
	w->t.call = "write";
	return journal_write_all(w->options.io, fd, &part, 1, 0);
}

/* A file of that name whose header is not sound is kept for whoever wants to look. */
static bool put_aside(struct journal_writer *w, const char *name)
{
	char aside[JOURNAL_NAME_LEN + 16];

	snprintf(aside, sizeof(aside), "%s.damaged", name);
	w->t.call = "rename";
	return w->options.io->rename(w->t.folder, name, aside) == 0 || errno == ENOENT;
}

/* The end of what an earlier writer left, where it is a cut record, zeros, or carried.
 * Anything else stays: it is superseded and harms nobody. */
static void cut_newest(struct journal_writer *w)
{
	const struct journal_recovery *r = &w->t.recovery;
	char name[JOURNAL_NAME_LEN + 1];
	int fd;

	if (!r->newest || !r->cut_at || r->torn_bytes || r->newest == w->t.segment)
		return;
	journal_name_format(r->newest, name);
	fd = w->options.io->open(w->t.folder, name, O_RDWR | O_NOFOLLOW, 0);
	if (fd < 0)
		return;
	(void)!w->options.io->truncate(fd, (off_t)r->cut_at);
	file_close(&fd);
}

/* The new file is whole, on disk and in its folder; now it counts. */
static void take_segment(struct journal_writer *w, int fd, uint64_t first,
                         uint64_t offset, uint64_t zeros_to, uint64_t last)
{
	struct journal_thread *t = &w->t;

	t->fd = fd;
	t->segment = first;
	t->offset = t->durable_offset = offset;
	t->zeros_to = zeros_to;
	t->is_prewrite_over = false;
	t->durable = t->written_sequence = last;
	t->is_state_old = true;
	if (t->oldest_end == JOURNAL_SEQUENCE_END)
		t->oldest_end = 0;
	atomic_fetch_add(&w->counts.made, 1);
	if (t->recovery.newest) {
		atomic_store(&w->counts.recovered, t->recovery.carried);
		cut_newest(w);
	}
	t->recovery.carried = t->recovery.newest = 0;
	atomic_store_explicit(&w->synced, t->durable, memory_order_release);
	journal_mark(w);
}

static bool fill_segment(struct journal_writer *w, int fd, const char *made,
                         const char *name, uint64_t first, uint64_t *offset,
                         uint64_t *last)
{
	struct journal_thread *t = &w->t;
	struct journal_recovery *r = &t->recovery;

	arena_reset(&t->scratch);
	if (!write_header(w, fd, first))
		return false;
	if (r->carried && !journal_carry(w->options.io, t->folder, &t->scratch, r, fd,
	                                 offset, last, &t->call))
		return false;
	if (r->is_newest_bad && r->newest == first && !put_aside(w, name))
		return false;
	r->is_newest_bad = false;
	if (!sync_and_name(w, fd, made, name))
		return false;
	t->call = "fsync";
	return w->options.io->sync_folder(t->folder) == 0;
}

bool journal_segment_begin(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	uint64_t first = t->durable + 1;
	uint64_t offset = JOURNAL_HEADER_LEN, last = t->durable, zeros_to;
	const char *made = JOURNAL_SPARE_NAME;
	char name[JOURNAL_NAME_LEN + 1];
	int fd, failed;

	if (!open_state(w))
		return false;
	journal_name_format(first, name);
	t->call = "open";
	fd = journal_spare_take(w, &zeros_to);
	if (fd < 0) {
		made = JOURNAL_NEW_NAME;
		fd = w->options.io->open(t->folder, made, JOURNAL_NEW_FLAGS,
		                         JOURNAL_MODE);
	}
	if (fd < 0)
		return false;
	if (!fill_segment(w, fd, made, name, first, &offset, &last)) {
		failed = errno;
		file_close(&fd);
		errno = failed;
		return false;
	}
	take_segment(w, fd, first, offset, zeros_to, last);
	return true;
}

void journal_segment_end(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	int failed = errno;

	/* Whether it works does not matter: what is behind is superseded. */
	(void)!w->options.io->truncate(t->fd, (off_t)t->durable_offset);
	file_close(&t->fd);
	t->written = t->tail;
	errno = failed;
}

/* Milliseconds until it is old enough to go. */
static int64_t youth(const struct journal_writer *w, const char *name)
{
	struct stat st;

	if (fstatat(w->t.folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return w->options.retry_ms;
	return (int64_t)st.st_mtim.tv_sec * 1000 + w->options.keep_ms - clock_now();
}

/* Removes it, or says when to try again. */
static bool retire(struct journal_writer *w, uint64_t segment, int64_t *wait_ms)
{
	char name[JOURNAL_NAME_LEN + 1];

	journal_name_format(segment, name);
	*wait_ms = youth(w, name);
	if (*wait_ms > 0)
		return false;
	*wait_ms = w->options.retry_ms;
	if (w->options.io->remove(w->t.folder, name) != 0)
		return false;
	atomic_fetch_add(&w->counts.removed, 1);
	return true;
}

void journal_retain(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	uint64_t released = atomic_load(&w->released);
	struct journal_segments segments;
	int64_t wait_ms;
	size_t i;

	/* This comes behind each batch: the folder is read only where one may go. */
	if (released + 1 < t->oldest_end || released > t->durable ||
	    clock_monotonic_ms() < t->retain_at)
		return;
	arena_reset(&t->scratch);
	if (!journal_folder_list(t->folder, &t->scratch, &segments))
		return;
	/* The newest stays whatever happens: the next number hangs on it. */
	for (i = 0; i + 1 < segments.n && segments.v[i + 1] <= released + 1; i++)
		if (!retire(w, segments.v[i], &wait_ms)) {
			t->retain_at = clock_monotonic_ms() + wait_ms;
			break;
		}
	t->oldest_end = i + 1 < segments.n ? segments.v[i + 1] : JOURNAL_SEQUENCE_END;
}
