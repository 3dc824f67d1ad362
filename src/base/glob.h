/* Glob patterns of the data files: only `*` is special and stands for any run of bytes,
 * the empty one and dots included. ASCII letters match in both cases. */
#pragma once

#include "base/str.h"

bool glob_match(struct str pattern, struct str text);
