#include "journal/check.h"

#include "base/file.h"
#include "journal/folder.h"
#include "journal/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	bool is_damage;
} kinds[] = {
#define X(id, word, damage) [JOURNAL_FOUND_##id] = {word, damage},
        JOURNAL_FINDINGS(X)
#undef X
};

const char *journal_finding_name(enum journal_finding_kind kind)
{
	return kinds[kind].name;
}

bool journal_finding_is_damage(enum journal_finding_kind kind)
{
	return kinds[kind].is_damage;
}

struct checker {
	struct arena *a;
	struct journal_check *out;
	int folder;
	struct journal_segments segments;
	struct arena window;
};

static void tell(struct checker *c, struct journal_finding finding)
{
	c->out->damages += kinds[finding.kind].is_damage;
	if (c->out->n < JOURNAL_FINDINGS_MAX)
		*ARRAY_ADD(c->out, c->a) = finding;
}

/* Records low … high are not where they should be. */
static void tell_gap(struct checker *c, uint64_t segment, uint64_t offset,
                     uint64_t bytes, uint64_t low, uint64_t high)
{
	struct journal_finding f = {JOURNAL_FOUND_TORN, segment, offset, bytes, 0, 0};

	if (low <= high && low <= c->out->mark) {
		f.kind = JOURNAL_FOUND_DAMAGED;
		f.first = low;
		f.last = high < c->out->mark ? high : c->out->mark;
	}
	tell(c, f);
}

static void count(struct journal_check *out, const struct journal_record *record)
{
	out->records++;
	out->bytes += record->bytes.n;
	out->first = out->first ? out->first : record->sequence;
	out->last = record->sequence;
}

/* What follows the last record that counts, up to `next` exclusive. */
static void check_end(struct checker *c, uint64_t segment,
                      const struct journal_scan *scan, uint64_t low, uint64_t next)
{
	bool is_newest = next == JOURNAL_SEQUENCE_END;
	uint64_t last = is_newest ? c->out->mark : next - 1;
	struct journal_finding f = {
	        JOURNAL_FOUND_SUPERSEDED, segment, scan->offset, scan->skipped, 0, 0};

	if (low <= last)
		tell_gap(c, segment, scan->offset, scan->skipped, low, last);
	else if (scan->skipped && is_newest)
		tell_gap(c, segment, scan->offset, scan->skipped, 1, 0);
	else if (scan->skipped)
		tell(c, f);
}

static bool check_records(struct checker *c, int fd, uint64_t segment, uint64_t next)
{
	struct journal_scan scan = {0};
	struct journal_record record;
	enum journal_scan_result got;
	uint64_t low = segment, unsynced = 0;

	arena_reset(&c->window);
	journal_scan_init(&scan, &journal_io_system, fd, journal_seed(c->out->folder),
	                  JOURNAL_HEADER_LEN, &c->window);
	while ((got = journal_scan_next(&scan, low, next - 1, &record)) ==
	       JOURNAL_SCAN_RECORD) {
		if (scan.skipped)
			tell_gap(c, segment,
			         scan.offset - scan.skipped - record.bytes.n -
			                 JOURNAL_HEAD_LEN,
			         scan.skipped, low, record.sequence - 1);
		count(c->out, &record);
		low = record.sequence + 1;
		if (record.sequence > c->out->mark && !unsynced)
			unsynced = record.sequence;
	}
	if (got == JOURNAL_SCAN_FAILED)
		return false;
	check_end(c, segment, &scan, low, next);
	if (unsynced)
		tell(c, (struct journal_finding){JOURNAL_FOUND_UNSYNCED, segment, 0, 0,
		                                 unsynced, low - 1});
	return true;
}

static bool check_segment(struct checker *c, size_t i)
{
	uint64_t first = c->segments.v[i];
	uint64_t next =
	        i + 1 < c->segments.n ? c->segments.v[i + 1] : JOURNAL_SEQUENCE_END;
	struct journal_header header;
	int failed;
	bool ok;
	int fd = journal_segment_open(&journal_io_system, c->folder, first,
	                              c->out->folder, &header);

	if (fd == JOURNAL_NO_FILE)
		return errno == ENOENT; /* removed while we looked */
	if (fd == JOURNAL_BAD_HEADER) {
		tell(c, (struct journal_finding){JOURNAL_FOUND_HEADER, first, 0, 0,
		                                 first, next - 1});
		return true;
	}
	c->out->folder = header.folder;
	c->out->segments++;
	ok = check_records(c, fd, first, next);
	failed = errno;
	file_close(&fd);
	errno = failed;
	return ok;
}

static bool check_state(struct checker *c)
{
	AUTO_FD int fd = openat(c->folder, JOURNAL_STATE_NAME,
	                        O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	enum journal_state_read got = JOURNAL_STATE_NONE;

	if (fd < 0 && errno != ENOENT && errno != ELOOP)
		return false;
	if (fd >= 0)
		got = journal_state_read(&journal_io_system, fd, &c->out->folder,
		                         &c->out->mark);
	if (got == JOURNAL_STATE_NONE) {
		c->out->folder = c->out->mark = 0;
		if (c->segments.n)
			tell(c,
			     (struct journal_finding){.kind = JOURNAL_FOUND_NO_STATE});
	}
	return got != JOURNAL_STATE_FAILED;
}

static bool check_all(struct checker *c)
{
	if (!journal_folder_list(c->folder, c->a, &c->segments) || !check_state(c))
		return false;
	/* What is below the newest segment is durable whatever the mark says. */
	if (c->segments.n && c->out->mark < c->segments.v[c->segments.n - 1] - 1)
		c->out->mark = c->segments.v[c->segments.n - 1] - 1;
	if (c->segments.foreign)
		tell(c, (struct journal_finding){.kind = JOURNAL_FOUND_FOREIGN,
		                                 .first = 1,
		                                 .last = c->segments.foreign});
	for (size_t i = 0; i < c->segments.n; i++)
		if (!check_segment(c, i))
			return false;
	return true;
}

bool journal_check(const char *dir, struct arena *a, struct journal_check *out,
                   struct err *err)
{
	AUTO_FD int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct checker c = {.a = a, .out = out, .folder = folder};
	bool ok;

	*out = (struct journal_check){0};
	if (folder < 0)
		return err_set(err, ERR_INPUT, "%s: %s", dir, strerror(errno));
	ok = check_all(&c);
	if (!ok)
		err_set(err, ERR_INPUT, "%s: %s", dir, strerror(errno));
	arena_done(&c.window);
	return ok;
}
