/*
 * A look at a letter before GMime sees it: does it have more parts, header fields,
 * bytes of header or levels than the limits allow? GMime makes objects for all it meets
 * and cannot be stopped, so what comes from outside is bounded here, by one pass over
 * the lines.
 *
 * The quick pass takes every line that begins with "--" for a boundary, which never
 * counts too few. Only a letter that it finds too large is read again with the
 * boundaries that are open at each line (RFC 2046 §5.1).
 */
#pragma once

#include "mime/letter.h"

NODISCARD bool letter_scan_limits(struct str bytes, const struct letter_limits *limits,
                                  struct err *err);
/* Takes a line off the front of *rest, its line end included; false at the end. */
bool letter_cut_line(struct str *rest, struct str *line);
/* Whether the line holds nothing but its end. */
bool letter_line_is_empty(struct str line);
