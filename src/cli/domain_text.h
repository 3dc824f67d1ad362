/* A domain of the API for people: its records and what to do, as check_text() has them
 * for a check of one's own. */
#pragma once

#include "base/json.h"

#include <stdio.h>

/* `domain` is what GET /v1/domains/{domain} answers. */
void domain_text(FILE *out, const json_t *domain, bool colour);
/* One line of progress: "partial, 3 of 6 records verified: spf missing". */
struct str domain_progress(struct arena *a, const json_t *domain);
