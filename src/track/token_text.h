/* The text of a token: what may be in one, and the beginnings that are taken off it.
 * Private to src/track. */
#pragma once

#include "track/token.h"

enum { TOKEN_BEGINNING_MAX = 64 };

/* Which beginning this text has: the longest of the list, 0 where there is none. */
unsigned token_beginning(struct str text);
/* The beginning of this number; p is NULL where there is none of it. */
struct str token_beginning_text(unsigned number);
