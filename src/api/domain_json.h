/* Documents of domains: the short one of lists, and the verdict with all that is known.
 * Private to src/api. */
#pragma once

#include "api/call.h"
#include "plan/plan.h"
#include "plan/field.h"

/* The members of a list's row. */
json_t *domain_short_json(struct api_call *call, const struct domain_row *row);
/* The verdict of the last check, or, before the first, the records that are to be
 * published; with status, permission and reasons as they are now. */
NODISCARD bool domain_document(struct api_call *call, const struct domain_row *row,
                               json_t **out, struct err *err);
/* The plan from the layout and settings that are frozen with the domain; NULL of a demo
 * domain, which has nothing to publish. */
NODISCARD bool domain_plan(struct api_call *call, const struct domain_row *row,
                           struct plan **out, struct err *err);
/* Whose words are used: the provider that was asked for, else the one that was
 * recognised, else nobody's. */
struct field_place domain_place(struct api_call *call, const struct domain_row *row,
                                const struct provider *wanted);
