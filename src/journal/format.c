#include "journal/format.h"

#include "base/crc32c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 20 };

static void put32(char *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (char)(v >> 8 * i);
}

static void put64(char *out, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (char)(v >> 8 * i);
}

static uint32_t get32(const char *in)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)(unsigned char)in[i] << 8 * i;
	return v;
}

static uint64_t get64(const char *in)
{
	return get32(in) | (uint64_t)get32(in + 4) << 32;
}

void journal_header_encode(const struct journal_header *header,
                           char out[JOURNAL_HEADER_LEN])
{
	memset(out, 0, JOURNAL_HEADER_LEN);
	memcpy(out, "SIGNETJ1", 8);
	put64(out + 8, header->folder);
	put64(out + 16, header->first);
	put64(out + 24, (uint64_t)header->made_at);
	put32(out + 60, crc32c(0, (struct str){out, 60}));
}

bool journal_header_decode(const char in[JOURNAL_HEADER_LEN],
                           struct journal_header *out)
{
	if (memcmp(in, "SIGNETJ1", 8) != 0 ||
	    get32(in + 60) != crc32c(0, (struct str){in, 60}))
		return false;
	*out = (struct journal_header){get64(in + 8), get64(in + 16),
	                               (int64_t)get64(in + 24)};
	return out->folder && out->first && out->first < JOURNAL_SEQUENCE_END;
}

void journal_state_encode(uint64_t folder, uint64_t mark, char out[JOURNAL_STATE_LEN])
{
	memcpy(out, "SIGNETJS", 8);
	put64(out + 8, folder);
	put64(out + 16, mark);
	put32(out + 24, crc32c(0, (struct str){out, 24}));
}

bool journal_state_decode(const char in[JOURNAL_STATE_LEN], uint64_t *folder,
                          uint64_t *mark)
{
	if (memcmp(in, "SIGNETJS", 8) != 0 ||
	    get32(in + 24) != crc32c(0, (struct str){in, 24}))
		return false;
	*folder = get64(in + 8);
	*mark = get64(in + 16);
	return *folder && *mark < JOURNAL_SEQUENCE_END;
}

void journal_name_format(uint64_t first, char out[JOURNAL_NAME_LEN + 1])
{
	snprintf(out, JOURNAL_NAME_LEN + 1, "%0*" PRIu64 ".journal", DIGITS, first);
}

bool journal_name_parse(struct str name, uint64_t *first)
{
	return name.n == JOURNAL_NAME_LEN && str_ends(name, STR(".journal")) &&
	       str_parse_uint(str_slice(name, 0, DIGITS), JOURNAL_SEQUENCE_END - 1,
	                      first) &&
	       *first;
}

uint32_t journal_seed(uint64_t folder)
{
	char id[8];

	put64(id, folder);
	return crc32c(0, (struct str){id, sizeof(id)});
}

/* `head` has length and sequence. */
static uint32_t checksum(uint32_t seed, const char head[JOURNAL_HEAD_LEN],
                         struct str bytes)
{
	uint32_t crc = crc32c(seed, (struct str){head + 8, 8});

	crc = crc32c(crc, bytes);
	return crc32c(crc, (struct str){head, 4});
}

void journal_head_encode(uint32_t seed, uint64_t sequence, struct str bytes,
                         char out[JOURNAL_HEAD_LEN])
{
	put32(out, (uint32_t)bytes.n);
	put64(out + 8, sequence);
	put32(out + 4, checksum(seed, out, bytes));
}

enum journal_parse journal_record_parse(uint32_t seed, struct str in, uint64_t low,
                                        uint64_t high, uint64_t *sequence,
                                        struct str *bytes)
{
	size_t n;

	if (in.n < JOURNAL_HEAD_LEN)
		return in.n ? JOURNAL_PARSE_SHORT : JOURNAL_PARSE_BAD;
	n = get32(in.p);
	*sequence = get64(in.p + 8);
	if (n < 1 || n > JOURNAL_RECORD_MAX || *sequence < low || *sequence > high)
		return JOURNAL_PARSE_BAD;
	if (in.n - JOURNAL_HEAD_LEN < n)
		return JOURNAL_PARSE_SHORT;
	*bytes = str_slice(in, JOURNAL_HEAD_LEN, n);
	return checksum(seed, in.p, *bytes) == get32(in.p + 4) ? JOURNAL_PARSE_OK
	                                                       : JOURNAL_PARSE_BAD;
}
