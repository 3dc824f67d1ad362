/*
 * The report addresses of a DMARC record: a list of URIs with commas between them
 * (RFC 9989 §4.6, §4.8). Any scheme may stand there; mailto: is the one that every
 * receiver serves. The size limit "!10m" of RFC 7489 §6.2 is taken off and noted.
 */
#pragma once

#include "auth/dmarc_record.h"

/* Reads the value of a rua or ruf tag. Broken URIs are kept, marked and noted. */
void dmarc_uris_parse(struct arena *a, const struct tag *tag,
                      enum dmarc_standard standard, struct dmarc_uris *uris,
                      struct tag_problems *problems);
