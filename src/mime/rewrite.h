/*
 * Rewriting of a letter: tracked links, the pixel, the unsubscribe link, the footer and
 * header fields, all as edits of its bytes (edits.h). mime knows no tokens: a callback
 * says what each link becomes.
 *
 *	struct rewrite_options o = {.map = seal_link, .arg = &tokens, .text = true};
 *	struct rewrite_report report;
 *	if (!letter_rewrite(&a, &letter, &o, &edits, &report, &err))
 *		…
 *	edits_apply(&a, &edits, letter.bytes, &out);
 *
 * What is changed is the text/html and, where asked, the text/plain that a reader sees.
 * Attachments, signed and encrypted parts and enclosed messages stay as they are, as does
 * a part that cannot be read and written back without a loss; the report says which and
 * why. A part keeps its transfer encoding and its header. Either all edits of the letter
 * are made or, on an error, none.
 */
#pragma once

#include "mime/edits.h"
#include "mime/header.h"
#include "mime/letter.h"
#include "mime/link.h"

struct rewrite_link {
	const struct link *link;
	const struct letter_part *part;
	size_t number; /* of the trackable links of the letter, from 0 */
};

/* What the link becomes; false leaves it as it is. The target must be ASCII without
 * blanks and live as long as the edits. */
typedef bool rewrite_map_fn(void *arg, const struct rewrite_link *link,
                            struct str *target);

struct rewrite_options {
	rewrite_map_fn *map; /* NULL: no link is touched */
	void *arg;
	const struct link_rules *rules; /* may be NULL */
	bool text;                      /* links of text/plain, too */
	struct str pixel;               /* URL of the image; empty: none */
	struct str unsubscribe;         /* URL; empty: tags stay */
	struct str unsubscribe_tag;     /* empty: REWRITE_UNSUBSCRIBE_TAG */
	struct str footer_html;         /* put where a part has no tag; UTF-8 */
	struct str footer_text;
	const struct header_change *changes;
	size_t change_count;
};

#define REWRITE_UNSUBSCRIBE_TAG "__unsubscribe_url__"

/* Links of a letter; each takes a few hundred bytes while it is worked on, so that this
 * bounds the memory of letters that consist of little else. */
enum { REWRITE_LINKS_MAX = 100 * 1000 };

/* Why a part was left alone. */
#define REWRITE_SKIPS(X)                                                               \
	X(REWRITE_DONE, "", "")                                                        \
	X(REWRITE_SIGNED, "signed", "it is signed")                                    \
	X(REWRITE_ENCRYPTED, "encrypted", "it is encrypted")                           \
	X(REWRITE_ATTACHED, "attachment", "it is an attachment")                       \
	X(REWRITE_ENCLOSED, "enclosed", "it belongs to an enclosed message")           \
	X(REWRITE_ENCODING, "encoding", "its transfer encoding cannot be read")        \
	X(REWRITE_CHARSET, "charset", "its charset cannot be converted without a loss")

enum rewrite_skip {
#define X(name, word, phrase) name,
	REWRITE_SKIPS(X)
#undef X
};

/* A text part, in the order of the letter, with the links that stand in it; their places
 * are those in the decoded text. */
struct rewrite_part {
	const struct letter_part *part;
	enum rewrite_skip skip;
	struct links
	        links; /* why: as judged, LINK_TRACKABLE also where map() said no */
};

struct rewrite_report {
	struct {
		struct rewrite_part *v;
		size_t n, cap;
	} parts;
	size_t link_count; /* trackable */
	size_t rewritten_count;
	bool has_pixel, has_unsubscribe, has_footer;
};

/* ERR_INPUT where a header field cannot be made, or past REWRITE_LINKS_MAX. */
NODISCARD bool letter_rewrite(struct arena *a, const struct letter *letter,
                              const struct rewrite_options *options,
                              struct edits *edits, struct rewrite_report *report,
                              struct err *err);
/* The links of all text parts, held ones too; changes nothing. */
NODISCARD bool letter_links(struct arena *a, const struct letter *letter,
                            const struct link_rules *rules,
                            struct rewrite_report *report, struct err *err);
/* "charset"; and the phrase. */
const char *rewrite_skip_word(enum rewrite_skip skip);
const char *rewrite_skip_phrase(enum rewrite_skip skip);
