/*
 * Arena: memory of one job (a letter, a request, a check) that is freed as a whole.
 *
 * Everything a job makes lives in its arena; there is no free of single pieces. Out of
 * memory aborts, so no result is ever NULL. Sanitizer builds link arena_malloc.c, which
 * gives every piece its own allocation, so that an overrun is seen.
 *
 *	AUTO(arena) a = {0};
 *	struct thing *t = ARENA_NEW(&a, struct thing);	(zeroed)
 *	struct str s = arena_printf(&a, "%s-%d", name, 3);
 *
 * A limit may be set: crossing it aborts like out of memory, since each size that comes
 * from outside is bounded before memory is asked for.
 */
#pragma once

#include "base/need.h"
#include "base/str.h"

#include <stdalign.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes taken from the newest block */
	size_t total;               /* bytes handed out since init or reset */
};

/* Cleanup at the end of the scope: AUTO(arena) a = {0}; calls arena_done(&a). */
#define AUTO(type) __attribute__((cleanup(type##_done))) struct type

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc));
/* The same, not zeroed: for bytes that are all about to be written. */
void *arena_bytes(struct arena *a, size_t size) __attribute__((malloc));
/* Makes the piece that was handed out last longer where it stands, the new bytes zeroed;
 * false where it was not the last or there is no room. */
bool arena_extend(struct arena *a, const void *p, size_t size, size_t new_size);
/* Takes over `n` bytes that malloc() gave. */
void arena_take(struct arena *a, void *p, size_t n);
/* n × size zeroed bytes; an overflow of the product aborts. */
void *arena_array(struct arena *a, size_t n, size_t size) __attribute__((malloc));

/* A copy with a NUL behind it, so that `.p` also serves as a C string. */
struct str arena_dup(struct arena *a, struct str s);
const char *arena_cstr(struct arena *a, struct str s);
/* Formatted text; a NUL stands behind it. */
struct str arena_printf(struct arena *a, const char *format, ...) PRINTF(2, 3);
/* The entries, a blank between two. */
struct str arena_words(struct arena *a, const struct str_list *list);
/* The bytes of both, in order. */
struct str arena_join(struct arena *a, struct str left, struct str right);
/* ASCII letters lowered. */
struct str arena_lower(struct arena *a, struct str s);

/* Forgets everything and keeps at most one block for the next job. */
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

/*
 * Growing array in an arena: ARRAY_ADD(&list, a) is a new zeroed element at the end of
 * a struct { T *v; size_t n, cap; }. Earlier elements may move.
 */
#define ARRAY_ADD(list, a)                                                             \
	((list)->v = arena_grow((a), (list)->v, (list)->n, &(list)->cap,               \
	                        sizeof(*(list)->v)),                                   \
	 &(list)->v[(list)->n++])

/* For ARRAY_ADD: room for one more of `size` bytes. */
void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size);
