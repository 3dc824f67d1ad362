/* The journal by its two sides: S2-3 (nothing that was answered is lost), by cases. */
#include "base/crc32c.h"
#include "journal/folder.h"
#include "journal/test_help.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct journal_writer *open_writer(const char *dir, uint64_t segment_size)
{
	const struct journal_options options = {
	        .dir = dir, .segment_size = segment_size, .retry_ms = 1, .mark_ms = -1};
	struct journal_writer *w;
	struct err err = {0};

	if (!journal_open(&options, &w, &err))
		fail_msg("%s", err.text);
	return w;
}

static void test_crc(void **state)
{
	char bytes[300];

	(void)state;
	assert_int_equal(crc32c(0, STR("123456789")), 0xE3069283);
	assert_int_equal(crc32c(0, STR("")), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		struct str all = {bytes, n};
		uint32_t crc = crc32c(0, str_slice(all, 0, n / 3));

		assert_int_equal(crc32c(0, all), crc32c_by_table(0, all));
		assert_int_equal(crc32c(0, all), crc32c(crc, str_from(all, n / 3)));
	}
	/* RFC 3720 §B.4: 32 bytes of zeros, of ones. */
	memset(bytes, 0, 32);
	assert_int_equal(crc32c(0, (struct str){bytes, 32}), 0x8A9136AA);
	memset(bytes, 0xff, 32);
	assert_int_equal(crc32c(0, (struct str){bytes, 32}), 0x62A8AB43);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		uint64_t first; /* 0: not ours */
	} cases[] = {
	        {"00000000000000000001.journal",  1                   },
	        {"00000000000000000000.journal",  0                   },
	        {"04611686018427387903.journal",  4611686018427387903u},
	        {"04611686018427387904.journal",  0                   },
	        {"99999999999999999999.journal",  0                   },
	        {"1.journal",                     0                   },
	        {"0000000000000000000x.journal",  0                   },
	        {"00000000000000000001.journal~", 0                   },
	        {"00000000000000000001.damaged",  0                   },
	        {"state",                         0                   },
	};
	char name[JOURNAL_NAME_LEN + 1];
	uint64_t first;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		bool is_ours = journal_name_parse(str_c(cases[i].name), &first);

		assert_int_equal(is_ours, cases[i].first != 0);
		if (!is_ours)
			continue;
		assert_int_equal(first, cases[i].first);
		journal_name_format(first, name);
		assert_string_equal(name, cases[i].name);
	}
}

static void test_way(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0};
	struct journal_stats stats;
	struct journal_writer *w;

	(void)state;
	test_folder_init(&f);
	assert_int_equal(test_read(f.path, &cursor), 0);
	w = open_writer(f.path, 4096);
	assert_int_equal(journal_answer(w, 0), JOURNAL_GO);
	for (uint64_t i = 1; i <= 200; i += 10) {
		test_add(w, i, i + 9);
		test_settle(w, i + 9);
		assert_int_equal(journal_answer(w, i + 9), JOURNAL_GO);
		if (i % 30 == 1) /* beside the writer */
			test_read(f.path, &cursor);
	}
	assert_int_equal(journal_close(w), 0);
	w = open_writer(f.path, 4096);
	test_add(w, 201, 210);
	test_settle(w, 210);
	journal_stats_get(w, &stats);
	assert_int_equal(stats.added, 10);
	assert_int_equal(stats.synced, 210);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(journal_close(w), 0);
	test_read(f.path, &cursor);
	assert_int_equal(cursor.sequence, 210);
	cursor = (struct journal_cursor){0};
	assert_int_equal(test_read(f.path, &cursor), 210);
	test_folder_done(&f);
}

static size_t count_segments(const char *dir)
{
	AUTO(arena) a = {0};
	struct journal_segments segments;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	assert_true(journal_folder_list(fd, &a, &segments));
	close(fd);
	return segments.n;
}

/* The mark follows the answer by a moment. */
static void read_up_to(const char *dir, struct journal_cursor *cursor, uint64_t last)
{
	while (cursor->sequence < last)
		test_read(dir, cursor);
}

/* Only what is released goes, and the numbers go on when nearly all is gone. A reader
 * that comes too late is told what it missed. */
