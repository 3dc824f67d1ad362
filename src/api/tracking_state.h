/* How a row of a tracking domain and the structs of life/tracking.h become each other, and
 * whose name it is. Private to src/api, but for core's use of it. */
#pragma once

#include "life/link.h"
#include "store/domain.h"
#include "store/tracking.h"

struct suffixes;

/* What is no word of the life cycle reads as its beginning. */
struct tracking tracking_state_of(const struct tracking_row *row);
void tracking_state_set(struct tracking_row *row, const struct tracking *t);
enum tracking_mode tracking_mode_of(const struct tracking_row *row);
struct link_host tracking_link_of(const struct tracking_row *row);

/* Whether the sending domain was verified (S1-25). NULL: there is none to wait for. */
bool tracking_is_ready(const struct domain_row *domain);
/* How well the domain proves that the name is its account's (tracking_may_claim). NULL:
 * not at all. */
int tracking_proof_of(struct arena *a, const struct suffixes *suffixes,
                      const struct domain_row *domain, struct str name);
/* A new row, in use from `now` on; its strings are lent. */
struct tracking_row tracking_row_of(const struct domain_row *domain, struct str name,
                                    struct str target, int64_t now);
