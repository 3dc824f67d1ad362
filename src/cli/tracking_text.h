/* A tracking domain of the API for people: what to type, and two lights with words. */
#pragma once

#include "base/json.h"

#include <stdio.h>

/* What GET /v1/tracking-domains/{tracking} answers. */
void tracking_text(FILE *out, const json_t *tracking, bool colour);
