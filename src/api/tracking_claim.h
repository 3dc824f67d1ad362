/* Whose tracking host it is, where several accounts have added the same domain: the first
 * that adds it gets the name, and the first that proves the domain by its DNS keeps it.
 * Private to src/api. */
#pragma once

#include "api/api.h"
#include "store/domain.h"
#include "store/tracking.h"

/* The domain has become verified: its tracking host is its own from now on, unless another
 * domain proves as much; and all its tracking names are looked at now. */
NODISCARD bool tracking_claim(struct api *api, struct arena *a,
                              const struct domain_row *domain, int64_t now,
                              struct err *err);
/* Retires the row of an account that has the name and proves less; its owner is told. */
NODISCARD bool tracking_take_from(struct api *api, struct arena *a,
                                  struct tracking_row *row, int64_t now,
                                  struct err *err);
