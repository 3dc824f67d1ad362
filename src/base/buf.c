#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	if (b->overflowed || more > b->max - b->n) {
		b->overflowed = true;
		return false;
	}
	while (cap - b->n < more)
		cap *= 2;
	if (cap != b->cap) {
		b->p = realloc(b->p, cap);
		need(b->p != NULL);
		b->cap = cap;
	}
	return true;
}

void buf_add(struct buf *b, struct str s)
{
	if (s.n == 0 || !make_room(b, s.n))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

char *buf_room(struct buf *b, size_t n)
{
	return make_room(b, n) ? b->p + b->n : NULL;
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, (struct str){&c, 1});
}

void buf_printf(struct buf *b, const char *format, ...)
{
	AUTO(arena) scratch = {0};
	va_list args;
	char small[256];
	int n;
	char *p = small;

	va_start(args, format);
	n = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	need(n >= 0);
	if ((size_t)n >= sizeof(small)) {
		p = arena_alloc(&scratch, (size_t)n + 1);
		va_start(args, format);
		vsnprintf(p, (size_t)n + 1, format, args);
		va_end(args);
	}
	buf_add(b, (struct str){p, (size_t)n});
}

struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->overflowed = false;
}

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}
