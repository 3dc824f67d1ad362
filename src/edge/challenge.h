/*
 * What core has laid down to be fetched under /.well-known/, from files of a folder that
 * every edge sees:
 *
 *	acme-challenge/TOKEN	RFC 8555 §8.3: the key authorization, under the host that it
 *				is for and no other
 *	signet-probe/NONCE	that this edge was reached, and how
 *
 * Both are files DIR/NAME of two lines: the host, and the text. A name is 1 to 128 of
 * A–Z a–z 0–9 _ -; so it can lead nowhere else. A probe is answered under whatever Host
 * came, since that is what it asks, as text/plain:
 *
 *	signet-probe 1
 *	proof TEXT		the second line of the file
 *	host track.acme.example	as it came in Host, lower case, no port; "-" where none did
 *	scheme https		how the client asked, by its connection or as a trusted proxy
 *				says; of a proxy that does not: "unknown"
 *	forwarded yes		whether it came by a trusted proxy
 *	seen 4f0c…		32 hexadecimal digits, other ones in each answer: an answer that
 *				comes twice was cached
 *
 * The file is read when it is asked for: there are few, and none is stale then.
 */
#pragma once

#include "base/arena.h"

enum { CHALLENGE_NAME_MAX = 128, CHALLENGE_FILE_MAX = 2048 };

struct challenge {
	struct str host, text; /* of the file */
};

/* False where the name is none, or there is no such file. */
NODISCARD bool challenge_find(struct arena *a, const char *dir, struct str name,
                              struct challenge *out);
/* Whether it is a name as above. */
bool challenge_is_name(struct str name);

/* What a probe saw. */
struct challenge_seen {
	struct str host;
	const char *scheme; /* "https", "http", "unknown" */
	bool is_forwarded;
};

/* The text of the answer to a probe. */
struct str challenge_probe(struct arena *a, const struct challenge *c,
                           const struct challenge_seen *seen);
