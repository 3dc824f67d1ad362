/*
 * What the scanner of links knows about elements: which attribute is a link and whether
 * a person follows it, and in which state the tokenizer reads an element's content
 * (WHATWG HTML §13.2.6.4, "in body", scripting off).
 *
 * Foreign content (svg, math) is followed by its start and end tags alone, no tree is
 * built: there nothing switches the state, and CDATA sections exist. It ends at its end
 * tag or at a start tag that cannot stand in it (§13.2.6.5).
 */
#pragma once

#include "mime/html.h"

struct html_element {
	struct str name;         /* as it is reported: "img" for image */
	struct str attribute;    /* that is a link; empty where none is */
	bool is_followed;        /* by a person; else it is loaded */
	enum html_state content; /* HTML_DATA: nothing special */
};

/* NULL for an element without a link or a special content. Any case. */
const struct html_element *html_element_find(struct str name);

enum { HTML_FOREIGN_DEPTH_MAX = 128 };

/* The open svg and math elements, and the elements in them that hold HTML again. */
struct html_foreign {
	unsigned char open[HTML_FOREIGN_DEPTH_MAX];
	size_t n;
};

/* Whether what comes next is read as foreign content. */
bool html_is_foreign(const struct html_foreign *f);
/* Takes note of a start tag that was read. True where the element is a foreign one. */
bool html_foreign_start(struct html_foreign *f, struct str name, bool is_self_closing);
void html_foreign_end(struct html_foreign *f, struct str name);
