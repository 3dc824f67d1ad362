#include "journal/reader.h"

#include "base/file.h"
#include "journal/folder.h"
#include "journal/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MARK_TRIES = 50, MARK_WAIT_US = 100 };

struct journal_reader {
	struct arena arena; /* of all of this */
	struct arena listing;
	const char *dir;
	unsigned flags;
	const struct journal_io *io;
	int folder, fd; /* -1: not open */
	struct journal_segments segments;
	struct journal_cursor cursor;
	uint64_t segment, next; /* first sequences of this one and the one behind */
	uint64_t limit;         /* of this one, no further for now */
	uint64_t mark;
	struct journal_scan scan;
	struct journal_damage damage;
	struct journal_reader_stats stats;
};

static enum journal_read fail(const struct journal_reader *r, struct err *err,
                              const char *what)
{
	err_set(err, ERR_UNAVAILABLE, "%s: %s: %s", r->dir, what, strerror(errno));
	return JOURNAL_FAILED;
}

bool journal_reader_open(const char *dir, const struct journal_cursor *cursor,
                         unsigned flags, struct journal_reader **out, struct err *err)
{
	struct arena a = {0};
	struct journal_reader *r = ARENA_NEW(&a, struct journal_reader);

	if (!*dir) {
		arena_done(&a);
		return err_set(err, ERR_USAGE, "no folder given");
	}
	r->dir = arena_cstr(&a, str_c(dir));
	r->flags = flags;
	r->io = &journal_io_system;
	r->folder = r->fd = -1;
	r->cursor = *cursor;
	/* Its window is made once. */
	journal_scan_init(&r->scan, r->io, -1, 0, 0, &a);
	r->arena = a;
	*out = r;
	return true;
}

static void leave_segment(struct journal_reader *r)
{
	file_close(&r->fd);
	r->segment = 0;
}

/* Another folder stands in the place of ours: all of it is new. */
static void meet_folder(struct journal_reader *r, uint64_t id)
{
	if (r->cursor.folder == id)
		return;
	if (r->cursor.folder) {
		leave_segment(r);
		r->cursor = (struct journal_cursor){0};
	}
	r->cursor.folder = id;
}

static bool read_mark(struct journal_reader *r)
{
	AUTO_FD int fd = r->io->open(r->folder, JOURNAL_STATE_NAME,
	                             O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	enum journal_state_read got = JOURNAL_STATE_NONE;
	uint64_t id = 0, mark = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP;
	/* One that is just being written is sound a moment later. */
	for (int i = 0; i < MARK_TRIES && got == JOURNAL_STATE_NONE; i++) {
		if (i)
			usleep(MARK_WAIT_US);
		got = journal_state_read(r->io, fd, &id, &mark);
	}
	if (got != JOURNAL_STATE_OK)
		return got == JOURNAL_STATE_NONE;
	meet_folder(r, id);
	r->mark = r->stats.mark = mark;
	return true;
}

/* Looks at the folder anew: the mark first, so that every segment that may be read by it
 * is in the list. */
static bool refresh(struct journal_reader *r)
{
	struct stat st;

	if (r->folder < 0)
		r->folder = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->folder < 0)
		return errno == ENOENT;
	if (!read_mark(r))
		return false;
	arena_reset(&r->listing);
	if (!journal_folder_list(r->folder, &r->listing, &r->segments))
		return false;
	if (r->flags & JOURNAL_READ_ALL)
		r->mark = JOURNAL_SEQUENCE_END - 2;
	/* Made anew under its name, or removed: to be opened by its name. */
	if (r->fd >= 0 && (fstat(r->fd, &st) != 0 || st.st_nlink == 0))
		leave_segment(r);
	journal_scan_refresh(&r->scan);
	if (r->fd >= 0) {
		r->next = journal_segments_next(&r->segments, r->segment);
		r->limit = r->next - 1 < r->mark ? r->next - 1 : r->mark;
	}
	return true;
}

static enum journal_read tell_damage(struct journal_reader *r, uint64_t last,
                                     const char *what)
{
	r->damage = (struct journal_damage){r->cursor.sequence + 1, last, r->segment,
	                                    r->scan.offset, what};
	r->stats.damages++;
	r->stats.missing += last - r->cursor.sequence;
	r->cursor.sequence = last;
	return JOURNAL_DAMAGED;
}

/* Takes back a record that was scanned, so that it is the next again. */
static void unread(struct journal_reader *r, const struct journal_record *record)
{
	r->scan.offset -= JOURNAL_HEAD_LEN + record->bytes.n;
}

/* Finds the record behind the cursor in the segment that was opened: at the place that
 * the cursor names, or by going over it. */
