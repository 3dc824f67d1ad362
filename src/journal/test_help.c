#include "journal/test_help.h"

#include <dirent.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void test_folder_init(struct test_folder *f)
{
	snprintf(f->path, sizeof(f->path), "/tmp/signet-journal-XXXXXX");
	assert_non_null(mkdtemp(f->path));
}

void test_folder_done(struct test_folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(f->path), 0);
}

struct str test_record(uint64_t number, char out[600])
{
	size_t n = 20 + number * 7919 % 580;

	memset(out, (int)(number % 251), n);
	snprintf(out, 20, "%llu", (unsigned long long)number);
	return (struct str){out, n};
}

void test_add(struct journal_writer *w, uint64_t from, uint64_t to)
{
	char bytes[600];

	for (uint64_t i = from; i <= to; i++)
		assert_int_equal(journal_add(w, test_record(i, bytes)), i);
	journal_turn_end(w);
}

void test_settle(struct journal_writer *w, uint64_t sequence)
{
	while (journal_synced(w) < sequence && !journal_is_failing(w)) {
		struct pollfd fd = {journal_fd(w), POLLIN, 0};
		uint64_t count;

		assert_int_equal(poll(&fd, 1, -1), 1);
		assert_int_equal(read(fd.fd, &count, sizeof(count)), sizeof(count));
	}
}

uint64_t test_read(const char *dir, struct journal_cursor *cursor)
{
	struct journal_reader *r;
	struct journal_record record;
	struct err err = {0};
	char bytes[600];
	enum journal_read got;
	uint64_t n = 0;

	assert_true(journal_reader_open(dir, cursor, 0, &r, &err));
	while ((got = journal_reader_next(r, &record, &err)) == JOURNAL_RECORD) {
		struct str want = test_record(record.sequence, bytes);

		assert_true(!n || record.sequence == cursor->sequence + 1);
		assert_true(cursor->folder != journal_reader_cursor(r).folder ||
		            record.sequence > cursor->sequence);
		assert_true(str_eq(record.bytes, want));
		*cursor = journal_reader_cursor(r);
		assert_int_equal(cursor->sequence, record.sequence);
		n++;
	}
	if (got == JOURNAL_FAILED)
		fail_msg("%s", err.text);
	if (got == JOURNAL_DAMAGED)
		fail_msg("damaged: %llu to %llu, %s",
		         (unsigned long long)journal_reader_damage(r).first,
		         (unsigned long long)journal_reader_damage(r).last,
		         journal_reader_damage(r).what);
	journal_reader_close(r);
	return n;
}
