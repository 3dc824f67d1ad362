/*
 * A letter: one read-only buffer and an index of what stands where in it. GMime parses
 * the MIME structure (RFC 2045, RFC 2046) and tells the places; the bytes stay ours and
 * are never serialised again. What changes a letter says so in edits (edits.h).
 *
 *	struct letter letter;
 *	if (!letter_parse(&a, bytes, NULL, &letter, &err))
 *		…
 *	for (size_t i = 0; i < letter.parts.n; i++) {
 *		const struct letter_part *part = &letter.parts.v[i];
 *		if (part->kind == LETTER_HTML && part->hold == LETTER_FREE)
 *			… str_slice(bytes, part->start, part->end - part->start) …
 *	}
 *
 * Any bytes are a letter: what mail programs would show is what is indexed, and bytes
 * that begin with no header have no parts. Only a limit that is passed is an error. Lines may end with
 * CRLF or with LF alone. Parts are numbered as IMAP does it (RFC 9051 §6.4.5): "1.2".
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct letter_limits {
	size_t bytes_max;
	size_t header_max; /* bytes of all headers together, those of parts included */
	size_t fields_max, parts_max, depth_max;
};

#define LETTER_LIMITS_DEFAULT                                                          \
	{                                                                              \
		.bytes_max = 50UL << 20, .header_max = 2UL << 20, .fields_max = 10000, \
		.parts_max = 1000, .depth_max = 50                                     \
	}

/* A header field of the letter itself. */
struct letter_field {
	struct str name;   /* as written */
	size_t start, end; /* the whole field with its last line end */
	struct str value;  /* raw: what follows the colon, folds inside, no last end */
};

enum letter_kind {
	LETTER_OTHER,
	LETTER_MULTIPART,
	LETTER_MESSAGE, /* message/rfc822 */
	LETTER_HTML,    /* text/html */
	LETTER_PLAIN,   /* text/plain, also where nothing is said */
};

/* Content-Transfer-Encoding, RFC 2045 §6. */
enum letter_encoding {
	LETTER_7BIT, /* also where nothing is said */
	LETTER_8BIT,
	LETTER_BINARY,
	LETTER_QUOTED_PRINTABLE,
	LETTER_BASE64,
	LETTER_UNKNOWN_ENCODING, /* uuencode and what nobody knows */
};

/* Why a part is not to be changed. */
enum letter_hold {
	LETTER_FREE,
	LETTER_SIGNED,    /* in multipart/signed, or text with a PGP signature */
	LETTER_ENCRYPTED, /* in multipart/encrypted, or text in PGP armour */
	LETTER_ATTACHED,  /* an attachment */
	LETTER_ENCLOSED,  /* in an enclosed message */
};

struct letter_part {
	struct str id;      /* "1.2"; empty for the multipart at the top */
	struct str type;    /* "text/html", lower case */
	struct str charset; /* lower case; empty where none is given */
	enum letter_kind kind;
	enum letter_encoding encoding;
	enum letter_hold hold;
	bool is_flowed, is_delsp; /* format=flowed, delsp=yes: RFC 3676 */
	size_t start, end;        /* content, not decoded; leaves only */
};

struct letter {
	struct str bytes;
	struct {
		struct letter_field *v;
		size_t n, cap;
	} fields;
	struct {
		struct letter_part *v;
		size_t n, cap;
	} parts;           /* in the order of the text, a multipart before its parts */
	size_t header_end; /* behind the last field; the end where no empty line is */
	size_t body_start; /* behind the empty line */
	struct str eol;    /* "\r\n" or "\n": how the header's first line ends */
};

/* Borrows the bytes; `limits` may be NULL for the defaults. ERR_INPUT past a limit. */
NODISCARD bool letter_parse(struct arena *a, struct str bytes,
                            const struct letter_limits *limits, struct letter *out,
                            struct err *err);
/* The n-th field (from 0, topmost first) of that name in any case, or NULL. */
const struct letter_field *letter_field(const struct letter *letter, struct str name,
                                        size_t n);
/* The content of a leaf as it stands in the letter. */
struct str letter_content(const struct letter *letter, const struct letter_part *part);
