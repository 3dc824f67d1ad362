/* Whose tracking host it is, where several accounts have added the same domain: the first
 * that adds it gets the name, and the first that proves the domain by its DNS keeps it.
 * Private to src/api. */
#pragma once

#include "store/domain.h"

/* The domain has become verified: its tracking host is its own from now on, unless another
 * domain that is verified has it. */
NODISCARD bool tracking_claim(struct store *store, struct arena *a,
                              const struct domain_row *domain, int64_t now,
                              struct err *err);
