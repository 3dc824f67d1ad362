#include "journal/writer_internal.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	BATCH_MAX = 1 << 20, /* bytes of one write */
	HOUSE_MS = 10000,    /* how often old segments are looked for, at rest */
	PREWRITE_LEN = 1 << 20,
};

void journal_thread_wake(struct journal_writer *w, bool deaf)
{
	uint32_t asleep = JOURNAL_ASLEEP;
	bool woken = deaf ? atomic_exchange(&w->sleep, JOURNAL_AWAKE) != JOURNAL_AWAKE
	                  : atomic_compare_exchange_strong(&w->sleep, &asleep,
	                                                   JOURNAL_AWAKE);

	if (woken)
		syscall(SYS_futex, &w->sleep, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL,
		        0);
}

static void sleep_ms(struct journal_writer *w, enum journal_sleep how, int64_t ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	syscall(SYS_futex, &w->sleep, FUTEX_WAIT_PRIVATE, how, &t, NULL, 0);
	atomic_store(&w->sleep, JOURNAL_AWAKE);
}

static void notify(struct journal_writer *w)
{
	const uint64_t one = 1;

	/* It cannot fail: the counter is far from its end. */
	(void)!write(w->wake, &one, sizeof(one));
}

static uint64_t published(const struct journal_writer *w)
{
	return atomic_load_explicit(&w->published, memory_order_acquire);
}

static void ring_get(const struct journal_writer *w, uint64_t at, void *out, size_t n)
{
	char *to = out;

	for (size_t i = 0; i < n; i++)
		to[i] = w->ring[(at + i) & w->mask];
}

uint64_t journal_ring_record(const struct journal_writer *w, uint64_t at)
{
	unsigned char n[4];

	ring_get(w, at, n, sizeof(n));
	return JOURNAL_HEAD_LEN + (n[0] | (uint64_t)n[1] << 8 | (uint64_t)n[2] << 16);
}

static uint64_t ring_sequence(const struct journal_writer *w, uint64_t at)
{
	unsigned char n[8];
	uint64_t sequence = 0;

	ring_get(w, at + 8, n, sizeof(n));
	for (int i = 0; i < 8; i++)
		sequence |= (uint64_t)n[i] << 8 * i;
	return sequence;
}

/* Whole records from the first unwritten on; *end is behind the last. */
static int next_batch(const struct journal_writer *w, struct iovec parts[2],
                      uint64_t *end, uint64_t *last)
{
	uint64_t from = w->t.written, to = published(w), at = from, record = from;
	uint64_t wrap;

	while (at < to) {
		uint64_t n = journal_ring_record(w, at);

		if (at + n - from > BATCH_MAX)
			break;
		record = at;
		at += n;
	}
	*end = at;
	*last = ring_sequence(w, record);
	wrap = (from | w->mask) + 1;
	parts[0] = (struct iovec){w->ring + (from & w->mask),
	                          (at < wrap ? at : wrap) - from};
	parts[1] = (struct iovec){w->ring, at < wrap ? 0 : at - wrap};
	return parts[1].iov_len ? 2 : 1;
}

/* The next mebibyte of a segment that is not made of zeros gets its blocks now: a third
 * less time and CPU a sync, measured on ext4. */
static void prewrite(struct journal_writer *w, uint64_t need_to)
{
	struct journal_thread *t = &w->t;
	uint64_t size = w->options.segment_size;
	uint64_t n = size < PREWRITE_LEN ? size : PREWRITE_LEN;

	if (t->is_prewrite_over || need_to <= t->zeros_to || t->zeros_to >= size ||
	    need_to - t->offset > JOURNAL_ZEROS_BATCH_MAX)
		return;
	if (t->zeros_to < t->offset)
		t->zeros_to = t->offset;
	if (journal_zeros(w, t->fd, t->zeros_to, n)) {
		t->zeros_to += n;
		return;
	}
	/* The room that is left is for records. */
	t->is_prewrite_over = true;
	(void)!w->options.io->truncate(t->fd, (off_t)t->offset);
}

static bool is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

/* Records go before zeros. */
static bool write_parts(struct journal_writer *w, const struct iovec *parts, int n)
{
	const struct journal_io *io = w->options.io;
	struct journal_thread *t = &w->t;

	if (journal_write_all(io, t->fd, parts, n, t->offset))
		return true;
	if (!is_full(errno) || t->spare < 0)
		return false;
	journal_spare_drop(w);
	return journal_write_all(io, t->fd, parts, n, t->offset);
}

static bool write_batch(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	struct iovec parts[2];
	uint64_t end, last;
	int n = next_batch(w, parts, &end, &last);
	uint64_t bytes = end - t->written;

	prewrite(w, t->offset + bytes);
	t->call = "write";
	if (!write_parts(w, parts, n)) {
		/* On a full disk the same place is written again; else another file. */
		if (!is_full(errno))
			journal_segment_end(w);
		return false;
	}
	t->offset += bytes;
	t->written = end;
	t->written_sequence = last;
	atomic_fetch_add_explicit(&w->counts.batches, 1, memory_order_relaxed);
	return true;
}

/* Not with each batch: it costs a tenth of one. */
static void mark_if_due(struct journal_writer *w)
{
	if (w->t.is_state_old && clock_monotonic_ms() >= w->t.mark_at)
		journal_mark(w);
}

