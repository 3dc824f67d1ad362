/*
 * Canonicalisation of RFC 6376 §3.4, straight into SHA-256. The text is never copied
 * together: the body is read over the pieces of a struct iov, which may be cut anywhere,
 * and whatever canonicalisation leaves alone goes to the hash from where it stands.
 *
 *	AUTO(dkim_hash) h = {0};
 *	dkim_hash_init(&h, DKIM_NO_LIMIT);
 *	dkim_hash_body(&h, DKIM_RELAXED, letter, body);
 *	dkim_hash_finish(&h, digest);
 *
 * A line ends with CRLF, and with a bare LF too, which is hashed as the CRLF that an MTA
 * will send for it; a bare CR is an ordinary byte. The end of the body is looked for
 * from behind first, so that nothing has to be held back on the way.
 */
#pragma once

#include "base/iov.h"
#include "crypto/sha256.h"

enum dkim_canon {
	DKIM_SIMPLE,
	DKIM_RELAXED,
};

#define DKIM_NO_LIMIT UINT64_MAX

/* A byte of a text in pieces: the one at `offset` of piece `piece`, or the end. */
struct dkim_place {
	size_t piece, offset;
};

struct dkim_hash {
	struct sha256 sha;
	uint64_t total; /* canonical bytes so far, those beyond the limit too */
	uint64_t limit; /* only so many are hashed */
	size_t staged;
	char stage[4096]; /* short pieces on their way to the hash */
};

/* "simple", "relaxed". */
const char *dkim_canon_name(enum dkim_canon canon);
NODISCARD bool dkim_canon_parse(struct str name, enum dkim_canon *out);

void dkim_hash_init(struct dkim_hash *h, uint64_t limit);
/* A header field as it stands, with its name, folding and line end; `is_last` leaves out
 * the line end, as for the signature itself (RFC 6376 §3.7). */
void dkim_hash_field(struct dkim_hash *h, enum dkim_canon canon, struct str field,
                     bool is_last);
/* All from this place to the end. */
void dkim_hash_body(struct dkim_hash *h, enum dkim_canon canon, const struct iov *text,
                    struct dkim_place from);
void dkim_hash_finish(struct dkim_hash *h, uint8_t out[SHA256_BYTES]);
void dkim_hash_done(struct dkim_hash *h);
