/*
 * Content transfer encodings (RFC 2045 §6): reads a part's content, and turns edits of
 * the text that was read into edits of the content as it stands in the letter.
 *
 *	struct transfer t;
 *	transfer_decode(&a, LETTER_QUOTED_PRINTABLE, content, &t);
 *	edits_add(&a, &wanted, 120, 140, url);	(of t.text)
 *	transfer_edits(&a, &t, &wanted, STR("\r\n"), part->start, &edits);
 *
 * As little as possible is touched. In quoted-printable an edit changes its own bytes and
 * adds soft line breaks where a line would pass 76 characters. In base64 everything from
 * the line of the first edit on is encoded again, with the line length that was there.
 * A content has fewer than 4 GiB. The identity encodings take the edits as they are: keeping lines short enough is the
 * caller's (rewrite_lines.h).
 */
#pragma once

#include "mime/edits.h"
#include "mime/letter.h"

enum {
	QP_LINE_MAX = 76,    /* RFC 2045 §6.7 (5), without the line end */
	BASE64_LINE_MAX = 76 /* RFC 2045 §6.8 */
};

/* A place in the text and the one it was read from. */
struct transfer_mark {
	uint32_t text_at, raw_at;
};

struct transfer {
	enum letter_encoding encoding;
	struct str raw;
	struct str text; /* `raw` itself where the encoding is an identity */
	struct {
		struct transfer_mark *v;
		size_t n, cap;
	} marks; /* of quoted-printable, every few dozen bytes */
};

/* Whether the encoding changes nothing, so that lines are those of the letter. */
bool transfer_is_identity(enum letter_encoding encoding);
/*
 * Reads the content. False where it cannot be read and written back without a loss:
 * an unknown encoding, or base64 with other characters in it.
 */
NODISCARD bool transfer_decode(struct arena *a, enum letter_encoding encoding,
                               struct str raw, struct transfer *out);
/* Edits of the text, sorted here, become edits of the letter, where the content begins
 * at `raw_start`. Line breaks that are added are `eol`. */
void transfer_edits(struct arena *a, const struct transfer *t, struct edits *wanted,
                    struct str eol, size_t raw_start, struct edits *out);
