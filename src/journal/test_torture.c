/*
 * S2-3: whatever call fails or is the last of its process or machine, every record that
 * was reported durable is read exactly once and in order, and none twice.
 *
 * A disk of our own stands behind the table of calls: it counts them, makes the n-th
 * fail, and knows what would be left if the power went at that moment: of each file what
 * it held at its last sync, under the names that the folder had at its last sync. A sync
 * that fails loses what it was to write, as Linux does: the pages read as before and the
 * disk never has them.
 */
#include "base/arena.h"
#include "base/file.h"
#include "journal/folder.h"
#include "journal/io.h"
#include "journal/test_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum fault { FAULT_NONE, FAULT_EIO, FAULT_ENOSPC, FAULT_EROFS, FAULT_SHORT };
enum end { END_CLOSE, END_KILL, END_POWER, END_POWER_LATE_STATE };

enum { FILES_MAX = 64, RECORDS = 60, AFTER = 10 };

/* What the disk has of one file. */
struct image {
	ino_t inode;
	char *bytes;
	size_t n;
	int held;     /* so that the number is not given to another file */
	bool is_lost; /* pages that a failed sync left clean: no later one writes them */
};

static struct disk {
	const char *dir;
	int calls, fail_at, fails; /* which, and how many from there on */
	enum fault fault;
	int crash_at; /* that call is not made any more */
	enum end end;
	const char *crash_dir;
	enum journal_sync sync;
	struct image images[FILES_MAX];
	size_t image_count;
	struct {
		char name[64];
		ino_t inode;
	} names[FILES_MAX]; /* as of the last sync of the folder */
	size_t name_count;
	struct journal_writer *w;
	bool is_crashed;
	/* What holds from then on: reported durable, and read by somebody. */
	uint64_t synced;
	struct journal_cursor cursor;
} disk;

/* What a debugger shows of a story that went wrong. */
static char story[100];

/* What stands in records: which of which life. */
enum { LIFE = 1000000 };

static struct image *image_of(ino_t inode)
{
	for (size_t i = 0; i < disk.image_count; i++)
		if (disk.images[i].inode == inode)
			return &disk.images[i];
	assert_true(disk.image_count < FILES_MAX);
	disk.images[disk.image_count] = (struct image){.inode = inode, .held = -1};
	return &disk.images[disk.image_count++];
}

static void put_file(const char *dir, const char *name, const char *bytes, size_t n)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static size_t get_file(int fd, char **bytes)
{
	struct stat st;
	ssize_t got;

	assert_int_equal(fstat(fd, &st), 0);
	*bytes = malloc((size_t)st.st_size + 1);
	got = pread(fd, *bytes, (size_t)st.st_size, 0);
	assert_int_equal(got, st.st_size);
	return (size_t)got;
}

static void copy_named(const char *name)
{
	char path[200], *bytes;
	size_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", disk.dir, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	n = get_file(fd, &bytes);
	close(fd);
	put_file(disk.crash_dir, name, bytes, n);
	free(bytes);
}

/* What a process that begins now finds: all that the kernel had. */
static void leave_as_killed(void)
{
	DIR *dir = opendir(disk.dir);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			copy_named(entry->d_name);
	closedir(dir);
}

static void leave_without_power(void)
{
	for (size_t i = 0; i < disk.name_count; i++) {
		const struct image *image = image_of(disk.names[i].inode);
		bool is_state = strcmp(disk.names[i].name, JOURNAL_STATE_NAME) == 0;

		if (is_state && disk.end == END_POWER_LATE_STATE)
			copy_named(JOURNAL_STATE_NAME); /* it was written in time */
		else
			put_file(disk.crash_dir, disk.names[i].name,
			         image->bytes ? image->bytes : "", image->n);
	}
}

/* What was read: the sequence under which each record stood; 0: it did not. */
struct found {
	uint64_t of_first[RECORDS + 1], of_second[AFTER + 1];
};

