/*
 * A journal folder of hostile bytes is read, checked and taken over by a writer: what is
 * added then is read exactly once, behind all that a reader saw before.
 *
 * Input: a byte of flags, a byte of the mark (flag 1: there is a state file with it),
 * then the segment behind its header: as it is, or with flag 2 in pieces of
 *	kind, length, sequence, bytes
 * of which odd kinds become records with a right checksum, the others stay bytes.
 */
#include "base/buf.h"
#include "fuzz.h"
#include "journal/check.h"
#include "journal/format.h"
#include "journal/io.h"
#include "journal/reader.h"
#include "journal/writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ADDED = 3, HAS_STATE = 1, IN_PIECES = 2, DAMAGES_MAX = 1 << 20 };

static const uint64_t folder_id = UINT64_C(0x1122334455667788);
static char dir[64];

static void put(const char *name, struct str bytes)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(fd);
}

static void empty(void)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	need(d != NULL);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			need(unlinkat(dirfd(d), entry->d_name, 0) == 0);
	closedir(d);
}

static void remove_folder(void)
{
	empty();
	(void)rmdir(dir);
}

static void add_pieces(struct buf *out, struct str in)
{
	while (in.n >= 3) {
		struct str bytes = str_slice(in, 3, (unsigned char)in.p[1]);
		char head[JOURNAL_HEAD_LEN];

		if (in.p[0] & 1 && bytes.n) {
			journal_head_encode(journal_seed(folder_id),
			                    (unsigned char)in.p[2], bytes, head);
			buf_add(out, (struct str){head, sizeof(head)});
		}
		buf_add(out, bytes);
		in = str_from(in, 3 + bytes.n);
	}
}

static void make_folder(struct str in)
{
	const struct journal_header header = {folder_id, 1, 0};
	char bytes[JOURNAL_HEADER_LEN], name[JOURNAL_NAME_LEN + 1];
	AUTO(buf) segment = {.max = 8 << 20};

	empty();
	journal_header_encode(&header, bytes);
	buf_add(&segment, (struct str){bytes, sizeof(bytes)});
	if (in.p[0] & IN_PIECES)
		add_pieces(&segment, str_from(in, 2));
	else
		buf_add(&segment, str_from(in, 2));
	journal_name_format(1, name);
	put(name, buf_str(&segment));
	if (in.p[0] & HAS_STATE) {
		journal_state_encode(folder_id, (unsigned char)in.p[1], bytes);
		put(JOURNAL_STATE_NAME, (struct str){bytes, JOURNAL_STATE_LEN});
	}
}

/* Reads on to the end; how many of the last records are those that were added. */
static int read_all(struct journal_cursor *cursor, unsigned flags)
{
	struct journal_reader *r;
	struct journal_record record;
	struct err err;
	enum journal_read got;
	int added = 0, damages = 0;

	need(journal_reader_open(dir, cursor, flags, &r, &err));
	while ((got = journal_reader_next(r, &record, &err)) != JOURNAL_END) {
		need(got != JOURNAL_FAILED && damages < DAMAGES_MAX);
		damages += got == JOURNAL_DAMAGED;
		need(journal_reader_cursor(r).sequence > cursor->sequence);
		*cursor = journal_reader_cursor(r);
		if (got == JOURNAL_RECORD)
			added = str_eq(record.bytes, STR("added by the test"))
			                ? added + 1
			                : 0;
	}
	journal_reader_close(r);
	return added;
}

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str in = {(const char *)bytes, n};
	struct journal_cursor cursor = {0}, all = {0};
	struct journal_io io = journal_io_system;
	/* Small segments: a new one gets zeros up to its size. */
	struct journal_options options = {
	        .dir = dir, .memory = 256 * 1024, .segment_size = 64 * 1024, .io = &io};
	struct journal_check check;
	struct journal_writer *w;
	AUTO(arena) a = {0};
	struct err err;

	if (n < 2)
		return 0;
	if (!*dir) {
		snprintf(dir, sizeof(dir), "%s/signet-fuzz-XXXXXX",
		         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		need(mkdtemp(dir) != NULL);
		need(atexit(remove_folder) == 0);
	}
	make_folder(in);
	io.sync = io.sync_folder = no_sync;
	(void)read_all(&cursor, 0);
	(void)read_all(&all, JOURNAL_READ_ALL);
	need(journal_check(dir, &a, &check, &err));
	need(journal_open(&options, &w, &err));
	for (int i = 0; i < ADDED; i++)
		need(journal_add(w, STR("added by the test")) > all.sequence);
	need(journal_close(w) == 0);
	/* One of the input's own may say the same. */
	need(read_all(&cursor, 0) >= ADDED);
	return 0;
}
