/* What the tests of the journal share: a folder of their own, records with a number in
 * them, a writer that is waited for. */
#pragma once

#include "journal/reader.h"
#include "journal/writer.h"

struct test_folder {
	char path[64];
};

/* Makes an empty folder; the other removes it with all in it. */
void test_folder_init(struct test_folder *f);
void test_folder_done(struct test_folder *f);

/* The bytes of record `number`: 1 … 600 of them, different for each. */
struct str test_record(uint64_t number, char out[600]);
/* Adds records `from` … `to` in one turn; each has its number as its sequence. */
void test_add(struct journal_writer *w, uint64_t from, uint64_t to);
/* Waits until all of that is on disk, or the writer fails. */
void test_settle(struct journal_writer *w, uint64_t sequence);
/* Reads on to the end; every record must be what test_record() says of its sequence, and
 * follow the one before. The number of records that were read. */
uint64_t test_read(const char *dir, struct journal_cursor *cursor);
