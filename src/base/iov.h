/*
 * A sequence of byte pieces that together are one text: what editing a letter gives,
 * what DKIM hashes and what writev() sends, without the bytes ever being copied
 * together. The pieces are lent; they live in the letter, an arena or a literal.
 *
 *	struct iov out = {0};
 *	iov_add(&a, &out, STR("X-Spam: no\r\n"));
 *	iov_add(&a, &out, letter);
 */
#pragma once

#include "base/arena.h"

#include <sys/uio.h>

struct iov {
	struct iovec *v;
	size_t n, cap;
};

/* Adds a piece at the end; an empty one is left out. */
void iov_add(struct arena *a, struct iov *iov, struct str piece);
/* Adds all pieces of another. */
void iov_add_all(struct arena *a, struct iov *iov, const struct iov *more);
struct str iov_piece(const struct iov *iov, size_t i);
/* Bytes in all pieces. */
size_t iov_len(const struct iov *iov);
/* All bytes in one piece: the only one as it is, several copied into the arena. */
struct str iov_join(struct arena *a, const struct iov *iov);
