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