/* Reads from the cursor on; each record as it was written, at most once, in order. */
static void read_all(const char *dir, struct journal_cursor *cursor,
                     struct found *found)
{
	struct journal_record record;
	struct journal_reader *r;
	struct err err = {0};
	char bytes[600];
	enum journal_read got;

	assert_true(journal_reader_open(dir, cursor, 0, &r, &err));
	while ((got = journal_reader_next(r, &record, &err)) == JOURNAL_RECORD) {
		uint64_t number = strtoull(record.bytes.p, NULL, 10);
		uint64_t i = number % LIFE;
		uint64_t *slot;

		assert_true(record.sequence > cursor->sequence);
		assert_true(str_eq(record.bytes, test_record(number, bytes)));
		*cursor = journal_reader_cursor(r);
		if (!found)
			continue;
		assert_true(i >= 1 && i <= (number < LIFE ? RECORDS : AFTER));
		slot = number < LIFE ? &found->of_first[i] : &found->of_second[i];
		assert_int_equal(*slot, 0);
		*slot = record.sequence;
	}
	if (got != JOURNAL_END)
		fail_msg("%s: damage %llu to %llu: %s",
		         got == JOURNAL_FAILED ? "failed" : "",
		         (unsigned long long)journal_reader_damage(r).first,
		         (unsigned long long)journal_reader_damage(r).last,
		         got == JOURNAL_FAILED ? err.text
		                               : journal_reader_damage(r).what);
	journal_reader_close(r);
}

static void crash(void)
{
	disk.is_crashed = true;
	disk.synced = disk.w ? journal_synced(disk.w) : 0;
	read_all(disk.dir, &disk.cursor, NULL);
	if (disk.end == END_KILL)
		leave_as_killed();
	else
		leave_without_power();
}

/* Whether this call fails, with errno. */
static bool fails(bool is_read)
{
	static const int errors[] = {[FAULT_EIO] = EIO,
	                             [FAULT_ENOSPC] = ENOSPC,
	                             [FAULT_EROFS] = EROFS,
	                             [FAULT_SHORT] = EIO};
	int call = ++disk.calls;

	if (call == disk.crash_at)
		crash();
	if (call < disk.fail_at || call >= disk.fail_at + disk.fails)
		return false;
	if (is_read && disk.fault != FAULT_EIO)
		return false;
	errno = errors[disk.fault];
	return true;
}

static int io_open(int folder, const char *name, int flags, mode_t mode)
{
	struct image *image;
	struct stat st;
	int fd;

	if (fails(!(flags & (O_RDWR | O_CREAT))))
		return -1;
	fd = journal_io_system.open(folder, name, flags, mode);
	if (fd < 0)
		return fd;
	assert_int_equal(fstat(fd, &st), 0);
	image = image_of(st.st_ino);
	if (image->held < 0)
		image->held = dup(fd);
	if (flags & O_TRUNC)
		image->is_lost = false; /* new pages, which a sync will write */
	return fd;
}

static ssize_t io_read(int fd, void *p, size_t n, off_t at)
{
	return fails(true) ? -1 : journal_io_system.read(fd, p, n, at);
}

static ssize_t io_write(int fd, const struct iovec *parts, int n, off_t at)
{
	struct iovec first = parts[0];

	if (!fails(false))
		return journal_io_system.write(fd, parts, n, at);
	if (disk.fault != FAULT_SHORT)
		return -1;
	first.iov_len = first.iov_len * 2 / 3;
	return journal_io_system.write(fd, &first, 1, at);
}

static int io_sync(int fd)
{
	struct stat st;
	struct image *image;

	assert_int_equal(fstat(fd, &st), 0);
	image = image_of(st.st_ino);
	if (fails(false)) {
		image->is_lost = true;
		return -1;
	}
	/* The kernel has told of the failure, and has nothing more to write. */
	if (image->is_lost)
		return 0;
	free(image->bytes);
	image->n = get_file(fd, &image->bytes);
	return 0;
}

static int io_push(int fd, off_t at, off_t n)
{
	return fails(false) ? -1 : journal_io_system.push(fd, at, n);
}