static bool sync_batch(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	uint64_t batch;

	t->call = "fdatasync";
	if (w->options.io->sync(t->fd) != 0) {
		journal_segment_end(w);
		return false;
	}
	batch = t->offset - t->durable_offset;
	t->durable = t->written_sequence;
	t->durable_offset = t->offset;
	t->synced_at = clock_monotonic_ms();
	t->is_state_old = true;
	atomic_fetch_add_explicit(&w->counts.syncs, 1, memory_order_relaxed);
	atomic_store_explicit(&w->synced, t->durable, memory_order_release);
	atomic_store_explicit(&w->tail, t->written, memory_order_release);
	t->tail = t->written;
	notify(w);
	mark_if_due(w);
	if (t->offset >= w->options.segment_size) {
		journal_segment_end(w);
		journal_retain(w);
	} else {
		journal_spare_grow(w, batch);
	}
	return true;
}

/* Milliseconds until the sync is due; 0: now, or nothing waits for it. */
static int64_t sync_due_in(const struct journal_writer *w)
{
	const struct journal_thread *t = &w->t;
	int64_t due = t->synced_at + w->options.interval_ms - clock_monotonic_ms();

	if (w->options.sync == JOURNAL_SYNC_EACH || due <= 0 || atomic_load(&w->stop) ||
	    t->written - t->tail > w->mask / 2)
		return 0;
	return due;
}

static bool recover(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;

	arena_reset(&t->scratch);
	if (!journal_recover(w->options.io, t->folder, &t->scratch, &t->recovery,
	                     &t->call))
		return false;
	t->is_recovered = true;
	t->durable = t->recovery.mark;
	atomic_store(&w->counts.torn_bytes, t->recovery.torn_bytes);
	atomic_store(&w->folder_id, t->recovery.folder);
	atomic_store(&w->synced, t->durable);
	atomic_store_explicit(&w->first_next, t->recovery.next, memory_order_release);
	return true;
}

/* One thing after the other that is to be done; false: one failed, errno says why. */
static bool step(struct journal_writer *w)
{
	struct journal_thread *t = &w->t;
	bool has_new = published(w) != t->written;
	bool is_broken = atomic_load(&w->failing_since) != 0;

	if (!t->is_recovered && !recover(w))
		return false;
	if (t->fd < 0 && (has_new || is_broken || t->recovery.carried) &&
	    !journal_segment_begin(w))
		return false;
	if (has_new && !write_batch(w))
		return false;
	if (t->written != t->tail && sync_due_in(w) == 0)
		return sync_batch(w);
	return true;
}

static void succeeded(struct journal_writer *w)
{
	if (atomic_load(&w->failing_since) == 0)
		return;
	atomic_store(&w->failing_since, 0);
	notify(w);
}

static void failed(struct journal_writer *w, int error)
{
	atomic_store(&w->error, error);
	atomic_store(&w->failed_call, w->t.call);
	atomic_fetch_add(&w->counts.failures, 1);
	if (atomic_load(&w->failing_since) == 0)
		atomic_store(&w->failing_since, clock_now());
	notify(w);
}

void journal_thread_begin(struct journal_writer *w)
{
	journal_spare_drop(w);
	if (!recover(w) || !journal_segment_begin(w))
		failed(w, errno);
}

static void rest(struct journal_writer *w)
{
	const struct journal_thread *t = &w->t;
	int64_t due = HOUSE_MS;

	if (t->written != t->tail)
		due = sync_due_in(w);
	else if (t->is_state_old)
		due = t->mark_at - clock_monotonic_ms();
	atomic_store(&w->sleep, JOURNAL_ASLEEP);
	/* What came before this is seen here; what comes after wakes. */
	if (published(w) != t->written || atomic_load(&w->stop) || due <= 0)
		atomic_store(&w->sleep, JOURNAL_AWAKE);
	else
		sleep_ms(w, JOURNAL_ASLEEP, due);
}

static void wait_for_better(struct journal_writer *w)
{
	atomic_store(&w->sleep, JOURNAL_ASLEEP_DEAF);
	if (!atomic_load(&w->stop))
		sleep_ms(w, JOURNAL_ASLEEP_DEAF, w->options.retry_ms);
	atomic_store(&w->sleep, JOURNAL_AWAKE);
}

static bool has_work(const struct journal_writer *w)
{
	return published(w) != w->t.written ||
	       (w->t.written != w->t.tail && sync_due_in(w) == 0);
}

void *journal_thread_run(void *arg)
{
	struct journal_writer *w = arg;
	bool is_last = false;

	while (!is_last) {
		bool ok;

		is_last = atomic_load(&w->stop);
		do {
			atomic_store(&w->busy_since, clock_monotonic_ms());
			ok = step(w);
			if (ok)
				succeeded(w);
			else
				failed(w, errno);
		} while (ok && has_work(w));
		if (is_last)
			break;
		if (ok) {
			mark_if_due(w);
			journal_retain(w);
		}
		atomic_store(&w->busy_since, 0);
		ok ? rest(w) : wait_for_better(w);
	}
	if (w->t.fd >= 0)
		journal_segment_end(w);
	journal_spare_drop(w);
	journal_mark(w);
	return NULL;
}
