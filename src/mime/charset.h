/*
 * Character sets of text parts. Links are looked for in the bytes as they stand wherever
 * every byte below 0x80 means ASCII, or at least markup cannot be mistaken; that is true
 * of nearly all mail. The others (UTF-16, UTF-32, UTF-7, ISO-2022, HZ) go through iconv
 * to UTF-8 and back, and only where nothing is lost on the way.
 */
#pragma once

#include "base/arena.h"

/* Of the name in Content-Type, lower case; empty means US-ASCII (RFC 2045 §5.2). */
bool charset_is_ascii_compatible(struct str charset);
bool charset_is_utf8(struct str charset);
/* Whether its text can stand in a letter as it is: not where line ends are made of other
 * bytes, as in UTF-16. */
bool charset_has_lines(struct str charset);
/* The text as UTF-8 in *utf8, and in *name the charset that writes it back to the very
 * same bytes (UTF-16 becomes the one its byte order mark names). False where iconv does
 * not know the charset or the bytes would not come back. */
NODISCARD bool charset_to_utf8(struct arena *a, struct str charset, struct str bytes,
                               struct str *utf8, const char **name);
/* UTF-8 text in that charset. False where it has no such characters. */
NODISCARD bool charset_from_utf8(struct arena *a, const char *name, struct str utf8,
                                 struct str *bytes);
