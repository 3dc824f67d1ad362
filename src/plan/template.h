/*
 * The templates of profiles: text with variables.
 *
 *	{selector}._domainkey.{domain}			a variable's value
 *	v=DMARC1; p=none[; rua=mailto:{dmarc_rua}]	a part that is left out as long
 * as a variable in it is not set
 *
 * A bracket or brace that stands for itself is doubled: %{{i}} gives %{i}. Parts do not
 * nest. A value goes in as it is and is not looked into for further variables.
 *
 * Limits: a template has at most TEMPLATE_MAX bytes, what it gives TEMPLATE_OUT_MAX.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"

enum { TEMPLATE_MAX = 1024, TEMPLATE_OUT_MAX = 4096, TEMPLATE_NAME_MAX = 32 };

/* Whether the text may name a variable: a small letter, then small letters, digits, _.
 */
bool template_is_name(struct str name);

/* Checks the form, and that each variable is a key of `known`. */
NODISCARD bool template_check(struct str text, const struct map *known,
                              struct err *err);

/*
 * Puts the values in: `values` has a struct str for each variable that is set. The text
 * has passed template_check(). False where a variable is not set, which *missing then
 * names, or, with *missing empty, where the result is too long.
 */
NODISCARD bool template_expand(struct arena *a, struct str text,
                               const struct map *values, struct str *out,
                               struct str *missing);
