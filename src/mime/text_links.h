/*
 * URLs in plain text, as mail programs make them clickable: from "http://" or "https://"
 * at the beginning of a word to the next blank, without the punctuation that belongs to
 * the sentence. Between angle brackets a URL may run over a line end (RFC 3986 appendix
 * C), and in text/plain with format=flowed and delsp=yes over a soft one (RFC 3676 §4.2).
 */
#pragma once

#include "mime/link.h"

struct text_form {
	bool is_utf8;  /* characters beyond ASCII may be part of a URL */
	bool is_delsp; /* a blank at the end of a line joins it with the next */
};

/* Adds the links in order. Values are views of the text, or in `a` where lines had to be
 * joined. Stops behind LINKS_MAX. */
void text_links(struct arena *a, struct str text, struct text_form form,
                const struct link_rules *rules, struct links *out);
