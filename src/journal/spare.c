#include "journal/writer_internal.h"

#include "base/file.h"

#include <errno.h>

enum {
	ZEROS_LEN = 64 * 1024,
	ZEROS_PARTS = 16,
	PUSH_LEN = 256 * 1024,
};

bool journal_zeros(struct journal_writer *w, int fd, uint64_t at, uint64_t n)
{
	static char zeros[ZEROS_LEN];
	struct iovec parts[ZEROS_PARTS];
	int count = 0;

	for (; n && count < ZEROS_PARTS; count++) {
		parts[count] =
		        (struct iovec){zeros, n < sizeof(zeros) ? n : sizeof(zeros)};
		n -= parts[count].iov_len;
	}
	return journal_write_all(w->options.io, fd, parts, count, at);
}

/* It begins when a quarter of the segment is full and is whole somewhat before the end. */
static uint64_t wanted(const struct journal_writer *w)
{
	uint64_t size = w->options.segment_size;
	uint64_t n = w->t.offset < size / 4 ? 0 : (w->t.offset - size / 4) * 3 / 2;

	return n < size ? n : size;
}

static bool open_spare(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;

	if (t->spare < 0)
		t->spare = w->options.io->open(t->folder, JOURNAL_SPARE_NAME,
		                               JOURNAL_NEW_FLAGS, JOURNAL_MODE);
	return t->spare >= 0;
}

void journal_spare_grow(struct journal_writer *w, uint64_t batch)
{
	struct journal_thread *t = &w->t;
	uint64_t n = w->options.segment_size - t->spare_to;

	if (t->is_spare_over || batch > JOURNAL_ZEROS_BATCH_MAX ||
	    t->spare_to >= wanted(w))
		return;
	if (n > ZEROS_LEN)
		n = ZEROS_LEN;
	if (!open_spare(w) || !journal_zeros(w, t->spare, t->spare_to, n)) {
		journal_spare_drop(w);
		return;
	}
	t->spare_to += n;
	if (t->spare_to - t->spare_pushed < PUSH_LEN)
		return;
	/* Else all of it would have to go to the disk when it is taken. */
	(void)w->options.io->push(t->spare, (off_t)t->spare_pushed,
	                          (off_t)(t->spare_to - t->spare_pushed));
	t->spare_pushed = t->spare_to;
}

int journal_spare_take(struct journal_writer *w, uint64_t *zeros_to)
{
	struct journal_thread *t = &w->t;
	int fd = t->spare;

	*zeros_to = t->spare_to;
	t->spare = -1;
	t->spare_to = t->spare_pushed = 0;
	t->is_spare_over = false;
	return fd;
}

void journal_spare_drop(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	int failed = errno;

	file_close(&t->spare);
	t->spare_to = t->spare_pushed = 0;
	t->is_spare_over = true;
	/* One that an earlier writer left has no descriptor here. */
	(void)w->options.io->remove(t->folder, JOURNAL_SPARE_NAME);
	errno = failed;
}
