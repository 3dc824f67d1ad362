/* The document of a tracking domain. Private to src/api. */
#pragma once

#include "api/call.h"
#include "store/tracking.h"

/* What is kept of it, what the last look saw, how its links begin, and what to publish;
 * `domain` is its sending domain, or NULL. */
NODISCARD bool tracking_document(struct api_call *call, const struct tracking_row *row,
                                 const struct domain_row *domain, json_t **out,
                                 struct err *err);
/* Its organization: "acme.example". */
struct str tracking_organization(struct api_call *call, struct str name);
