/* Text as HTML: what is special is escaped, so that no text can become markup. */
#pragma once

#include "base/buf.h"

/* The text with & < > " and ' as character references; fit for content and for quoted
 * attribute values. */
void markup_add(struct buf *b, struct str text);
/* Paragraphs, which empty lines part, each in <p>. */
void markup_add_paragraphs(struct buf *b, struct str text);
