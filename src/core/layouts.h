/* Layouts that were parsed, by the id of their row: a layout never changes, and few of them
 * serve all domains. */
#pragma once

#include "plan/plan.h"
#include "store/store.h"

struct layouts;

struct layouts *layouts_new(struct store *store);
void layouts_free(struct layouts *layouts);
/* The profile of a layout; it lives as long as all of them. */
NODISCARD bool layouts_get(struct layouts *layouts, int64_t id,
                           const struct profile **out, struct err *err);
