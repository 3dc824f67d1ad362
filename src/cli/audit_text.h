/* What only an audit tells, for people: the SPF tree with its look-ups, keys, policy,
 * services, DNSSEC and the rest. */
#pragma once

#include "base/json.h"

#include <stdio.h>

/* `audit` is the member of the verdict. */
void audit_text(FILE *out, const json_t *audit, bool colour);
