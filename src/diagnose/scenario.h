/*
 * A scenario: one domain, what DNS says about it, and what the check must find. Test
 * only; the format stands in tests/scenarios/README.md.
 */
#pragma once

#include "base/err.h"
#include "base/arena.h"

/* Runs one file; false says the line and what differed. */
NODISCARD bool scenario_run(struct arena *a, const char *path, struct err *err);
