/*
 * The bytes of a journal folder (all numbers little-endian). Pure.
 *
 *	NNNNNNNNNNNNNNNNNNNN.journal	a segment, named by its first sequence (20 digits)
 *	state				the mark: what is durable
 *	new				a segment or state that is being made
 *	spare				zeros, which become the next segment
 *
 * Segment: a header of 64 bytes, then records one behind the other, then nothing, or
 * zeros where room was made in advance:
 *	0 magic "SIGNETJ1"  8 folder id  16 first sequence  24 made at, ms  60 crc32c of 0…59
 * Record: 16 bytes and its own:
 *	0 length u32 (1 … 65536)  4 crc32c u32  8 sequence u64  16 bytes
 * The checksum covers length, sequence and bytes, and begins with the folder id, so that
 * what a removed segment of another folder left in the same blocks is never taken for a
 * record; what an older one of this folder left has sequences that do not fit.
 *
 * Of a segment those records count whose sequence is below the first of the next one:
 * after a failed sync the batch is written again in a new segment, and its first writing
 * at the end of the old one, whole, torn or cut, is *superseded*.
 *
 * State: 0 magic "SIGNETJS"  8 folder id  16 mark  24 crc32c of 0…23
 */
#pragma once

#include "base/str.h"
#include "journal/writer.h"

enum {
	JOURNAL_HEADER_LEN = 64,
	JOURNAL_HEAD_LEN = 16, /* of a record */
	JOURNAL_STATE_LEN = 28,
	JOURNAL_NAME_LEN = 28,
};

/* No sequence reaches this. */
#define JOURNAL_SEQUENCE_END (UINT64_C(1) << 62)
#define JOURNAL_STATE_NAME   "state"
#define JOURNAL_NEW_NAME     "new"
#define JOURNAL_SPARE_NAME   "spare"

struct journal_header {
	uint64_t folder, first;
	int64_t made_at;
};

void journal_header_encode(const struct journal_header *header,
                           char out[JOURNAL_HEADER_LEN]);
NODISCARD bool journal_header_decode(const char in[JOURNAL_HEADER_LEN],
                                     struct journal_header *out);

void journal_state_encode(uint64_t folder, uint64_t mark, char out[JOURNAL_STATE_LEN]);
NODISCARD bool journal_state_decode(const char in[JOURNAL_STATE_LEN], uint64_t *folder,
                                    uint64_t *mark);

/* "00000000000000000042.journal" with a NUL, and back; any other name is not ours. */
void journal_name_format(uint64_t first, char out[JOURNAL_NAME_LEN + 1]);
NODISCARD bool journal_name_parse(struct str name, uint64_t *first);

/* What the checksums of a folder begin with. */
uint32_t journal_seed(uint64_t folder);
/* What stands before the bytes of a record. */
void journal_head_encode(uint32_t seed, uint64_t sequence, struct str bytes,
                         char out[JOURNAL_HEAD_LEN]);

enum journal_parse {
	JOURNAL_PARSE_OK,
	JOURNAL_PARSE_SHORT, /* it could be one, were there more bytes */
	JOURNAL_PARSE_BAD,
};
/* The record at the front of `in`, if its sequence is `low` … `high`. */
enum journal_parse journal_record_parse(uint32_t seed, struct str in, uint64_t low,
                                        uint64_t high, uint64_t *sequence,
                                        struct str *bytes);
