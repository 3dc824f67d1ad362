/* What lies in a journal folder: segments in order, the state file, foreign files. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "journal/format.h"
#include "journal/io.h"

struct journal_segments {
	uint64_t *v; /* first sequences, rising */
	size_t n, cap;
	size_t foreign; /* files that are none of ours */
};

/* The segments by their names. False with errno where the folder cannot be read. */
NODISCARD bool journal_folder_list(int folder, struct arena *a,
                                   struct journal_segments *out);
/* The first sequence of the segment behind that of `first`; JOURNAL_SEQUENCE_END: it is
 * the newest. */
uint64_t journal_segments_next(const struct journal_segments *segments, uint64_t first);
/* Where record `sequence` is, if it is anywhere: the newest segment that does not begin
 * behind it; else the oldest; 0 where there is none at all. */
uint64_t journal_segments_find(const struct journal_segments *segments,
                               uint64_t sequence);

/* Descriptor of a segment with a sound header of its own name, and of the folder `id` (0:
 * any). JOURNAL_BAD_HEADER, or JOURNAL_NO_FILE with errno. */
enum { JOURNAL_NO_FILE = -1, JOURNAL_BAD_HEADER = -2 };
int journal_segment_open(const struct journal_io *io, int folder, uint64_t first,
                         uint64_t id, struct journal_header *header);

/* One of these on success; JOURNAL_STATE_FAILED with errno. */
enum journal_state_read { JOURNAL_STATE_OK, JOURNAL_STATE_NONE, JOURNAL_STATE_FAILED };
/* Of a descriptor. A mark that is just being written may read as NONE: look again. */
enum journal_state_read journal_state_read(const struct journal_io *io, int fd,
                                           uint64_t *id, uint64_t *mark);