static int io_sync_folder(int fd)
{
	DIR *dir;
	struct dirent *entry;

	(void)fd;
	if (fails(false))
		return -1;
	dir = opendir(disk.dir);
	disk.name_count = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			assert_true(disk.name_count < FILES_MAX);
			snprintf(disk.names[disk.name_count].name, 64, "%.60s",
			         entry->d_name);
			disk.names[disk.name_count++].inode = entry->d_ino;
		}
	closedir(dir);
	return 0;
}

static int io_rename(int folder, const char *from, const char *to)
{
	return fails(false) ? -1 : journal_io_system.rename(folder, from, to);
}

static int io_truncate(int fd, off_t n)
{
	return fails(false) ? -1 : journal_io_system.truncate(fd, n);
}

static int io_remove(int folder, const char *name)
{
	return fails(false) ? -1 : journal_io_system.remove(folder, name);
}

static const struct journal_io disk_io = {io_open,   io_read,     io_write,
                                          io_sync,   io_push,     io_sync_folder,
                                          io_rename, io_truncate, io_remove};

static void disk_done(void)
{
	for (size_t i = 0; i < disk.image_count; i++) {
		free(disk.images[i].bytes);
		file_close(&disk.images[i].held);
	}
	disk = (struct disk){0};
}

static struct journal_writer *open_writer(const char *dir, const struct journal_io *io)
{
	const struct journal_options options = {.dir = dir,
	                                        .segment_size = 3000,
	                                        .memory = 256 * 1024,
	                                        .retry_ms = 1,
	                                        .sync = disk.sync,
	                                        .interval_ms = 1,
	                                        .mark_ms = -1,
	                                        .io = io};
	struct journal_writer *w;
	struct err err = {0};

	if (!journal_open(&options, &w, &err))
		fail_msg("%s", err.text);
	return w;
}

/* Turns of one to seven records, each waited for as long as the disk is well. */
static void first_life(struct journal_writer *w, bool heals)
{
	char bytes[600];
	uint64_t i = 1;

	for (int turn = 0; i <= RECORDS; turn++) {
		for (int k = turn * 5 % 7; k >= 0 && i <= RECORDS; k--) {
			uint64_t sequence = journal_add(w, test_record(i, bytes));

			if (sequence)
				assert_int_equal(sequence, i++);
			else if (!heals)
				return;
			else
				usleep(200);
		}
		journal_turn_end(w);
		test_settle(w, i - 1);
		if (journal_synced(w) > 20)
			journal_release(w, 5);
	}
}

/* One story: a life with what `disk` says, then one on a sound disk. */
static void tell(struct test_folder *f, struct test_folder *crashed)
{
	bool heals = disk.fails < 100;
	struct found found = {0}, later = {0};
	struct journal_cursor start = {0}, cursor;
	struct journal_writer *w;
	const char *dir = f->path;
	char bytes[600];
	uint64_t left, synced;

	disk.dir = f->path;
	disk.crash_dir = crashed->path;
	w = open_writer(f->path, &disk_io);
	disk.w = w;
	first_life(w, heals);
	synced = journal_synced(w);
	left = journal_close(w); /* and no thread from here on */
	disk.w = NULL;
	if (disk.is_crashed) {
		dir = crashed->path;
	} else {
		/* What was taken is kept until it is written. */
		disk.synced = heals && left == 0 ? RECORDS : synced;
		read_all(f->path, &disk.cursor, NULL);
	}
	assert_true(left == 0 || disk.fails);
	cursor = disk.cursor;

	w = open_writer(dir, NULL);
	for (uint64_t i = 1; i <= AFTER; i++) {
		assert_true(journal_add(w, test_record(LIFE + i, bytes)) > disk.synced);
		if (i % 3 == 0)
			journal_turn_end(w);
	}
	assert_int_equal(journal_close(w), 0);
	read_all(dir, &start, &found);
	read_all(dir, &cursor, &later);
	for (uint64_t i = 1; i <= RECORDS; i++) {
		if (i <= disk.synced && i > 5) /* the first five may be removed */
			assert_int_equal(found.of_first[i], i);
		if (i <= disk.cursor.sequence)
			assert_int_equal(later.of_first[i], 0);
		else if (i <= disk.synced)
			assert_int_equal(later.of_first[i], i);
	}
	for (uint64_t i = 1; i <= AFTER; i++) {
		assert_true(found.of_second[i] > disk.synced);
		assert_int_equal(found.of_second[i], later.of_second[i]);
	}
}

