/* A verdict for people: one line a record, then what to do, in plain words. */
#pragma once

#include "diagnose/verdict.h"

#include <stdio.h>

/* Colour only where `colour`; cli_colour() decides that. */
void check_text(FILE *out, const struct verdict *v, bool colour);
/* One line of progress: "3 of 6 records verified: spf missing, tracking propagating". */
struct str check_progress(struct arena *a, const struct verdict *v);
