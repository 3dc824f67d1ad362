/*
 * What a record in the journal costs, durably, in batches as a loop's turns make them:
 *
 *	bench_journal FOLDER	a folder on the disk that counts
 *
 * Each batch is added, handed over and waited for, as by so many clients that each wait
 * for their answer; "stream" hands over 64 at a time with at most 1024 waiting. CPU is
 * that of the process, both threads, user and system.
 */
#include "base/clock.h"
#include "journal/io.h"
#include "journal/reader.h"
#include "journal/writer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_LEN = 200, RUN_MS = 3000, SYNCS_MAX = 1 << 20, WAITING_MAX = 1024 };

/* CPU of a record in batches of 64, and that of a stream. */
static const double TARGET_US = 1.0;

static int64_t sync_us[SYNCS_MAX];
static size_t sync_count;

static int timed_sync(int fd)
{
	int64_t began = clock_monotonic_us();
	int result = journal_io_system.sync(fd);

	if (sync_count < SYNCS_MAX)
		sync_us[sync_count++] = clock_monotonic_us() - began;
	return result;
}

static int by_number(const void *left, const void *right)
{
	int64_t x = *(const int64_t *)left, y = *(const int64_t *)right;

	return x < y ? -1 : x > y;
}

static void wait_for(struct journal_writer *w, uint64_t sequence)
{
	while (journal_synced(w) < sequence) {
		struct pollfd fd = {journal_fd(w), POLLIN, 0};
		uint64_t count;

		if (journal_is_failing(w)) {
			fprintf(stderr, "bench_journal: the disk fails\n");
			exit(1);
		}
		(void)poll(&fd, 1, 1000);
		(void)!read(fd.fd, &count, sizeof(count));
	}
}

/* CPU microseconds a record. */
static double run(struct journal_writer *w, const char *name, uint64_t batch,
                  uint64_t waiting)
{
	char record[RECORD_LEN];
	int64_t began = clock_monotonic_us(), cpu = clock_cpu_us(), took;
	uint64_t first = journal_synced(w) + 1, last = first - 1;
	double each;

	memset(record, 'x', sizeof(record));
	sync_count = 0;
	while (clock_monotonic_us() - began < RUN_MS * 1000) {
		for (uint64_t i = 0; i < batch; i++)
			last = journal_add(w, (struct str){record, sizeof(record)});
		journal_turn_end(w);
		if (last + batch > first + waiting)
			wait_for(w, last - waiting);
	}
	wait_for(w, last);
	took = clock_monotonic_us() - began;
	each = (double)(clock_cpu_us() - cpu) / (double)(last - first + 1);
	qsort(sync_us, sync_count, sizeof(*sync_us), by_number);
	printf("%-8s %9.0f records/s %7.2f us CPU each, %5.0f syncs/s, fdatasync p50 "
	       "%lld "
	       "us p99 %lld us\n",
	       name, (double)(last - first + 1) * 1e6 / (double)took, each,
	       (double)sync_count * 1e6 / (double)took,
	       (long long)sync_us[sync_count / 2],
	       (long long)sync_us[sync_count * 99 / 100]);
	return each;
}

/* The whole folder, read once. */
static void read_all(const char *dir)
{
	struct journal_cursor cursor = {0};
	struct journal_record record;
	struct journal_reader *r;
	struct err err = {0};
	int64_t cpu = clock_cpu_us();
	uint64_t n = 0;

	if (!journal_reader_open(dir, &cursor, 0, &r, &err)) {
		fprintf(stderr, "bench_journal: %s\n", err.text);
		exit(1);
	}
	while (journal_reader_next(r, &record, &err) == JOURNAL_RECORD)
		n++;
	printf("%-8s %9.0f records/s %7.2f us CPU each\n", "read",
	       (double)n * 1e6 / (double)(clock_cpu_us() - cpu),
	       (double)(clock_cpu_us() - cpu) / (double)n);
	journal_reader_close(r);
}

int main(int argc, char **argv)
{
	struct journal_io io = journal_io_system;
	const struct journal_options options = {.dir = argv[1], .io = &io};
	struct journal_writer *w;
	struct err err = {0};
	double at_64, streamed;

	if (argc != 2)
		return 64;
	io.sync = timed_sync;
	if (!journal_open(&options, &w, &err)) {
		fprintf(stderr, "bench_journal: %s\n", err.text);
		return 1;
	}
	run(w, "by 1", 1, 0);
	run(w, "by 16", 16, 0);
	at_64 = run(w, "by 64", 64, 0);
	streamed = run(w, "stream", 64, WAITING_MAX);
	journal_close(w);
	read_all(argv[1]);
	printf("journal: a durable record of %d bytes costs %.2f us CPU in batches of "
	       "64, "
	       "%.2f us in a stream (target %.1f us at 64): %s\n",
	       RECORD_LEN, at_64, streamed, TARGET_US,
	       at_64 <= TARGET_US ? "ok" : "short");
	return at_64 <= TARGET_US ? 0 : 1;
}
