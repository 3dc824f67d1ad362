/* The documents that are made from the tables: manual page, diagnosis reference. */
#pragma once

#include <stdio.h>

struct option_table;

/* signet(1) as roff. `common` are the tables every command shares, `dns` those of the
 * commands that ask DNS, `server` those of the clients of the API. */
void manual_page(FILE *out, const struct option_table *common,
                 const struct option_table *dns, const struct option_table *server);
/* docs/diagnoses.md: every code with its severity and meaning. */
void manual_diagnoses(FILE *out);
