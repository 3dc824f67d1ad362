/*
 * Compliance reviews, where the operator wants them (compliance.required). The states are
 * those of domains.review_state (domain_state.h):
 *
 *	form → waiting (for DNS) → approved
 *	                         → questions → manual → approved | rejected
 *
 * The automatic review approves a business whose site or address is of the domain itself;
 * all others get the questionnaire, and then an operator decides. Private to src/api.
 */
#pragma once

#include "api/api.h"
#include "store/account.h"
#include "store/domain.h"
#include "store/review.h"

/* One review with all it is about. */
struct review_case {
	struct api *api;
	struct arena *a;
	int64_t now;
	struct account_row *account;
	struct domain_row *domain;
	struct review_row *review;
};

/* Goes on to a state, with the event and the mail that belong to it. `detail` is the
 * questions or the reason, for the mail. */
NODISCARD bool review_enter(struct review_case *c, const char *state, struct str detail,
                            struct err *err);
/* The automatic review, of one that is waiting and whose DNS is verified. */
NODISCARD bool review_automatic(struct review_case *c, struct err *err);
