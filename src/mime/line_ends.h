/*
 * Line ends as mail is sent: CRLF, and neither CR nor LF by itself (RFC 5321 §2.3.8). What
 * is to be signed is brought into this form first, since every server on the way may do
 * it, and a signature over other bytes would break there.
 */
#pragma once

#include "base/arena.h"

/* The text with each bare LF and bare CR made CRLF: the view itself where there is none,
 * else a copy in `a`. */
struct str line_ends_normalize(struct arena *a, struct str text);
