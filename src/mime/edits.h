/*
 * Edits: how a text is changed without being modified. Each replaces a range of the
 * original's bytes; applying them gives the pieces of the new text, of which those
 * between the edits are views into the original. So bytes that no edit touches stay
 * identical by construction, and no edits give the original back.
 *
 *	struct edits e = {0};
 *	edits_add(&a, &e, 10, 14, STR("new"));	(bytes 10 to 13 go)
 *	edits_add(&a, &e, 20, 20, STR("ins"));	(before byte 20)
 *	struct iov out = {0};
 *	edits_apply(&a, &e, original, &out);
 *
 * Edits may be added in any order; they must not overlap. Insertions at one place come
 * out in the order they were added, before a replacement that begins there.
 */
#pragma once

#include "base/iov.h"

struct edit {
	size_t start, end;
	struct str text;
	size_t order; /* of adding */
};

struct edits {
	struct edit *v;
	size_t n, cap;
	bool is_unsorted;
};

/* Replaces start … end-1; the text is lent until the result is no longer used. */
void edits_add(struct arena *a, struct edits *e, size_t start, size_t end,
               struct str text);
/* Brings them into the order of the text. Two that overlap are a bug: aborts. */
void edits_sort(struct edits *e);
/* Sorts, and adds the pieces of the new text to `out`. */
void edits_apply(struct arena *a, struct edits *e, struct str original,
                 struct iov *out);
/* The same for bytes from … to-1 of the original, where no edit crosses the borders;
 * insertions at both of them count. */
void edits_apply_range(struct arena *a, struct edits *e, struct str original,
                       size_t from, size_t to, struct iov *out);