/* The number of calls that it made. */
static int run_as(enum journal_sync sync, int fail_at, enum fault fault, int fails_n,
                  int crash_at, enum end end)
{
	struct test_folder f, crashed;
	int calls;

	test_folder_init(&f);
	test_folder_init(&crashed);
	disk.sync = sync;
	disk.fail_at = fail_at;
	disk.fault = fault;
	disk.fails = fault == FAULT_NONE ? 0 : fails_n;
	disk.crash_at = crash_at;
	disk.end = end;
	snprintf(story, sizeof(story), "fault %d, %d times from call %d; end %d at %d",
	         fault, disk.fails, fail_at, end, crash_at);
	tell(&f, &crashed);
	calls = disk.calls;
	disk_done();
	test_folder_done(&f);
	test_folder_done(&crashed);
	return calls;
}

static int run(int fail_at, enum fault fault, int fails_n, int crash_at, enum end end)
{
	return run_as(JOURNAL_SYNC_EACH, fail_at, fault, fails_n, crash_at, end);
}

static const enum fault faults[] = {FAULT_EIO, FAULT_ENOSPC, FAULT_EROFS, FAULT_SHORT};
static const enum end ends[] = {END_KILL, END_POWER, END_POWER_LATE_STATE};

/* The n-th call fails, once or three times or for ever. */
static void test_faults(void **state)
{
	static const int times[] = {1, 3, 1000000};
	int calls = run(0, FAULT_NONE, 0, 0, END_CLOSE);

	(void)state;
	printf("# %d calls\n", calls);
	assert_true(calls > 60);
	for (size_t i = 0; i < LEN(faults); i++)
		for (size_t k = 0; k < LEN(times); k++)
			for (int n = 1; n <= calls + 2; n++)
				run(n, faults[i], times[k], 0, END_CLOSE);
}

/* The n-th call is not made any more: the process is killed, or the power fails. */
static void test_ends(void **state)
{
	int calls = run(0, FAULT_NONE, 0, 0, END_CLOSE);

	(void)state;
	for (size_t i = 0; i < LEN(ends); i++)
		for (int n = 1; n <= calls; n++)
			run(0, FAULT_NONE, 0, n, ends[i]);
}

/* It ends while it deals with a failure. */
static void test_faults_and_ends(void **state)
{
	int calls = run(0, FAULT_NONE, 0, 0, END_CLOSE);

	(void)state;
	for (size_t i = 0; i < LEN(faults); i++)
		for (size_t k = 0; k < LEN(ends); k++)
			for (int n = 1 + (int)(i + k) % 2; n <= calls; n += 2)
				run(n, faults[i], 1 + n % 2, n + 1 + n % 9, ends[k]);
}

/* What is not waited for may be lost, but what is durable is not, nor told twice. */
static void test_interval(void **state)
{
	int calls = run_as(JOURNAL_SYNC_INTERVAL, 0, FAULT_NONE, 0, 0, END_CLOSE);

	(void)state;
	for (int n = 1; n <= calls; n += 5)
		for (size_t i = 0; i < LEN(faults); i++) {
			run_as(JOURNAL_SYNC_INTERVAL, n, faults[i], 1, 0, END_CLOSE);
			run_as(JOURNAL_SYNC_INTERVAL, n, faults[i], i % 2, n + 3,
			       ends[(size_t)n % LEN(ends)]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_faults),
	        cmocka_unit_test(test_ends),
	        cmocka_unit_test(test_faults_and_ends),
	        cmocka_unit_test(test_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
