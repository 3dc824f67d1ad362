/*
 * A digest of what a check has seen, so that a check that sees the same as the one before
 * becomes no row of its own. Equal for the same records with the same status, whatever
 * their order and TTL; for those that are not right, the same diagnoses too.
 *
 * Advice and what is said of right records do not count: routine checks do not look for
 * it, and the document of the closer look before them stays.
 */
#pragma once

#include "diagnose/verdict.h"

/* In hexadecimal digits. */
struct str seen_digest(struct arena *a, const struct verdict *v);
