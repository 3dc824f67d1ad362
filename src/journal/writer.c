#include "journal/writer_internal.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STALL_MS = 3000, /* a call of the disk that takes so long counts as failing */
	LOCK_POLL_US = 10000,
};

static uint64_t power_of_two(uint64_t least)
{
	uint64_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

static void set_defaults(struct journal_options *o)
{
	o->interval_ms = o->interval_ms ? o->interval_ms : 100;
	o->mark_ms = o->mark_ms ? o->mark_ms : 10;
	o->segment_size = o->segment_size ? o->segment_size : 64 << 20;
	o->memory = power_of_two(o->memory ? o->memory : 16 << 20);
	o->retry_ms = o->retry_ms ? o->retry_ms : 1000;
	o->lock_wait_ms = o->lock_wait_ms ? o->lock_wait_ms : 5000;
	o->io = o->io ? o->io : &journal_io_system;
	need(o->memory >= 4 * JOURNAL_RECORD_MAX);
}

/* The lock of a folder is on the folder itself: it needs no room and no right to write,
 * and ends with the process. False: another writer has it. */
static bool lock(const struct journal_writer *w, int folder, struct err *err)
{
	int64_t until = clock_monotonic_ms() + w->options.lock_wait_ms;

	while (flock(folder, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, ERR_INTERNAL, "%s: flock: %s",
			               w->options.dir, strerror(errno));
		if (clock_monotonic_ms() >= until)
			return err_set(err, ERR_UNAVAILABLE,
			               "%s: another process writes this journal",
			               w->options.dir);
		usleep(LOCK_POLL_US);
	}
	return true;
}

static void release_all(struct journal_writer *w)
{
	struct arena a = w->arena;

	file_close(&w->t.fd);
	file_close(&w->t.spare);
	file_close(&w->t.state);
	file_close(&w->t.folder);
	file_close(&w->wake);
	if (w->ring)
		munmap(w->ring, w->mask + 1);
	arena_done(&w->t.scratch);
	arena_done(&a);
}

/* A thread that no signal interrupts. */
static int start_thread(struct journal_writer *w)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->handle, NULL, journal_thread_run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static bool open_parts(struct journal_writer *w, struct err *err)
{
	int failed;

	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0)
		return err_set(err, ERR_INTERNAL, "eventfd: %s", strerror(errno));
	w->ring = mmap(NULL, w->mask + 1, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(w->ring != MAP_FAILED);
	(void)mkdir(w->options.dir, 0700);
	w->t.folder = open(w->options.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->t.folder < 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", w->options.dir,
		               strerror(errno));
	if (!lock(w, w->t.folder, err))
		return false;
	journal_thread_begin(w);
	failed = start_thread(w);
	if (failed)
		return err_set(err, ERR_INTERNAL, "thread: %s", strerror(failed));
	return true;
}

bool journal_open(const struct journal_options *options, struct journal_writer **out,
                  struct err *err)
{
	struct arena a = {0};
	/* An arena aligns for any type, not for lines of the cache. */
	char *room = arena_alloc(&a, sizeof(struct journal_writer) + JOURNAL_LINE);
	size_t over = (uintptr_t)room % JOURNAL_LINE;
	struct journal_writer *w = (void *)(room + (over ? JOURNAL_LINE - over : 0));

	w->options = *options;
	set_defaults(&w->options);
	w->options.dir = arena_cstr(&a, str_c(options->dir));
	w->arena = a;
	w->mask = w->options.memory - 1;
	w->t.folder = w->t.state = w->t.fd = w->t.spare = w->wake = -1;
	if (!open_parts(w, err)) {
		release_all(w);
		return false;
	}
	*out = w;
	return true;
}

/* The thread knows the folder now: its numbers go on. */
static bool take_over(struct journal_writer *w)
{
	uint64_t next = atomic_load_explicit(&w->first_next, memory_order_acquire);

	if (!next)
		return false;
	w->next = next > w->floor ? next : w->floor + 1;
	w->seed = journal_seed(atomic_load(&w->folder_id));
	return true;
}

static bool has_room(struct journal_writer *w, size_t n)
{
	if (w->head + n - w->tail_seen <= w->mask + 1)
		return true;
	w->tail_seen = atomic_load_explicit(&w->tail, memory_order_acquire);
	return w->head + n - w->tail_seen <= w->mask + 1;
}

static void put(struct journal_writer *w, const char *p, size_t n)
{
	size_t at = w->head & w->mask;
	size_t first = w->mask + 1 - at;

	if (n <= first) {
		memcpy(w->ring + at, p, n);
	} else {
		memcpy(w->ring + at, p, first);
		memcpy(w->ring, p + first, n - first);
	}
	w->head += n;
}

uint64_t journal_add(struct journal_writer *w, struct str record)
{
	char head[JOURNAL_HEAD_LEN];
	bool is_refusing = w->options.policy == JOURNAL_POLICY_REFUSE;

	need(record.n >= 1 && record.n <= JOURNAL_RECORD_MAX);
	if ((!w->next && !take_over(w)) || (is_refusing && journal_is_failing(w)) ||
	    !has_room(w, sizeof(head) + record.n)) {
		is_refusing ? w->refused++ : w->lost++;
		return 0;
	}
	journal_head_encode(w->seed, w->next, record, head);
	put(w, head, sizeof(head));
	put(w, record.p, record.n);
	w->added++;
	w->bytes += record.n;
	return w->next++;
}

void journal_turn_end(struct journal_writer *w)
{
	if (w->head == w->handed)
		return;
	w->handed = w->head;
	atomic_store(&w->published, w->head);
	journal_thread_wake(w, false);
}

enum journal_answer journal_answer(struct journal_writer *w, uint64_t sequence)
{
	/* In this order: one that was durable before the failure is durable. */
	bool is_failing = journal_is_failing(w);
	bool is_refusing = w->options.policy == JOURNAL_POLICY_REFUSE;

	if (!sequence)
		return is_refusing ? JOURNAL_REFUSE : JOURNAL_GO;
	if (sequence <= journal_synced(w))
		return JOURNAL_GO;
	if (!is_failing)
		return w->options.sync == JOURNAL_SYNC_EACH ? JOURNAL_HOLD : JOURNAL_GO;
	if (is_refusing && w->options.sync == JOURNAL_SYNC_EACH) {
		w->refused++;
		return JOURNAL_REFUSE;
	}
	w->at_risk++;
	return JOURNAL_GO;
}

int journal_fd(const struct journal_writer *w)
{
	return w->wake;
}

uint64_t journal_synced(const struct journal_writer *w)
{
	return atomic_load_explicit(&w->synced, memory_order_acquire);
}

bool journal_is_failing(const struct journal_writer *w)
{
	return w->is_stalled || atomic_load(&w->failing_since) != 0;
}

bool journal_tick(struct journal_writer *w)
{
	int64_t since = atomic_load(&w->busy_since);

	w->is_stalled = since && clock_monotonic_ms() - since > STALL_MS;
	return journal_is_failing(w);
}

void journal_release(struct journal_writer *w, uint64_t sequence)
{
	if (sequence >= JOURNAL_SEQUENCE_END / 2)
		return;
	/* What is ahead of all that is here says nothing of what was read of it. */
	if (!w->next && !take_over(w)) {
		w->floor = sequence > w->floor ? sequence : w->floor;
		return;
	}
	if (sequence >= w->next) {
		w->next = sequence + 1;
		return;
	}
	if (sequence <= atomic_load(&w->released))
		return;
	atomic_store(&w->released, sequence);
	journal_thread_wake(w, false);
}

void journal_stats_get(const struct journal_writer *w, struct journal_stats *out)
{
	const struct journal_counts *c = &w->counts;

	*out = (struct journal_stats){
	        .added = w->added,
	        .bytes = w->bytes,
	        .synced = journal_synced(w),
	        .batches = atomic_load(&c->batches),
	        .syncs = atomic_load(&c->syncs),
	        .segments_made = atomic_load(&c->made),
	        .segments_removed = atomic_load(&c->removed),
	        .lost = w->lost,
	        .refused = w->refused,
	        .at_risk = w->at_risk,
	        .failures = atomic_load(&c->failures),
	        .recovered = atomic_load(&c->recovered),
	        .torn_bytes = atomic_load(&c->torn_bytes),
	        .failing_since = atomic_load(&w->failing_since),
	        .error = atomic_load(&w->error),
	        .failed_call = atomic_load(&w->failed_call),
	};
	if (w->is_stalled && !out->failing_since) {
		out->failing_since = clock_now() - clock_monotonic_ms() +
		                     atomic_load(&w->busy_since);
		out->error = ETIMEDOUT;
		out->failed_call = "hanging";
	}
}

/* Records between two positions. */
static uint64_t count_records(const struct journal_writer *w, uint64_t from,
                              uint64_t to)
{
	uint64_t n = 0;

	for (; from < to; from += journal_ring_record(w, from))
		n++;
	return n;
}

uint64_t journal_close(struct journal_writer *w)
{
	uint64_t left;

	if (!w)
		return 0;
	journal_turn_end(w);
	atomic_store(&w->stop, true);
	journal_thread_wake(w, true);
	pthread_join(w->handle, NULL);
	left = count_records(w, atomic_load(&w->tail), w->head);
	release_all(w);
	return left;
}
