/*
 * Links of a letter, and which of them may be tracked. mime knows no tokens: it finds
 * the targets, says of each whether it may be replaced and why not, and leaves the new
 * target to a callback (rewrite.h).
 *
 * Trackable is a complete http or https URL where a person follows it: `a`, `area`, the
 * VML elements that Outlook shows, and bare URLs in text. Everything else is left alone
 * for one reason of LINK_REASONS, the first that fits.
 */
#pragma once

#include "base/arena.h"

/* name, the word for JSON ("why"), what it means for people */
#define LINK_REASONS(X)                                                                \
	X(LINK_TRACKABLE, "trackable", "an http or https link that a person follows")  \
	X(LINK_ELEMENT, "element", "this element is loaded, not followed")             \
	X(LINK_EMPTY, "empty", "there is no target")                                   \
	X(LINK_FRAGMENT, "fragment", "a place in the same document")                   \
	X(LINK_MERGE_TAG, "merge_tag", "a template tag was left in it")                \
	X(LINK_SCHEME, "scheme", "neither http nor https")                             \
	X(LINK_RELATIVE, "relative", "no complete URL")                                \
	X(LINK_NO_HOST, "no_host", "a URL without a host")                             \
	X(LINK_NO_TRACK, "no_track", "marked with data-signet-no-track")               \
	X(LINK_EXCLUDED, "excluded", "its host is excluded")                           \
	X(LINK_TRACKED, "tracked", "it is a tracked link already")                     \
	X(LINK_LINE_LENGTH, "line_length", "a line of the part would get too long")    \
	X(LINK_TOO_LONG, "too_long", "longer than a link may be")

enum link_reason {
#define X(name, word, phrase) name,
	LINK_REASONS(X)
#undef X
};

struct link {
	struct str element;   /* lower case, "a", "v:roundrect"; empty in text */
	struct str attribute; /* lower case; empty in text */
	struct str value;     /* the target, character references decoded */
	size_t start, end;    /* range of the raw value in the document, no quotes */
	char quote;           /* '"', '\'', 0 where the value is not quoted */
	bool is_conditional;  /* inside an Outlook conditional comment */
	enum link_reason why;
};

struct links {
	struct link *v;
	size_t n, cap;
};

/* What an account or a letter excludes from tracking. */
struct link_rules {
	const struct str *excluded_hosts; /* canonical; a host covers its subdomains */
	size_t excluded_host_count;
	const struct str *tracked_prefixes; /* URLs that begin so are tracked already */
	size_t tracked_prefix_count;
};

enum {
	LINK_LEN_MAX = 32 * 1024, /* a longer target is left alone */
	LINKS_MAX = 1000 * 1000,  /* of one document; with more it is no letter */
};

/* Judges a target by itself, as in text: never LINK_ELEMENT or LINK_NO_TRACK. Leading
 * and trailing blanks are ignored, as URL parsers do. `rules` may be NULL. */
enum link_reason link_judge(struct str target, const struct link_rules *rules);
/* "merge_tag"; and the phrase. */
const char *link_reason_word(enum link_reason why);
const char *link_reason_phrase(enum link_reason why);