static bool find_place(struct journal_reader *r, uint32_t seed)
{
	const struct journal_cursor *c = &r->cursor;
	enum journal_scan_result got = JOURNAL_SCAN_END;
	struct journal_record record;
	uint64_t low = r->segment;

	if (c->segment == r->segment && c->offset > JOURNAL_HEADER_LEN) {
		journal_scan_init(&r->scan, r->io, r->fd, seed, c->offset, &r->arena);
		got = journal_scan_next(&r->scan, c->sequence + 1, c->sequence + 1,
		                        &record);
		if (got == JOURNAL_SCAN_RECORD && !r->scan.skipped) {
			unread(r, &record);
			return true;
		}
	}
	journal_scan_init(&r->scan, r->io, r->fd, seed, JOURNAL_HEADER_LEN, &r->arena);
	while (low <= c->sequence &&
	       (got = journal_scan_next(&r->scan, low, r->limit, &record)) ==
	               JOURNAL_SCAN_RECORD) {
		low = record.sequence + 1;
		if (record.sequence > c->sequence)
			unread(r, &record);
	}
	return got != JOURNAL_SCAN_FAILED;
}

/* Opens the segment in which the next record is; END where there is none yet. */
static enum journal_read enter(struct journal_reader *r, struct err *err)
{
	uint64_t want = r->cursor.sequence + 1;
	uint64_t first = journal_segments_find(&r->segments, want);
	struct journal_header header;

	if (!first || r->mark < first || r->mark < want)
		return JOURNAL_END;
	leave_segment(r);
	if (first > want) {
		if (r->cursor.sequence)
			return tell_damage(r, first - 1, "segment missing");
		r->cursor.sequence = first - 1;
	}
	r->next = journal_segments_next(&r->segments, first);
	r->limit = r->next - 1 < r->mark ? r->next - 1 : r->mark;
	r->fd = journal_segment_open(r->io, r->folder, first, r->cursor.folder,
	                             &header);
	if (r->fd == JOURNAL_NO_FILE && errno != ENOENT)
		return fail(r, err, "segment");
	if (r->fd < 0) {
		bool is_gone = r->fd == JOURNAL_NO_FILE;

		r->fd = -1;
		/* All of it may not be known to be there where people look. */
		if (r->limit == JOURNAL_SEQUENCE_END - 2)
			return JOURNAL_END;
		return tell_damage(r, r->limit,
		                   is_gone ? "segment missing" : "segment header");
	}
	r->segment = first;
	meet_folder(r, header.folder);
	if (!find_place(r, journal_seed(header.folder)))
		return fail(r, err, "read");
	return JOURNAL_RECORD;
}

static enum journal_read read_on(struct journal_reader *r, struct journal_record *out,
                                 struct err *err)
{
	uint64_t want = r->cursor.sequence + 1;
	enum journal_scan_result got;

	got = journal_scan_next(&r->scan, want, r->limit, out);
	if (got == JOURNAL_SCAN_FAILED)
		return fail(r, err, "read");
	if (got == JOURNAL_SCAN_END && r->limit == JOURNAL_SEQUENCE_END - 2)
		return JOURNAL_END;
	if (got == JOURNAL_SCAN_END)
		return tell_damage(r, r->limit, "records unreadable");
	if (r->scan.skipped && out->sequence > want) {
		unread(r, out);
		return tell_damage(r, out->sequence - 1, "records unreadable");
	}
	r->cursor.sequence = out->sequence;
	r->cursor.segment = r->segment;
	r->cursor.offset = r->scan.offset;
	r->stats.records++;
	r->stats.bytes += out->bytes.n;
	return JOURNAL_RECORD;
}

enum journal_read journal_reader_next(struct journal_reader *r,
                                      struct journal_record *out, struct err *err)
{
	bool is_fresh = false;

	for (;;) {
		uint64_t want = r->cursor.sequence + 1;
		enum journal_read got = JOURNAL_END;

		if (r->fd >= 0 && want <= r->limit)
			got = read_on(r, out, err);
		else if (r->fd < 0 || want >= r->next) {
			got = enter(r, err);
			if (got == JOURNAL_RECORD)
				continue;
		}
		if (got != JOURNAL_END || is_fresh)
			return got;
		if (!refresh(r))
			return fail(r, err, "read");
		is_fresh = true;
	}
}

struct journal_cursor journal_reader_cursor(const struct journal_reader *r)
{
	return r->cursor;
}

struct journal_damage journal_reader_damage(const struct journal_reader *r)
{
	return r->damage;
}

void journal_reader_stats_get(const struct journal_reader *r,
                              struct journal_reader_stats *out)
{
	*out = r->stats;
}

void journal_reader_close(struct journal_reader *r)
{
	struct arena a;

	if (!r)
		return;
	a = r->arena;
	file_close(&r->fd);
	file_close(&r->folder);
	arena_done(&r->listing);
	arena_done(&a);
}
