/* The documents that are made from the tables: manual page, references. */
#pragma once

#include "base/str.h"

#include <stdio.h>

struct option_table;

/* Text with what roff would take for itself escaped. */
void manual_roff(FILE *out, struct str text);
/* signet(1) as roff. `common` are the tables every command shares, `dns` those of the
 * commands that ask DNS, `server` those of the clients of the API. */
void manual_page(FILE *out, const struct option_table *common,
                 const struct option_table *dns, const struct option_table *server);
/* docs/diagnoses.md: every code with its severity and meaning. */
void manual_diagnoses(FILE *out);
/* docs/metrics.md: every number of GET /metrics. */
void manual_metrics(FILE *out);
