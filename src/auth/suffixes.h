/*
 * The public suffix list, for receivers that still follow RFC 7489 (§3.2: the
 * organizational domain is the name one label below a public suffix). RFC 9989 does not
 * use it. Pure: the list is a text that somebody else has read; the binary carries one
 * among its data, public_suffix_list.dat.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct suffixes;

enum { SUFFIXES_TEXT_MAX = 4 * 1024 * 1024 };

/* The list in the form of publicsuffix.org, private section included. */
NODISCARD bool suffixes_parse(struct str text, struct suffixes **out, struct err *err);
/* NULL is allowed. */
void suffixes_free(struct suffixes *s);
/* The organizational domain of a canonical name: one label below the longest public
 * suffix; the name itself where it is a public suffix. */
struct str suffixes_organization(struct arena *a, const struct suffixes *s,
                                 struct str domain);
