/* What becomes of requests while the disk does not take records: S2-3, both policies. */
#include "journal/io.h"
#include "journal/test_help.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static _Atomic int write_errno; /* what writes fail with; 0: they work */
static _Atomic bool is_hanging;

static ssize_t io_write(int fd, const struct iovec *parts, int n, off_t at)
{
	if (write_errno) {
		errno = write_errno;
		return -1;
	}
	return journal_io_system.write(fd, parts, n, at);
}

static int io_sync(int fd)
{
	while (is_hanging)
		usleep(1000);
	return journal_io_system.sync(fd);
}

static struct journal_io io;

static struct journal_writer *open_writer(const char *dir, enum journal_policy policy,
                                          enum journal_sync sync)
{
	const struct journal_options options = {
	        .dir = dir,
	        .policy = policy,
	        .sync = sync,
	        .interval_ms = 1,
	        .mark_ms = -1,
	        .memory = 256 * 1024,
	        .retry_ms = 1,
	        .io = &io,
	};
	struct journal_writer *w;
	struct err err = {0};

	io = journal_io_system;
	io.write = io_write;
	io.sync = io_sync;
	if (!journal_open(&options, &w, &err))
		fail_msg("%s", err.text);
	return w;
}

static void await_failing(struct journal_writer *w, bool is_failing)
{
	while (journal_is_failing(w) != is_failing)
		usleep(200);
}

/* The disk is full: requests are answered, what finds room is written later, the rest is
 * counted as lost. */
static void test_answer(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct test_folder f;
	struct journal_writer *w;
	char bytes[600];
	uint64_t last = 0, lost = 0;

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, JOURNAL_POLICY_ANSWER, JOURNAL_SYNC_EACH);
	test_add(w, 1, 5);
	test_settle(w, 5);
	write_errno = ENOSPC;
	test_add(w, 6, 6);
	await_failing(w, true);
	assert_int_equal(journal_answer(w, 5), JOURNAL_GO);
	assert_int_equal(journal_answer(w, 6), JOURNAL_GO);
	for (uint64_t i = 7; !lost; i++) {
		uint64_t sequence = journal_add(w, test_record(i, bytes));

		journal_turn_end(w);
		if (sequence)
			last = sequence;
		else
			lost++;
		assert_int_equal(journal_answer(w, sequence), JOURNAL_GO);
	}
	journal_stats_get(w, &stats);
	assert_int_equal(stats.lost, 1);
	assert_int_equal(stats.refused, 0);
	assert_int_equal(stats.at_risk, last - 5);
	assert_int_equal(stats.error, ENOSPC);
	assert_string_equal(stats.failed_call, "write");
	assert_true(stats.failures >= 1 && stats.failing_since > 0);
	assert_true(last > 256 * 1024 / 620);

	write_errno = 0;
	await_failing(w, false);
	test_add(w, last + 1, last + 1);
	test_settle(w, last + 1);
	journal_stats_get(w, &stats);
	assert_int_equal(stats.failing_since, 0);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), last + 1);
	test_folder_done(&f);
}

/* The policy is to refuse: nothing is answered that is not on disk. */
static void test_refuse(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct test_folder f;
	struct journal_writer *w;
	uint64_t sequence;

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, JOURNAL_POLICY_REFUSE, JOURNAL_SYNC_EACH);
	test_add(w, 1, 5);
	test_settle(w, 5);
	write_errno = EROFS;
	test_add(w, 6, 6);
	await_failing(w, true);
	assert_int_equal(journal_answer(w, 5), JOURNAL_GO);
	assert_int_equal(journal_answer(w, 6), JOURNAL_REFUSE);
	sequence = journal_add(w, STR("x"));
	assert_int_equal(sequence, 0);
	assert_int_equal(journal_answer(w, sequence), JOURNAL_REFUSE);
	journal_stats_get(w, &stats);
	assert_int_equal(stats.refused, 2);
	assert_int_equal(stats.lost, 0);
	assert_int_equal(stats.at_risk, 0);

	write_errno = 0;
	await_failing(w, false);
	test_add(w, 7, 7);
	test_settle(w, 7);
	assert_int_equal(journal_answer(w, 7), JOURNAL_GO);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 7);
	test_folder_done(&f);
}

/* Answered at once, and still written. */
static void test_interval(void **state)
{
	struct journal_cursor cursor = {0};
	struct test_folder f;
	struct journal_writer *w;

	(void)state;
	test_folder_init(&f);
	is_hanging = false;
	w = open_writer(f.path, JOURNAL_POLICY_REFUSE, JOURNAL_SYNC_INTERVAL);
	is_hanging = true;
	test_add(w, 1, 50);
	assert_int_equal(journal_answer(w, 50), JOURNAL_GO);
	assert_true(journal_synced(w) < 50);
	is_hanging = false;
	test_settle(w, 50);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 50);
	test_folder_done(&f);
}

/* A disk that hangs is noticed and does not hold the answers for ever. */
static void test_hanging(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct test_folder f;
	struct journal_writer *w;

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, JOURNAL_POLICY_ANSWER, JOURNAL_SYNC_EACH);
	is_hanging = true;
	test_add(w, 1, 1);
	assert_false(journal_tick(w));
	assert_int_equal(journal_answer(w, 1), JOURNAL_HOLD);
	while (!journal_tick(w))
		usleep(10000);
	assert_int_equal(journal_answer(w, 1), JOURNAL_GO);
	journal_stats_get(w, &stats);
	assert_int_equal(stats.error, ETIMEDOUT);
	assert_true(stats.failing_since > 0);
	is_hanging = false;
	while (journal_tick(w))
		usleep(1000);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 1);
	test_folder_done(&f);
}

/* From the beginning nothing can be written: the writer is there, and failing; what it
 * takes is written once it can be. */
static void test_bad_start(void **state)
{
	struct journal_cursor cursor = {0};
	struct test_folder f;
	struct journal_writer *w;

	(void)state;
	test_folder_init(&f);
	write_errno = EROFS;
	w = open_writer(f.path, JOURNAL_POLICY_ANSWER, JOURNAL_SYNC_EACH);
	assert_true(journal_is_failing(w));
	test_add(w, 1, 10);
	assert_int_equal(journal_answer(w, 10), JOURNAL_GO);
	write_errno = 0;
	await_failing(w, false);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 10);

	/* What is left at the end is told. */
	w = open_writer(f.path, JOURNAL_POLICY_ANSWER, JOURNAL_SYNC_EACH);
	write_errno = EIO;
	test_add(w, 11, 13);
	assert_int_equal(journal_close(w), 3);
	write_errno = 0;
	test_folder_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_answer),    cmocka_unit_test(test_refuse),
	        cmocka_unit_test(test_interval),  cmocka_unit_test(test_hanging),
	        cmocka_unit_test(test_bad_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
