/*
 * The journal's reading side: records behind a cursor, beside a writer at work or in a
 * folder that nobody writes to. It changes nothing in the folder.
 *
 *	if (!journal_reader_open(dir, &cursor, 0, &r, err)) …
 *	while ((got = journal_reader_next(r, &record, err)) == JOURNAL_RECORD)
 *		store it, and journal_reader_cursor(r) in the same transaction
 *	JOURNAL_END: all is read for now, try again later
 *	JOURNAL_DAMAGED: some are missing (journal_reader_damage); go on
 *	JOURNAL_FAILED: the folder cannot be read (err); try again later
 *
 * It never gives out what is not durable. A record that is written but not yet synced
 * may vanish with the power, and its sequence would come again for another event, which
 * whoever keeps a cursor would then skip. So the writer keeps a mark, the sequence up to
 * which everything is on disk, in the file `state`, and the reader stops there. The mark
 * itself need not be synced: one that is too old after a crash is put right when the next
 * writer opens the folder, and never too new, as it is written behind the sync.
 *
 * The cursor is the sequence of the last record read; segment and offset say where to
 * find the next one and are checked, not trusted. A cursor of another folder (its id
 * differs: somebody began a new one in its place) starts from the beginning.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct journal_reader;

/* All zero: from the oldest record on. */
struct journal_cursor {
	uint64_t folder;   /* id of the folder, 0: not known yet */
	uint64_t sequence; /* of the last record that was read */
	uint64_t segment;  /* the first sequence of the segment it was in … */
	uint64_t offset;   /* … and where that record ends there */
};

/* Flags. */
enum {
	/* Records behind the mark too: for people who look, never for an ingest. */
	JOURNAL_READ_ALL = 1,
};

/* A folder that is not there yet, or empty, is not an error: it has no records so far. */
NODISCARD bool journal_reader_open(const char *dir, const struct journal_cursor *cursor,
                                   unsigned flags, struct journal_reader **out,
                                   struct err *err);

enum journal_read { JOURNAL_RECORD, JOURNAL_END, JOURNAL_DAMAGED, JOURNAL_FAILED };

struct journal_record {
	uint64_t sequence;
	struct str bytes; /* valid until the next call */
};
enum journal_read journal_reader_next(struct journal_reader *r,
                                      struct journal_record *out, struct err *err);

/* Behind the last record that was given out, and behind damage that was told. */
struct journal_cursor journal_reader_cursor(const struct journal_reader *r);

/* What JOURNAL_DAMAGED was about: records `first` … `last` cannot be read. */
struct journal_damage {
	uint64_t first, last;
	uint64_t segment, offset; /* where it was found; segment 0: a file is missing */
	const char *what;         /* "checksum", "segment missing", … */
};
struct journal_damage journal_reader_damage(const struct journal_reader *r);

struct journal_reader_stats {
	uint64_t records, bytes;
	uint64_t damages, missing; /* times, and records that could not be read */
	uint64_t mark; /* durable according to the writer, when last looked */
};
void journal_reader_stats_get(const struct journal_reader *r,
                              struct journal_reader_stats *out);

/* NULL is allowed. */
void journal_reader_close(struct journal_reader *r);
