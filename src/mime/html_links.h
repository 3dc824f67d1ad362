/*
 * The links of an HTML document as it stands in a letter, found by the tokenizer
 * (html.h) with their byte ranges; nothing is built, nothing re-serialised.
 *
 *	struct html_scan scan;
 *	html_scan(&a, html, &rules, &scan);
 *	for (size_t i = 0; i < scan.links.n; i++)
 *		if (scan.links.v[i].why == LINK_TRACKABLE) …
 *
 * The bytes must be ASCII-compatible: every byte below 0x80 outside multi-byte
 * characters means that ASCII character.
 */
#pragma once

#include "base/buf.h"
#include "mime/link.h"

struct html_scan {
	struct links links; /* in document order */
	/* Where a pixel or footer goes: before the last real </body>, else before the
	 * last </html>, else the end of the document; but before a tag, comment or
	 * element without markup that is left open there. */
	size_t body_end;
	bool has_too_many; /* more than LINKS_MAX: the rest is not listed */
};

/* Values are views of the document where nothing had to be decoded, else in `a`. */
void html_scan(struct arena *a, struct str html, const struct link_rules *rules,
               struct html_scan *out);
/* A target as the text of an attribute value: & and whatever would end the value in
 * this kind of quotes become character references. The view itself where none is. */
struct str html_attribute(struct arena *a, struct str target, char quote);
