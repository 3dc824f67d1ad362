/*
 * What an earlier writer left. Everything below the newest segment's first sequence is
 * durable, since a segment is only begun then; in the newest one what the mark says. What
 * follows the mark there was written, but nobody knows whether it is on the disk: after a
 * failed sync the kernel shows pages that the disk never got. So it is not believed but
 * *carried*: written again into the new segment with which every writer begins.
 */
#pragma once

#include "journal/folder.h"

struct journal_recovery {
	uint64_t folder;     /* its id; a new one where nothing was there */
	bool has_state;      /* the file is there and sound */
	uint64_t mark;       /* durable up to here */
	uint64_t next;       /* the first sequence that was never used */
	uint64_t newest;     /* first sequence of the newest segment; 0: none */
	bool is_newest_bad;  /* its header is not what its name says */
	uint64_t carried;    /* records behind the mark */
	uint64_t cut_at;     /* where the durable ones end in the newest */
	uint64_t torn_bytes; /* behind the mark and no records */
};

/* Reads only. False with errno, and the name of the call that failed. */
NODISCARD bool journal_recover(const struct journal_io *io, int folder, struct arena *a,
                               struct journal_recovery *out, const char **call);

/* Writes the records behind the mark to `fd` from *offset on, and moves that; *last is
 * the sequence of the last. False with errno. */
NODISCARD bool journal_carry(const struct journal_io *io, int folder, struct arena *a,
                             const struct journal_recovery *recovery, int fd,
                             uint64_t *offset, uint64_t *last, const char **call);

/* Writes all parts or fails; a short write counts as ENOSPC. */
NODISCARD bool journal_write_all(const struct journal_io *io, int fd,
                                 const struct iovec *parts, int n, uint64_t at);
