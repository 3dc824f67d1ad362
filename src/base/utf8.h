/* UTF-8 (RFC 3629): checking bytes, and making text that may be shown or put in JSON
 * out of bytes that come from anywhere. */
#pragma once

#include "base/arena.h"

/* Length of the well-formed sequence at the front (1–4), or 0. */
size_t utf8_length(struct str s);
bool utf8_is_valid(struct str s);
/* The text behind a byte order mark, which some editors put in front of it. */
struct str utf8_skip_mark(struct str s);
/* The same text, with every byte that is not well-formed UTF-8, and every control
 * character, written as a decimal escape \ddd as in zone files. */
struct str utf8_printable(struct arena *a, struct str s);
/* Columns the text takes on a terminal: code points, a fair measure for record data. */
size_t utf8_columns(struct str s);
