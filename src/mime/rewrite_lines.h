/*
 * Line lengths while a text in an identity encoding is edited. Lines of mail have at most
 * 998 characters (RFC 5322 §2.1.1) and a 7bit or 8bit part has no soft breaks, so a longer
 * link may need a line break beside it: in HTML inside the tag, before the attribute or
 * behind its value, where white space means nothing; in text at a blank that is there,
 * beside the link or the brackets around it.
 * A line that was too long before is nobody's promise and gets no breaks.
 *
 * Edits must come in the order of the text.
 */
#pragma once

#include "mime/edits.h"
#include "mime/link.h"

/* A line of the text: where it ends, and the next begins. */
struct rewrite_line {
	size_t start, end, next;
};

struct rewrite_lines {
	struct str text;
	struct str eol; /* what a break is; with delsp=yes it begins with the blank that
	                   goes when lines are joined (RFC 3676 §4.2) */
	bool is_html;
	bool is_free;      /* no limit: the encoding breaks lines softly */
	size_t written_to; /* in text: what is before has its final form */
	size_t column;     /* of the output there */
	size_t free_to;    /* in text: where another change begins behind the link */
	struct rewrite_line line; /* the last that was looked at */
};

/* Replaces the link by `target` and adds the breaks that it takes. False where no break
 * can be placed: then nothing is changed. */
bool rewrite_lines_link(struct arena *a, struct rewrite_lines *lines,
                        const struct link *link, struct str target,
                        struct edits *edits);
/* Replaces any other piece; the break goes before it, and one behind it where it must. */
void rewrite_lines_piece(struct arena *a, struct rewrite_lines *lines, size_t start,
                         size_t end, struct str text, struct edits *edits);
