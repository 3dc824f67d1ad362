/*
 * Base64 (RFC 4648 §4) and its URL form without padding (§5). Decoding is strict about
 * the alphabet and the padding; blanks inside are skipped only where the caller says
 * so, as the key data of DKIM records wants it (RFC 6376 §3.2, FWS in base64string).
 */
#pragma once

#include "base/arena.h"

struct str base64_encode(struct arena *a, struct str bytes);
struct str base64url_encode(struct arena *a, struct str bytes);
/* In lines of `line_len` digits, a multiple of four, with `eol` between them. */
struct str base64_encode_lines(struct arena *a, struct str bytes, size_t line_len,
                               struct str eol);
/* False where a character, the length or the padding is wrong. */
NODISCARD bool base64_decode(struct arena *a, struct str text, bool skip_blanks,
                             struct str *out);
NODISCARD bool base64url_decode(struct arena *a, struct str text, struct str *out);

/* The same without an arena: `out` has (n + 2) / 3 * 4 bytes; how many were written. */
size_t base64url_write(struct str bytes, char *out);
/* `out` has n / 4 * 3 + 3 bytes. How many were written, or -1 where a character or the
 * length is wrong, or bits that stand for nothing are not zero: no two texts read the
 * same. */
ptrdiff_t base64url_read(struct str text, char *out);
