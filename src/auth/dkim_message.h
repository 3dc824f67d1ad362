/*
 * A message as DKIM sees it (RFC 6376 §3.7, §5.4): its header fields from top to bottom,
 * and the place where the body begins. It lies over pieces that may be cut anywhere; the
 * header is copied together only where it is cut, the body never.
 *
 *	struct dkim_message m;
 *	if (!dkim_message_parse(&a, &letter, &m, &err)) …
 *	dkim_message_body_hash(&m, DKIM_RELAXED, DKIM_NO_LIMIT, &hash);
 *
 * Body hashes are kept, so several signatures cost one pass over the body for each
 * canonicalisation. Fields are selected from the bottom up, and a name that is listed
 * more often than it occurs stands for nothing (§5.4.2). All of this is linear in the
 * size of the header, whatever h= says.
 *
 * A header without an empty line behind it is a message without a body. A line that is
 * no header field (RFC 5322 §2.2) is an error, but for a first "From " line of a mailbox
 * file, which is noted in `has_mbox_line` and skipped.
 */
#pragma once

#include "auth/dkim_canon.h"
#include "base/err.h"
#include "base/map.h"

enum {
	DKIM_HEADER_MAX = 1024 * 1024,
	DKIM_NAME_MAX = 100, /* of a field that is asked for by name */
};

struct dkim_field {
	struct str name; /* as written */
	struct str raw;  /* with name, folding and line end */
};

struct dkim_body_hash {
	uint8_t digest[SHA256_BYTES];
	uint64_t length; /* bytes of the canonical body */
};

struct dkim_message {
	const struct iov *text; /* lent */
	struct dkim_field *fields;
	size_t count;
	struct dkim_place body;
	struct str line_end; /* of its first line; CRLF where there is none */
	bool has_mbox_line;
	struct map by_name; /* lower case → its fields */
	bool is_hashed[DKIM_RELAXED + 1];
	struct dkim_body_hash hashes[DKIM_RELAXED + 1];
};

NODISCARD bool dkim_message_parse(struct arena *a, const struct iov *text,
                                  struct dkim_message *out, struct err *err);
/* The i-th field of this name in any case, counted from the top, or NULL. The name is one
 * that the caller knows, of DKIM_NAME_MAX bytes at most. */
const struct dkim_field *dkim_message_find(const struct dkim_message *m,
                                           struct str name, size_t i);
/* How many fields have this name. */
size_t dkim_message_count(const struct dkim_message *m, struct str name);
/* With a limit (l=) only that many canonical bytes are hashed. */
void dkim_message_body_hash(struct dkim_message *m, enum dkim_canon canon,
                            uint64_t limit, struct dkim_body_hash *out);
/*
 * The digest that a signature signs (§3.7): the fields that `names` ("from:to:…") selects
 * and then `unsigned_field`, the signature itself with an empty b=. `own` is that field's
 * index in the message, which it never selects, or SIZE_MAX for one that is being made.
 */
void dkim_message_digest(struct dkim_message *m, enum dkim_canon canon,
                         struct str names, size_t own, struct str unsigned_field,
                         uint8_t out[SHA256_BYTES]);
