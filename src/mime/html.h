/*
 * A tokenizer of HTML (WHATWG HTML §13.2.5) over one read-only buffer: it says where
 * tags, attributes, texts and comments stand, and copies nothing. What is a tag here is
 * a tag for a browser, on any bytes, and there are no errors.
 *
 * The one idea: a tag is given once its name is read, and its attributes are pulled one
 * by one. Who does not want them just goes on. So no token needs memory, whatever its
 * size, and the time is linear in the document.
 *
 *	struct html h = html_init(text);
 *	while (html_next(&h))
 *		if (h.token.kind == HTML_START_TAG)
 *			while (html_next_attr(&h, &attr))
 *				use(html_str(&h, attr.name), attr.value.start);
 *
 * A document may end inside a tag; then there was none. html_end_tag() tells, so a
 * caller that acts on attributes undoes it where that says false.
 *
 * Ranges are of raw bytes: CR LF not yet LF, NUL not yet U+FFFD, references not decoded,
 * letters as written; html_decode() does all that. Which start tags switch to another
 * state is the parser's knowledge, not the tokenizer's: the caller sets `state`.
 */
#pragma once

#include "base/arena.h"

/* name, its name in the standard and in tests */
#define HTML_STATES(X)                                                                 \
	X(HTML_DATA, "Data state")                                                     \
	X(HTML_RCDATA, "RCDATA state")                                                 \
	X(HTML_RAWTEXT, "RAWTEXT state")                                               \
	X(HTML_SCRIPT, "Script data state")                                            \
	X(HTML_PLAINTEXT, "PLAINTEXT state")                                           \
	X(HTML_CDATA, "CDATA section state")

enum html_state {
#define X(name, words) name,
	HTML_STATES(X)
#undef X
};

enum html_kind {
	HTML_TEXT, /* several may follow each other */
	HTML_START_TAG,
	HTML_END_TAG,
	HTML_COMMENT,
	HTML_DOCTYPE,
};

struct html_range {
	size_t start, end;
};

struct html_attr {
	struct html_range name;
	struct html_range value; /* without its quotes; empty behind the name if none */
	char quote;              /* '"', '\'', 0 where there is none */
	bool has_value;          /* an equals sign */
};

struct html_doctype {
	bool has_name, has_public, has_system, is_quirky;
	struct html_range public_id, system_id;
};

struct html_token {
	enum html_kind kind;
	enum html_state state;  /* of a text: the one it was read in */
	size_t start, end;      /* of a tag: `end` is known at its end */
	struct html_range name; /* of a tag or DOCTYPE */
	struct html_range data; /* of a comment */
	bool is_self_closing;   /* of a tag, at its end */
	struct html_doctype doctype;
};

struct html {
	struct str text;
	size_t at;                 /* where the next token begins */
	enum html_state state;     /* the caller may set it after a start tag */
	struct str last_start_tag; /* any case; ends RCDATA, RAWTEXT and script data */
	bool allows_cdata;         /* in foreign content: svg, math */
	bool skips_text;           /* texts are not given */
	bool is_in_tag;
	struct html_token token;
};

/* Begins at the front in the data state. The text is lent. */
struct html html_init(struct str text);
/* The next token; false at the end. Skips what is left of a tag that was given. */
bool html_next(struct html *h);
/* The next attribute of the tag that was given, duplicates too; false at its end. */
bool html_next_attr(struct html *h, struct html_attr *attr);
/* Skips the attributes that are left. False where the document ends inside the tag,
 * which then counts for nothing. */
bool html_end_tag(struct html *h);

static inline struct str html_str(const struct html *h, struct html_range range)
{
	return str_slice(h->text, range.start, range.end - range.start);
}

enum html_decoding {
	HTML_LOWER = 1,      /* ASCII letters lowered, as in names */
	HTML_REFERENCES = 2, /* character references, as in text */
	HTML_ATTRIBUTE = 4,  /* character references, as in attribute values */
	HTML_KEEP_NUL = 8,   /* else it becomes U+FFFD */
};

/* What raw bytes mean; line ends become LF. The view itself where nothing changes. */
struct str html_decode(struct arena *a, struct str raw, unsigned decoding);
/* How a text of this state is decoded. */
unsigned html_text_decoding(enum html_state state);
