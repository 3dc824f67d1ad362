#include "journal/scan.h"

#include <errno.h>
#include <string.h>

enum {
	WINDOW = 256 * 1024,
	WHOLE_MAX = JOURNAL_HEAD_LEN + JOURNAL_RECORD_MAX,
};

void journal_scan_init(struct journal_scan *s, const struct journal_io *io, int fd,
                       uint32_t seed, uint64_t offset, struct arena *a)
{
	char *window = s->window ? s->window : arena_bytes(a, WINDOW);

	*s = (struct journal_scan){
	        .io = io, .fd = fd, .seed = seed, .offset = offset, .window = window};
}

void journal_scan_refresh(struct journal_scan *s)
{
	s->window_len = 0;
}

/* Fills the window from `at` on; false with errno. */
static bool load(struct journal_scan *s, uint64_t at)
{
	s->window_at = at;
	s->window_len = 0;
	while (s->window_len < WINDOW) {
		ssize_t got = s->io->read(s->fd, s->window + s->window_len,
		                          WINDOW - s->window_len,
		                          (off_t)(at + s->window_len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		s->window_len += (size_t)got;
	}
	return true;
}

/* Sees to it that a whole record could be seen at `at`, or all there is of the file. */
static bool look(struct journal_scan *s, uint64_t at, struct str *out)
{
	if (at < s->window_at || at > s->window_at + s->window_len ||
	    (s->window_at + s->window_len - at < WHOLE_MAX &&
	     (s->window_len == WINDOW || !s->window_len)))
		if (!load(s, at))
			return false;
	*out = (struct str){s->window + (at - s->window_at),
	                    (size_t)(s->window_at + s->window_len - at)};
	return true;
}

/* How many zeros stand at its front. */
static size_t count_zeros(struct str in)
{
	size_t n = 0;
	uint64_t word;

	for (; n + sizeof(word) <= in.n; n += sizeof(word)) {
		memcpy(&word, in.p + n, sizeof(word));
		if (word)
			break;
	}
	while (n < in.n && !in.p[n])
		n++;
	return n;
}

/* Behind damage at s->offset: byte by byte, over zeros at once. */
static enum journal_scan_result seek(struct journal_scan *s, uint64_t low,
                                     uint64_t high, struct journal_record *out)
{
	uint64_t at = s->offset, first_odd = 0, last_odd = 0;
	enum journal_parse parse;
	struct str in;

	for (;;) {
		size_t zeros;

		if (!look(s, at, &in))
			return JOURNAL_SCAN_FAILED;
		if (in.n == 0)
			break;
		/* No length is 0, so no record begins with four. */
		zeros = count_zeros(in);
		if (zeros >= 4) {
			at += zeros - 3;
			continue;
		}
		parse = journal_record_parse(s->seed, in, low, high, &out->sequence,
		                             &out->bytes);
		if (parse == JOURNAL_PARSE_OK) {
			s->skipped = at - s->offset;
			s->offset = at + JOURNAL_HEAD_LEN + out->bytes.n;
			return JOURNAL_SCAN_RECORD;
		}
		if (*in.p) {
			first_odd = first_odd ? first_odd : at + 1;
			last_odd = at + 1;
		}
		at++;
	}
	s->skipped = last_odd ? last_odd - (first_odd - 1) : 0;
	return JOURNAL_SCAN_END;
}

enum journal_scan_result journal_scan_next(struct journal_scan *s, uint64_t low,
                                           uint64_t high, struct journal_record *out)
{
	enum journal_parse parse;
	struct str in;

	s->skipped = 0;
	if (!look(s, s->offset, &in))
		return JOURNAL_SCAN_FAILED;
	parse = journal_record_parse(s->seed, in, low, high, &out->sequence,
	                             &out->bytes);
	if (parse == JOURNAL_PARSE_OK) {
		s->offset += JOURNAL_HEAD_LEN + out->bytes.n;
		return JOURNAL_SCAN_RECORD;
	}
	s->is_cut = parse == JOURNAL_PARSE_SHORT;
	return seek(s, low, high, out);
}
