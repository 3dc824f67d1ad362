/*
 * The journal's writing side: what edge and gate put out, on disk before they answer.
 *
 * One writer a folder, held by a lock. The loop adds records, which cost it a copy and a
 * checksum; at the end of its turn it hands them to the one thread of the writer, which
 * writes all that is there with one write() and one fdatasync() and then says up to which
 * sequence everything is on disk. While it does, the next batch collects: the busier the
 * loop, the larger the batches.
 *
 *	if (!journal_open(&options, &w, err)) …
 *	event_new(base, journal_fd(w), EV_READ | EV_PERSIST | EV_ET, on_durable, …)
 *
 *	sequence = journal_add(w, record);		a request, its answer held back
 *	journal_turn_end(w);				once at the end of the loop's turn
 *	on_durable: for the answers held back, oldest first:
 *		switch (journal_answer(w, sequence)) HOLD: stop; GO: send; REFUSE: 503
 *
 * What holds. A record of which journal_answer() once said GO with the journal sound is
 * read exactly once by a reader, in the order of sequences, whatever happens to process
 * or machine. Sequences are numbers of this folder from 1 on, rising, never used twice
 * for what somebody may have seen; a gap means nothing. The clock orders nothing.
 *
 * What fails. A batch whose write or sync fails stays in memory and is written again,
 * after a failed sync in a new segment, as the kernel may have dropped the pages: every
 * `retry_ms` until it works. Meanwhile journal_is_failing() is true and the policy says
 * what becomes of requests:
 *	answer	they are answered at once. Records are taken as long as memory has room
 *		and get written when the disk is well again; those that find no room, and
 *		those in memory when the process ends, are lost: `lost` and `at_risk` count.
 *	refuse	none is taken (503). One that waited when the failure began is refused
 *		too, though its record may be written later, as with a broken connection.
 * In both cases what was taken is kept until it is written or the process ends.
 *
 * All is bounded: memory by `memory`, a record by JOURNAL_RECORD_MAX. Disk space is not:
 * what no reader has released is never removed.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct journal_io;
struct journal_writer;

enum { JOURNAL_RECORD_MAX = 64 * 1024 };

enum journal_sync {
	JOURNAL_SYNC_EACH,     /* answers wait for the disk */
	JOURNAL_SYNC_INTERVAL, /* they do not; what is written is synced now and then */
};

enum journal_policy { JOURNAL_POLICY_ANSWER, JOURNAL_POLICY_REFUSE };

/* Where a figure is 0, the default in brackets. */
struct journal_options {
	const char *dir; /* made (0700) where it is missing; its parent must be there */
	enum journal_sync sync;
	enum journal_policy policy;
	int64_t interval_ms; /* of JOURNAL_SYNC_INTERVAL [100] */
	int64_t mark_ms; /* readers see what is durable so much later at most [10]; -1:
	                  * at once */
	uint64_t segment_size;       /* a new segment once one is larger [64 MiB] */
	uint64_t memory;             /* for records not yet on disk [16 MiB] */
	int64_t keep_ms;             /* segments are kept so long after all is read */
	int64_t retry_ms;            /* between attempts while it fails [1000] */
	int64_t lock_wait_ms;        /* for a writer that is just ending [5000] */
	const struct journal_io *io; /* for tests [the system's calls] */
};

/*
 * Opens or makes the folder (who makes it syncs the folder above), recovers what an
 * earlier writer left, starts the thread. A disk that cannot be read or written is no
 * error: the writer is there, failing, and tries again, so that redirects work from a
 * broken disk. An error is a folder that cannot be opened, or that another writer holds
 * for longer than lock_wait_ms. With a sandbox, call it inside: the folder is a
 * SANDBOX_TREE, threads and writing calls are needed.
 */
NODISCARD bool journal_open(const struct journal_options *options,
                            struct journal_writer **out, struct err *err);

/* Takes a copy of the record (1 … JOURNAL_RECORD_MAX bytes) and gives its sequence; 0:
 * not taken, for lack of room or by policy, and counted. */
uint64_t journal_add(struct journal_writer *w, struct str record);
/* Hands over what was added. Cheap where there is nothing, or the thread is at work. */
void journal_turn_end(struct journal_writer *w);

enum journal_answer { JOURNAL_HOLD, JOURNAL_GO, JOURNAL_REFUSE };
/*
 * What to do with the request whose record has this sequence (0 too), by what is durable,
 * sync and policy. Ask until it is not HOLD; then only once, as it counts.
 */
enum journal_answer journal_answer(struct journal_writer *w, uint64_t sequence);

/* Readable when journal_synced() or journal_is_failing() may have changed. For edge
 * triggered events: nothing need be read from it. Close nothing. */
int journal_fd(const struct journal_writer *w);
/* Everything up to this sequence is on disk. */
uint64_t journal_synced(const struct journal_writer *w);
bool journal_is_failing(const struct journal_writer *w);
/* To be called about once a second: notices a disk that does not fail but hangs, which is
 * then failing as well. True while it is; ask journal_answer() again for those held. */
bool journal_tick(struct journal_writer *w);

/*
 * The reader has stored everything up to `sequence` for good: older segments may go once
 * they are older than keep_ms. One that was never given out means that the folder was
 * put back from an older copy: numbers go on behind it, lest new records hide there.
 */
void journal_release(struct journal_writer *w, uint64_t sequence);

/* Since journal_open(). */
struct journal_stats {
	uint64_t added, bytes;   /* taken */
	uint64_t synced;         /* = journal_synced() */
	uint64_t batches, syncs; /* writes and fdatasyncs that succeeded */
	uint64_t segments_made, segments_removed;
	uint64_t lost;       /* not taken, and the policy was to answer */
	uint64_t refused;    /* not taken, and the policy was to refuse; or given up */
	uint64_t at_risk;    /* answered before they were on disk, as it failed */
	uint64_t failures;   /* attempts that failed */
	uint64_t recovered;  /* records found at the start and made durable */
	uint64_t torn_bytes; /* found at the start and left aside */
	int64_t failing_since;   /* clock_now() of the first failure; 0: it works */
	int error;               /* errno of the last failure */
	const char *failed_call; /* "fdatasync", …: what failed last; NULL: nothing */
};
void journal_stats_get(const struct journal_writer *w, struct journal_stats *out);

/* Writes what was added (one attempt where it fails), ends the thread, gives back the
 * number of records that did not reach the disk. NULL is allowed. */
uint64_t journal_close(struct journal_writer *w);
