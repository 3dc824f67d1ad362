/*
 * The writer's two halves. The loop adds to a ring and publishes how far; the thread
 * writes from there, and gives the room back once it is on disk. Nothing else is shared
 * but single numbers. Positions in the ring are bytes since the start and never wrap.
 */
#pragma once

#include "base/arena.h"
#include "journal/folder.h"
#include "journal/recover.h"
#include "journal/writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	JOURNAL_LINE = 64, /* of a cache */
	JOURNAL_NEW_FLAGS = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW,
	JOURNAL_MODE = 0640, /* the folder's group reads */
	/* Larger batches spread what a sync costs over many records: none is written
	 * twice, first as zeros. */
	JOURNAL_ZEROS_BATCH_MAX = 32 * 1024,
};

/* The thread's word: what the loop does to wake it. */
enum journal_sleep { JOURNAL_AWAKE, JOURNAL_ASLEEP, JOURNAL_ASLEEP_DEAF };

/* The thread's own, told to the loop as they are. */
struct journal_counts {
	_Atomic uint64_t batches, syncs, made, removed, failures, recovered, torn_bytes;
};

struct journal_thread {
	int folder, state, fd, spare; /* -1: not open */
	bool is_recovered;
	bool is_state_old;     /* the mark is not written yet */
	bool is_prewrite_over; /* there was no room for zeros in this segment … */
	bool is_spare_over;    /* … or for the next one */
	struct journal_recovery recovery;
	uint64_t segment; /* its first sequence */
	uint64_t offset;  /* where the next batch goes … */
	uint64_t durable_offset;
	uint64_t zeros_to; /* … and how far zeros stand there */
	uint64_t spare_to, spare_pushed;
	uint64_t tail, written; /* positions in the ring: durable, written */
	uint64_t written_sequence, durable;
	uint64_t oldest_end; /* where the oldest segment ends; 0: unknown */
	int64_t retain_at;   /* monotonic: the oldest is too young until then */
	int64_t synced_at;   /* monotonic */
	int64_t mark_at;     /* not before */
	const char *call;    /* that is being made */
	struct arena scratch;
};

struct journal_writer {
	struct arena arena;
	struct journal_options options;
	int wake; /* eventfd */
	pthread_t handle;
	char *ring;
	uint64_t mask; /* size of the ring - 1 */

	alignas(JOURNAL_LINE) uint64_t head; /* the loop's */
	uint64_t handed;
	uint64_t tail_seen;
	uint64_t next;  /* sequence; 0: not recovered yet */
	uint64_t floor; /* and then above this */
	uint32_t seed;
	bool is_stalled;
	uint64_t added, bytes, lost, refused, at_risk;

	alignas(JOURNAL_LINE) _Atomic uint64_t published; /* loop to thread */
	_Atomic uint64_t released;
	_Atomic bool stop;

	alignas(JOURNAL_LINE) _Atomic uint32_t sleep; /* both */

	alignas(JOURNAL_LINE) _Atomic uint64_t tail; /* thread to loop */
	_Atomic uint64_t synced;
	_Atomic uint64_t first_next; /* 0 until recovered */
	_Atomic uint64_t folder_id;
	_Atomic int64_t failing_since; /* clock_now(), 0: sound */
	_Atomic int64_t busy_since;    /* monotonic, 0: idle */
	_Atomic int error;
	_Atomic(const char *) failed_call;
	struct journal_counts counts;

	alignas(JOURNAL_LINE) struct journal_thread t; /* the thread's alone */
};

/* How long the record at a position of the ring is, with its head. */
uint64_t journal_ring_record(const struct journal_writer *w, uint64_t at);
/* The body of the thread. */
void *journal_thread_run(void *arg);
/* Wakes the thread from JOURNAL_ASLEEP; with `deaf` from every sleep. */
void journal_thread_wake(struct journal_writer *w, bool deaf);
/* One attempt to recover and to begin a segment, before there is a thread. */
void journal_thread_begin(struct journal_writer *w);

/* Opens the segment that follows all that is durable, with what is carried. */
NODISCARD bool journal_segment_begin(struct journal_writer *w);
/* No more goes into this one; its end is cut where the durable records end. */
void journal_segment_end(struct journal_writer *w);
/* Writes the mark where it changed. */
void journal_mark(struct journal_writer *w);
/* Removes segments whose time has come. */
void journal_retain(struct journal_writer *w);

/*
 * The spare: zeros that become the next segment, so that its syncs find their blocks and
 * need not wait for the file system's own records. It grows behind the batches of the
 * segment before, a little each time and never waiting for the disk, and is ready when
 * that one is full. Without one a segment is made empty.
 */
/* Writes at most a mebibyte of zeros there, in one call. */
NODISCARD bool journal_zeros(struct journal_writer *w, int fd, uint64_t at, uint64_t n);
/* Behind a batch of so many bytes. */
void journal_spare_grow(struct journal_writer *w, uint64_t batch);
/* The descriptor, -1: there is none; *zeros_to: how far it reaches. */
int journal_spare_take(struct journal_writer *w, uint64_t *zeros_to);
/* Gives its room back, errno kept; there is none again in this segment. */
void journal_spare_drop(struct journal_writer *w);
