/* What the files of the tokenizer call in each other. Each looks at h->at and returns
 * whether there is a token; where not, h->at has moved on (or the state changed). */
#pragma once

#include "mime/html.h"

/* html_markup.c: "<!" */
bool html_declaration(struct html *h);
/* html_markup.c: a comment that is none; its data begins at `data` and ends at '>'. */
bool html_bogus_comment(struct html *h, size_t data);
/* html_text.c: where the text of RCDATA, RAWTEXT or script data ends: at the end tag of
 * last_start_tag or at the end of the document. */
size_t html_text_end(const struct html *h);
size_t html_cdata_end(const struct html *h, size_t *next);
/* The offset of the next c from `from` on, or the end of the text. */
size_t html_find(const struct html *h, size_t from, char c);
