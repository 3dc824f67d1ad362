/*
 * What DNS panels and clipboards do to a text on its way into a record, and how to undo
 * it. A mangling is a hypothesis: it holds where undoing exactly it makes the value
 * serve, which the caller decides.
 *
 *	mangle_undo(&a, STR("\"v=DMARC1\\; p=none\""), MANGLING_QUOTES | MANGLING_ESCAPES)
 *	  v=DMARC1; p=none
 *
 * Bytes are looked at, not characters: a zone may hold typographic quotes as UTF-8 or
 * as Windows-1252.
 */
#pragma once

#include "dns/answer.h"

/* In the order in which they are to be named. */
enum mangling {
	MANGLING_QUOTES = 1,  /* " or ' inside, with the blank between two strings */
	MANGLING_SMART = 2,   /* typographic quotation marks */
	MANGLING_ESCAPES = 4, /* a backslash in front of a semicolon */
	MANGLING_LEADING = 8, /* white space in front */
	MANGLING_BLANKS = 16, /* line breaks, no-break and zero-width spaces */
	MANGLING_ALL = 31,
};

enum { MANGLE_PIECES_MAX = 16 };

/* The text from the first byte on that is none of the above; a view. */
struct str mangle_skip(struct str text);
/* The text with these kinds undone; of MANGLING_BLANKS one space remains. */
struct str mangle_undo(struct arena *a, struct str text, unsigned kinds);
/* The text without any white space at all. */
struct str mangle_squeeze(struct arena *a, struct str text);
/*
 * Whether two or more of the TXT records, joined in some order, make the value; white
 * space and mangling are looked through, and of a tag list the p= is enough. Gives how
 * many, their indexes in order; or 0.
 */
size_t mangle_pieces(struct arena *a, const struct dns_records *txt, struct str value,
                     size_t order[MANGLE_PIECES_MAX]);
