/* Text for people as the commands print it: colour where it is wanted, lines that are
 * wrapped, long values cut in the middle. */
#pragma once

#include "base/arena.h"

#include <stdio.h>

/* Where the text goes and how. */
struct page {
	FILE *out;
	bool colour;
	struct arena *a;
};

/* The text in a colour (an SGR code), where the page has colours. */
void page_paint(const struct page *p, const char *sgr, const char *text);
/* Text in lines of at most 78 columns, each after `indent` blanks but for the first,
 * which goes on where the line stands. Ends the last line. */
void page_wrapped(const struct page *p, struct str text, int indent);
/* The value, cut in the middle where it is long: keys differ at their ends. */
struct str page_short(struct arena *a, struct str value);