static void test_retention(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0}, late = {0};
	struct journal_reader *r;
	struct journal_record record;
	struct journal_writer *w;
	struct err err = {0};

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 2000);
	for (uint64_t i = 1; i <= 100; i++) {
		test_add(w, i, i);
		test_settle(w, i);
		if (i == 5)
			read_up_to(f.path, &late, 5);
	}
	read_up_to(f.path, &cursor, 100);
	journal_release(w, 50);
	test_add(w, 101, 110);
	test_settle(w, 110);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 10);
	w = open_writer(f.path, 2000);
	journal_release(w, 110);
	test_add(w, 111, 111);
	test_settle(w, 111);
	assert_int_equal(journal_close(w), 0);
	assert_true(count_segments(f.path) <= 2);
	test_read(f.path, &cursor);
	assert_int_equal(cursor.sequence, 111);

	assert_int_equal(late.sequence, 5);
	assert_true(journal_reader_open(f.path, &late, 0, &r, &err));
	assert_int_equal(journal_reader_next(r, &record, &err), JOURNAL_DAMAGED);
	assert_int_equal(journal_reader_damage(r).first, 6);
	assert_string_equal(journal_reader_damage(r).what, "segment missing");
	assert_int_equal(journal_reader_next(r, &record, &err), JOURNAL_RECORD);
	assert_int_equal(record.sequence, journal_reader_damage(r).last + 1);
	journal_reader_close(r);
	test_folder_done(&f);
}

/* Segments that are read but young stay until their time has come. */
static void test_age(void **state)
{
	struct test_folder f;
	const struct journal_options options = {
	        .dir = f.path, .segment_size = 2000, .keep_ms = 1500, .mark_ms = -1};
	struct journal_stats stats;
	struct journal_writer *w;
	struct err err = {0};
	uint64_t i = 0;

	(void)state;
	test_folder_init(&f);
	assert_true(journal_open(&options, &w, &err));
	do {
		i++;
		test_add(w, i, i);
		test_settle(w, i);
		journal_release(w, i);
		usleep(i < 100 ? 0 : 200000);
		journal_stats_get(w, &stats);
	} while (i < 100 || count_segments(f.path) > 4);
	assert_true(stats.segments_made > 10 && stats.segments_removed > 5);
	assert_int_equal(journal_close(w), 0);
	test_folder_done(&f);
}

static void test_two_writers(void **state)
{
	struct test_folder f;
	struct journal_writer *w, *second;
	struct err err = {0};
	struct journal_options options = {.dir = f.path, .lock_wait_ms = 1};

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 0);
	assert_false(journal_open(&options, &second, &err));
	assert_non_null(strstr(err.text, "another process writes this journal"));
	assert_int_equal(journal_close(w), 0);
	assert_true(journal_open(&options, &second, &err));
	assert_int_equal(journal_close(second), 0);
	test_folder_done(&f);
}

/* A folder put back from an older copy: numbers that a reader knows do not come again. */
static void test_put_back(void **state)
{
	struct test_folder f;
	struct journal_writer *w;
	char bytes[600];

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 0);
	test_add(w, 1, 3);
	journal_release(w, 1000);
	assert_int_equal(journal_add(w, test_record(1001, bytes)), 1001);
	journal_turn_end(w);
	test_settle(w, 1001);
	journal_release(w, UINT64_MAX);
	assert_int_equal(journal_add(w, test_record(1002, bytes)), 1002);
	assert_int_equal(journal_close(w), 0);
	w = open_writer(f.path, 0);
	assert_int_equal(journal_add(w, test_record(1003, bytes)), 1003);
	assert_int_equal(journal_close(w), 0);
	test_folder_done(&f);
}

static void write_file(const char *dir, const char *name, struct str bytes)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
	fclose(file);
}

/* Files of others, also such as look like ours, harm nothing and stay. */
static void test_foreign(void **state)
{
	static const char *const names[] = {"README", "00000000000000000003.journal~",
	                                    "x.journal", "new~"};
	struct test_folder f;
	struct journal_cursor cursor = {0};
	struct journal_writer *w;
	char path[200];

	(void)state;
	test_folder_init(&f);
	for (size_t i = 0; i < LEN(names); i++)
		write_file(f.path, names[i], STR("not yours"));
	w = open_writer(f.path, 0);
	test_add(w, 1, 10);
	assert_int_equal(journal_close(w), 0);
	/* One with the name of the next segment: it is put aside, not written over. */
	write_file(f.path, "00000000000000000011.journal", STR("SIGNETJ1 not really"));
	w = open_writer(f.path, 0);
	test_add(w, 11, 20);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 20);
	snprintf(path, sizeof(path), "%s/00000000000000000011.journal.damaged", f.path);
	assert_int_equal(access(path, F_OK), 0);
	for (size_t i = 0; i < LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f.path, names[i]);
		assert_int_equal(access(path, F_OK), 0);
	}
	test_folder_done(&f);
}

