/* How a row of a domain and the life cycle's structs become each other, and the one
 * question of whether it may send. Private to src/api, but for core's use of it. */
#pragma once

#include "life/can_send.h"
#include "store/domain.h"

struct account_row;

/* The words of domains.review_state. */
#define REVIEW_STATES(X)                                                               \
	X(NONE, "")           /* none is needed */                                     \
	X(FORM, "form")       /* the customer has to fill in the form */               \
	X(WAITING, "waiting") /* submitted; DNS is not verified yet */                 \
	X(QUESTIONS, "questions")                                                      \
	X(MANUAL, "manual") /* an operator decides */                                  \
	X(APPROVED, "approved")                                                        \
	X(REJECTED, "rejected")

struct life domain_life_of(const struct domain_row *row);
/* Puts the life cycle's members back; summary and provider stay. */
void domain_life_set(struct domain_life *out, const struct life *life);
enum life_review domain_review_of(struct str review_state);
/* The question without sender and recipient. */
struct can_send domain_can_send_input(const struct domain_row *row,
                                      bool account_closed);
