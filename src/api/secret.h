/* The secrets that the API gives out: of keys ("sk_…") and of sessions ("ss_…"). The store
 * holds their SHA-256 alone. */
#pragma once

#include "base/arena.h"

struct api_secret {
	struct str text; /* shown once */
	struct str hash; /* lower-case hexadecimal */
	struct str hint; /* "…" and the last four characters */
};

/* `prefix` is "sk" or "ss". About 190 random bits. */
struct api_secret secret_make(struct arena *a, const char *prefix);
/* The hash of a secret that somebody shows. */
struct str secret_hash(struct arena *a, struct str text);
/* Whether two hashes are equal, in a time that depends on their length alone. */
bool secret_is_equal(struct str left, struct str right);
/* SHA-256 of any bytes, in hexadecimal. */
struct str sha256_hex(struct arena *a, struct str bytes);