/* Without the mark nothing is lost, and nothing is read before the next writer. */
static void test_no_state(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0}, half = {0};
	struct journal_writer *w;
	char path[200];

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 2000);
	test_add(w, 1, 7);
	test_settle(w, 7);
	read_up_to(f.path, &half, 7);
	test_add(w, 8, 50);
	assert_int_equal(journal_close(w), 0);
	snprintf(path, sizeof(path), "%s/state", f.path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(test_read(f.path, &cursor), 0);
	w = open_writer(f.path, 2000);
	test_add(w, 51, 60);
	assert_int_equal(journal_close(w), 0);
	assert_int_equal(test_read(f.path, &cursor), 60);
	assert_int_equal(test_read(f.path, &half), 53);
	test_folder_done(&f);
}

/* Somebody removes the mark while the writer is at work: the next segment has one. */
static void test_state_removed(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0};
	struct journal_writer *w;
	char path[200];

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 2000);
	snprintf(path, sizeof(path), "%s/state", f.path);
	for (uint64_t i = 1; i <= 60; i++) {
		if (i == 20)
			assert_int_equal(unlink(path), 0);
		test_add(w, i, i);
		test_settle(w, i);
	}
	read_up_to(f.path, &cursor, 60);
	assert_int_equal(journal_close(w), 0);
	test_folder_done(&f);
}

/* The mark and the newest header are hurt: the folder is still known as the one it was. */
static void test_newest_hurt(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0}, known;
	struct journal_reader *r;
	struct journal_record record;
	struct journal_writer *w;
	struct err err = {0};
	char path[200];
	int fd;

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 0);
	test_add(w, 1, 10);
	assert_int_equal(journal_close(w), 0);
	w = open_writer(f.path, 0);
	test_add(w, 11, 20);
	assert_int_equal(journal_close(w), 0);
	test_read(f.path, &cursor);
	known = cursor;
	snprintf(path, sizeof(path), "%s/state", f.path);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/00000000000000000011.journal", f.path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 10), 1);
	close(fd);
	w = open_writer(f.path, 0);
	journal_release(w, cursor.sequence);
	assert_true(journal_add(w, STR("new")) > 20);
	assert_int_equal(journal_close(w), 0);
	assert_true(journal_reader_open(f.path, &cursor, 0, &r, &err));
	assert_int_equal(journal_reader_next(r, &record, &err), JOURNAL_RECORD);
	assert_true(str_eq(record.bytes, STR("new")));
	assert_true(journal_reader_cursor(r).folder == known.folder);
	journal_reader_close(r);
	test_folder_done(&f);
}

/* A new folder under the old name begins at 1: the cursor of the old one must not hide
 * its records. */
static void test_other_folder(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0};
	struct journal_writer *w;

	(void)state;
	for (int round = 0; round < 2; round++) {
		test_folder_init(&f);
		w = open_writer(f.path, 0);
		test_add(w, 1, 5);
		assert_int_equal(journal_close(w), 0);
		assert_int_equal(test_read(f.path, &cursor), 5);
		test_folder_done(&f);
	}
}

/* Bytes hurt in the middle cost the records that they are of, and no other. */
static void test_damage(void **state)
{
	struct test_folder f;
	struct journal_cursor cursor = {0};
	struct journal_reader *r;
	struct journal_record record;
	struct journal_damage damage;
	struct journal_writer *w;
	struct err err = {0};
	uint64_t n = 0;
	char path[200];
	int fd;

	(void)state;
	test_folder_init(&f);
	w = open_writer(f.path, 0);
	test_add(w, 1, 30);
	assert_int_equal(journal_close(w), 0);
	snprintf(path, sizeof(path), "%s/00000000000000000001.journal", f.path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "?", 1, 2000), 1);
	close(fd);
	assert_true(journal_reader_open(f.path, &cursor, 0, &r, &err));
	while (journal_reader_next(r, &record, &err) == JOURNAL_RECORD)
		n++;
	damage = journal_reader_damage(r);
	assert_int_equal(damage.first, n + 1);
	assert_int_equal(damage.last, n + 1);
	assert_int_equal(journal_reader_cursor(r).sequence, n + 1);
	while (journal_reader_next(r, &record, &err) == JOURNAL_RECORD)
		n++;
	assert_int_equal(n, 29);
	journal_reader_close(r);
	test_folder_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_crc),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_way),
	        cmocka_unit_test(test_retention),
	        cmocka_unit_test(test_age),
	        cmocka_unit_test(test_two_writers),
	        cmocka_unit_test(test_put_back),
	        cmocka_unit_test(test_foreign),
	        cmocka_unit_test(test_no_state),
	        cmocka_unit_test(test_other_folder),
	        cmocka_unit_test(test_damage),
	        cmocka_unit_test(test_state_removed),
	        cmocka_unit_test(test_newest_hurt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
