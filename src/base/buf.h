/*
 * A growing byte buffer with a maximum from its creation. Text that is built piece by
 * piece (a record value, a page of output) goes here; crossing the maximum sets
 * `overflowed` and drops what does not fit, so that a builder checks once, at its end.
 *
 *	AUTO(buf) b = {.max = 64 * 1024};
 *	buf_printf(&b, "%d", 5);
 *	buf_add(&b, STR(" sheep"));
 *	fwrite(b.p, 1, b.n, stdout);
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap;
	size_t max; /* no more bytes than this; set it before the first use */
	bool overflowed;
};

void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF(2, 3);
/* Room for `n` bytes at least behind what is in it, or NULL where the maximum is in the
 * way; all the room is cap - n. Who writes there adds to b->n: for read(). */
char *buf_room(struct buf *b, size_t n);
/* What is in it; valid until the next change. */
struct str buf_str(const struct buf *b);
/* Empties it and keeps the memory. */
void buf_reset(struct buf *b);
void buf_done(struct buf *b);
