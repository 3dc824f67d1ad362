/* The parts of the arena that do not depend on where its memory comes from. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	need(!__builtin_mul_overflow(n, size, &total));
	return arena_alloc(a, total);
}

struct str arena_dup(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (struct str){p, s.n};
}

const char *arena_cstr(struct arena *a, struct str s)
{
	return arena_dup(a, s).p;
}

/* Most texts are short: they are formatted once, on the stack, and copied. */
struct str arena_printf(struct arena *a, const char *format, ...)
{
	char small[512];
	va_list args;
	char *p;
	int n;

	va_start(args, format);
	n = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	need(n >= 0);
	if ((size_t)n < sizeof(small))
		return arena_dup(a, (struct str){small, (size_t)n});
	p = arena_bytes(a, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(p, (size_t)n + 1, format, args);
	va_end(args);
	return (struct str){p, (size_t)n};
}

struct str arena_words(struct arena *a, const struct str_list *list)
{
	struct str text = STR_NONE;

	for (size_t i = 0; i < list->n; i++)
		text = arena_printf(a, "%.*s%s%.*s", STR_ARG(text), i ? " " : "",
		                    STR_ARG(list->v[i]));
	return text;
}

struct str arena_join(struct arena *a, struct str left, struct str right)
{
	char *p = arena_bytes(a, left.n + right.n + 1);

	if (left.n)
		memcpy(p, left.p, left.n);
	if (right.n)
		memcpy(p + left.n, right.p, right.n);
	p[left.n + right.n] = 0;
	return (struct str){p, left.n + right.n};
}

struct str arena_lower(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = char_lower(s.p[i]);
	p[s.n] = 0;
	return (struct str){p, s.n};
}

void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	size_t old = *cap * size;
	char *bigger;

	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 4;
	if (old && arena_extend(a, v, old, *cap * size))
		return v;
	need(!__builtin_mul_overflow(*cap, size, &old));
	bigger = arena_alloc(a, old);
	if (n)
		memcpy(bigger, v, n * size);
	return bigger;
}
