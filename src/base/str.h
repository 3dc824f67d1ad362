/*
 * struct str: a view of bytes, the one string type of Signet.
 *
 * A view never owns: it points into a literal, an arena or an input buffer, which must
 * live longer. The bytes need not be text and need not end with NUL. An empty view is
 * {NULL or any, 0}.
 *
 *	struct str head, rest = STR("k=rsa; p=abc");
 *	while (str_cut(&rest, ';', &head))
 *		use(str_trim(head));
 *	printf("%.*s", STR_ARG(head));
 *
 * "nocase" means ASCII letters only, as DNS (RFC 4343) and the tag lists of mail
 * (RFC 6376 §3.2) define it.
 */
#pragma once

#include "base/need.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

/* Several; grows in an arena by ARRAY_ADD. */
struct str_list {
	struct str *v;
	size_t n, cap;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_INIT(literal)                                                              \
	{                                                                              \
		(literal), sizeof(literal) - 1                                         \
	}
#define STR_ARG(s) ((int)(s).n), ((s).n ? (s).p : "")
#define STR_NONE   ((struct str){NULL, 0})

/* The part from offset `from` on, or `n` bytes of it; both are cut to what is there. */
static inline struct str str_from(struct str s, size_t from)
{
	if (from >= s.n)
		return (struct str){s.n ? s.p + s.n : s.p, 0};
	return (struct str){s.p + from, s.n - from};
}

static inline struct str str_slice(struct str s, size_t from, size_t n)
{
	s = str_from(s, from);
	if (s.n > n)
		s.n = n;
	return s;
}

/* ASCII classes, whatever the locale says. */
static inline bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool char_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool char_is_alnum(char c)
{
	return char_is_digit(c) || char_is_alpha(c);
}

static inline bool char_is_hex(char c)
{
	return char_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline bool char_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* 0..15 of a hexadecimal digit; the character must be one. */
int char_hex(char c);

/* A view of a C string; NULL gives the empty view. */
struct str str_c(const char *c);

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);
/* Order by bytes, then by length; for qsort and sorted tables. */
int str_cmp(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_ends_nocase(struct str s, struct str suffix);

/* Offset of the first occurrence, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_find_nocase(struct str s, struct str needle);
ptrdiff_t str_find_char(struct str s, char c);
/* Offset of the first `first` that is followed by `second`, or -1; made for long texts
 * where the pair is rarer than either. */
ptrdiff_t str_find_pair(struct str s, char first, char second);

/* Whether every byte is below 0x80. */
bool str_is_ascii(struct str s);

/* Without blanks (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);

/*
 * Takes the part up to `sep` off the front of *rest into *head; at the end the whole
 * rest. False once nothing is left, *head is then empty: "a;b" gives a, b; "a;" gives a
 * and then "". `rest->p` becomes NULL after the last part.
 */
bool str_cut(struct str *rest, char sep, struct str *head);
/* Takes the next word, between blanks, off the front; false where there is none. */
bool str_cut_word(struct str *rest, struct str *word);

/* How many bytes to add, drop or change to come from one to the other: to find the name
 * that was meant. SIZE_MAX where one is longer than a name would be. */
size_t str_distance(struct str x, struct str y);

/* Decimal digits only, the whole view, at most `max`; false leaves *out alone. */
NODISCARD bool str_parse_uint(struct str s, uint64_t max, uint64_t *out);
