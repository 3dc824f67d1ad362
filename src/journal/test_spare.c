/* What the thread does beside its batches: the next segment's zeros, and the mark. */
#include "base/file.h"
#include "journal/format.h"
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
#include <unistd.h>

#include <cmocka.h>

enum { SEGMENT = 20000 };

static struct journal_io io;
static char folder[200];
static int spares, segments, marks;
static bool is_spare_refused; /* its file cannot be opened */
static bool is_full_by_spare; /* no write finds room while there is one */

static bool has_spare(void)
{
	char path[220];

	snprintf(path, sizeof(path), "%s/" JOURNAL_SPARE_NAME, folder);
	return access(path, F_OK) == 0;
}

static int io_open(int dir, const char *name, int flags, mode_t mode)
{
	bool is_spare = strcmp(name, JOURNAL_SPARE_NAME) == 0;

	if (is_spare && is_spare_refused) {
		errno = EACCES;
		return -1;
	}
	spares += is_spare;
	segments += strcmp(name, JOURNAL_NEW_NAME) == 0;
	return journal_io_system.open(dir, name, flags, mode);
}

static ssize_t io_write(int fd, const struct iovec *parts, int n, off_t at)
{
	if (is_full_by_spare && has_spare()) {
		errno = ENOSPC;
		return -1;
	}
	marks += parts[0].iov_len == JOURNAL_STATE_LEN && at == 0;
	return journal_io_system.write(fd, parts, n, at);
}

static struct journal_writer *open_writer(const struct test_folder *f, int64_t mark_ms)
{
	const struct journal_options options = {.dir = f->path,
	                                        .segment_size = SEGMENT,
	                                        .mark_ms = mark_ms,
	                                        .retry_ms = 1,
	                                        .io = &io};
	struct journal_writer *w;
	struct err err = {0};

	snprintf(folder, sizeof(folder), "%s", f->path);
	spares = segments = marks = 0;
	is_spare_refused = is_full_by_spare = false;
	io = journal_io_system;
	io.open = io_open;
	io.write = io_write;
	if (!journal_open(&options, &w, &err))
		fail_msg("%s", err.text);
	return w;
}

/* Batches of one record, each waited for. */
static void add_each(struct journal_writer *w, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		test_add(w, i, i);
		test_settle(w, i);
	}
}

/* Each segment but the first two files (the state and the first) was a spare; whatever
 * becomes of it, all records are read. */
static void test_becomes_segment(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct journal_writer *w;
	struct test_folder f;

	(void)state;
	test_folder_init(&f);
	w = open_writer(&f, -1);
	add_each(w, 1, 400);
	journal_stats_get(w, &stats);
	assert_true(stats.segments_made >= 5);
	assert_int_equal(segments, 2);
	assert_true(spares == (int)stats.segments_made ||
	            spares == (int)stats.segments_made - 1);
	assert_int_equal(journal_close(w), 0);
	assert_false(has_spare());
	assert_int_equal(test_read(f.path, &cursor), 400);
	test_folder_done(&f);
}

static void test_is_refused(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct journal_writer *w;
	struct test_folder f;

	(void)state;
	test_folder_init(&f);
	w = open_writer(&f, -1);
	is_spare_refused = true;
	add_each(w, 1, 200);
	journal_stats_get(w, &stats);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(segments, (int)stats.segments_made + 1);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 200);
	test_folder_done(&f);
}

/* Its room is that of the records, before anything fails. */
static void test_gives_way(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct journal_writer *w;
	struct test_folder f;
	uint64_t i = 0;

	(void)state;
	test_folder_init(&f);
	w = open_writer(&f, -1);
	while (!has_spare()) {
		i++;
		add_each(w, i, i);
	}
	is_full_by_spare = true;
	add_each(w, i + 1, i + 1);
	assert_false(has_spare());
	journal_stats_get(w, &stats);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), i + 1);
	test_folder_done(&f);
}

static void test_left_over(void **state)
{
	struct journal_writer *w;
	struct test_folder f;
	char path[200];
	int fd;

	(void)state;
	test_folder_init(&f);
	snprintf(path, sizeof(path), "%s/" JOURNAL_SPARE_NAME, f.path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	w = open_writer(&f, -1);
	assert_false(has_spare());
	assert_int_equal(journal_close(w), 0);
	test_folder_done(&f);
}

/* The mark lags behind what is durable while there is much to do, and comes at rest. */
static void test_mark_comes_later(void **state)
{
	struct journal_cursor cursor = {0};
	struct journal_writer *w;
	struct test_folder f;
	uint64_t n = 0;

	(void)state;
	test_folder_init(&f);
	w = open_writer(&f, 3600 * 1000);
	add_each(w, 1, 50);
	assert_int_equal(test_read(f.path, &cursor), 0);
	assert_int_equal(marks, 2); /* in the new file, and with the first segment */
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 50);

	w = open_writer(&f, 20);
	test_add(w, 51, 51);
	while ((n += test_read(f.path, &cursor)) < 1)
		usleep(1000);
	assert_int_equal(journal_close(w), 0);
	test_folder_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_becomes_segment),
	        cmocka_unit_test(test_is_refused),
	        cmocka_unit_test(test_gives_way),
	        cmocka_unit_test(test_left_over),
	        cmocka_unit_test(test_mark_comes_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
