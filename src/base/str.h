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

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_INIT(literal)                                                              \
	{                                                                              \
		(literal), sizeof(literal) - 1                                         \
	}
#define STR_ARG(s) ((int)(s).n), ((s).n ? (s).p : "")
#define STR_NONE   ((struct str){NULL, 0})

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

/* The part from offset `from` on, or `n` bytes of it; both are cut to what is there. */
struct str str_from(struct str s, size_t from);
struct str str_slice(struct str s, size_t from, size_t n);

/* Without blanks (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);

/*
 * Takes the part up to `sep` off the front of *rest into *head; at the end the whole
 * rest. False once nothing is left: "a;b" gives a, b; "a;" gives a and then "".
 * `rest->p` becomes NULL after the last part.
 */
bool str_cut(struct str *rest, char sep, struct str *head);
/* Takes the next word, between blanks, off the front; false where there is none. */
bool str_cut_word(struct str *rest, struct str *word);

/* Decimal digits only, the whole view, at most `max`; false leaves *out alone. */
NODISCARD bool str_parse_uint(struct str s, uint64_t max, uint64_t *out);

/* ASCII classes, whatever the locale says. */
bool char_is_digit(char c);
bool char_is_alpha(char c);
bool char_is_alnum(char c);
bool char_is_hex(char c);
bool char_is_blank(char c);
char char_lower(char c);
/* 0..15 of a hexadecimal digit; the character must be one. */
int char_hex(char c);
