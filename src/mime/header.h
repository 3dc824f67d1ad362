/*
 * Changes of a letter's header as edits: fields set, added and removed, all others
 * untouched to the byte. New fields are folded at blanks (RFC 5322 §2.2.3), 78 characters
 * a line where possible and never more than 998 (§2.1.1); text that is not ASCII is
 * encoded (RFC 2047).
 *
 *	struct header_change change = {HEADER_SET, STR("List-Unsubscribe-Post"),
 *	                               STR("List-Unsubscribe=One-Click")};
 *	if (!header_edit(&a, &letter, &change, &edits, &err)) …
 */
#pragma once

#include "mime/edits.h"
#include "mime/letter.h"

enum {
	HEADER_LINE_ADVISED = 78,
	HEADER_LINE_MAX = 998,
};

enum header_verb {
	HEADER_SET, /* the only one of its name: replaces the first, removes others */
	HEADER_ADD, /* one more, behind all fields */
	HEADER_REMOVE, /* all of its name */
};

struct header_change {
	enum header_verb verb;
	struct str name;
	struct str value; /* unfolded, UTF-8, no line ends */
};

/* Adds the edits of one change; of one name there may be only one HEADER_SET or
 * HEADER_REMOVE. ERR_INPUT where name or value cannot stand in a header. */
NODISCARD bool header_edit(struct arena *a, const struct letter *letter,
                           const struct header_change *change, struct edits *edits,
                           struct err *err);
/* The folded field with its final line end. */
NODISCARD bool header_format(struct arena *a, struct str name, struct str value,
                             struct str eol, struct str *out, struct err *err);
