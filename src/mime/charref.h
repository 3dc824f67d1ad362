/*
 * Character references of HTML (WHATWG HTML §13.2.5.72 to 80): what `&amp;`, `&#38;`
 * and `&amp` stand for, as a tokenizer reads them, faults included.
 *
 *	struct charref ref;
 *	size_t n = charref_parse(STR("&eacute;t"), false, &ref);
 *	(n is 8, ref.text is "é" in UTF-8)
 *
 * Named references are the longest of the 2231 names that fits, some without a final
 * semicolon. In an attribute such a one counts only where no letter, digit or '='
 * follows, so that the "&copy=1" of a query stays what it is.
 */
#pragma once

#include "base/str.h"

enum { CHARREF_TEXT_MAX = 8 };

struct charref {
	char text[CHARREF_TEXT_MAX]; /* UTF-8, one or two code points */
	size_t n;
};

/* How many bytes at the front of `s`, which begins with '&', are a reference; 0 where
 * they are none and stand for themselves. */
size_t charref_parse(struct str s, bool in_attribute, struct charref *out);
