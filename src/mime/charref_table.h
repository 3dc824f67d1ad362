/* The shape of the table that tools/charrefs makes: all named character references of
 * HTML, sorted by the bytes of their names, as they stand after the ampersand. */
#pragma once

#include "base/str.h"

struct charref_row {
	uint16_t name_at; /* in charref_names */
	uint8_t name_len; /* the final ';' included, where there is one */
	uint16_t second;  /* the second code point, 0 where there is none */
	uint32_t first;
};

extern const char charref_names[];
extern const struct charref_row charref_rows[];
extern const size_t charref_row_count;
/* The first row whose name begins with this ASCII character or a later one. */
extern const uint16_t charref_starts[129];
