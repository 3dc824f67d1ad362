/* Domains by what callers write, and by the addresses that mail comes from. Private. */
#pragma once

#include "api/call.h"

/* The domain of the account by id or name; NULL where it has none, or where the key is
 * bound to another. */
NODISCARD bool domain_of_text(struct api_call *call, struct str text,
                              struct domain_row **out, struct err *err);
/* The part behind the "@"; empty where there is none. */
struct str address_domain(struct str address);
/* Whether the domain of an address is made by a template, as x@{{domain}}, so that nobody
 * can tell which it will be. */
bool address_is_template(struct str address);
/* The domain that a list is limited to: that of ?domain= or of the key; 0: none. False:
 * answered. */
NODISCARD bool domain_choose(struct api_call *call, int64_t *out);
