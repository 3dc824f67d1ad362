/* Whether a text is a domain that a customer may send from. Private to src/api. */
#pragma once

#include "api/problem.h"

struct suffixes;

struct domain_name_error {
	enum field_error code;
	struct str detail;
};

/* The canonical name, or what is wrong with it: an IP address, no domain name, a public
 * suffix, a label of mixed scripts. */
NODISCARD bool domain_name_check(struct arena *a, const struct suffixes *suffixes,
                                 struct str text, struct str *out,
                                 struct domain_name_error *error);
/* Whether a label (UTF-8) mixes scripts that no language writes together (UTS 39 §5.2,
 * "highly restrictive"). */
bool label_is_mixed(struct str label);
