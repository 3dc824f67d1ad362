/*
 * Walks over the records of one segment, and behind damage finds the next whole one: a
 * place where length, sequence and checksum fit, so the loss is what was hurt and no more.
 *
 *	journal_scan_init(&scan, io, fd, seed, JOURNAL_HEADER_LEN, &arena);
 *	while ((got = journal_scan_next(&scan, low, high, &record)) == JOURNAL_SCAN_RECORD)
 *		low = record.sequence + 1;
 */
#pragma once

#include "base/arena.h"
#include "journal/format.h"
#include "journal/io.h"
#include "journal/reader.h"

struct journal_scan {
	const struct journal_io *io;
	int fd;
	uint32_t seed;
	uint64_t offset;  /* of what comes next */
	uint64_t skipped; /* bytes left out before the last record, or up to the end */
	bool is_cut;      /* at the end: what is left is the beginning of a record */
	char *window;     /* bytes of the file … */
	uint64_t window_at;
	size_t window_len; /* … from there on */
};

enum journal_scan_result {
	JOURNAL_SCAN_RECORD,
	JOURNAL_SCAN_END,    /* none in the rest; offset stays where that begins */
	JOURNAL_SCAN_FAILED, /* errno */
};

/* The descriptor is lent. */
void journal_scan_init(struct journal_scan *s, const struct journal_io *io, int fd,
                       uint32_t seed, uint64_t offset, struct arena *a);
/* The next record whose sequence is low … high; its bytes are valid until the next call.
 * Zeros are no damage: skipped counts from the first byte that is not zero to the last. */
enum journal_scan_result journal_scan_next(struct journal_scan *s, uint64_t low,
                                           uint64_t high, struct journal_record *out);
/* The file has grown: what was read of it beyond its end is to be read again. */
void journal_scan_refresh(struct journal_scan *s);
