/*
 * Invariants that stay on in every build, and the attributes all headers use.
 *
 * need(expr) is for what can only be false through a bug of ours: it prints the place
 * and aborts, since going on with a broken invariant would be worse than a restart.
 * Bad input is never a need(): it is an error (err.h) or a value.
 */
#pragma once

#include <stddef.h>

#define NODISCARD    __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define LEN(array)   (sizeof(array) / sizeof((array)[0]))

#define need(expr) ((expr) ? (void)0 : need_failed(#expr, __FILE__, __LINE__))

/* Says what was broken and where on standard error; never returns. */
_Noreturn void need_failed(const char *expr, const char *file, int line);
