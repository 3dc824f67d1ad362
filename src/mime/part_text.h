/*
 * The text of one part, ready to be searched: transfer encoding and, where it must be,
 * charset undone; and the way back, by which edits of that text become edits of the
 * letter. What cannot go both ways without a loss is not opened at all.
 */
#pragma once

#include "mime/rewrite.h"
#include "mime/transfer.h"

struct part_text {
	const struct letter_part *part;
	struct transfer transfer;
	struct str text;
	const char *charset; /* that `text` was converted from; NULL: it was not */
};

enum rewrite_skip part_text_open(struct arena *a, const struct letter *letter,
                                 const struct letter_part *part, struct part_text *out);
/* Turns edits of the text into edits of the letter. */
void part_text_close(struct arena *a, const struct letter *letter,
                     struct part_text *text, struct edits *wanted, struct edits *out);
/* UTF-8 text in the form that may be inserted into this part's text: what its charset
 * or a 7bit encoding cannot hold becomes '?'. */
struct str part_text_insert(struct arena *a, const struct part_text *text,
                            struct str utf8);
