/*
 * What Signet says by mail: the records of a domain for the colleague who has access to
 * its DNS, and each step of a review. The words stand here and nowhere else.
 *
 *	struct notice n = notice_instructions(&a, &(struct notice_records){…});
 *	n.subject is "DNS records for acme.example"
 *
 * Everything that comes from a customer is escaped in the HTML.
 */
#pragma once

#include "plan/render.h"

struct notice {
	struct str subject, text, html;
};

struct notice_records {
	const struct plan *plan;
	const struct field_place *at; /* whose words are used */
	struct str account;           /* who asks for it */
	struct str instance;          /* the service in whose name the mail comes */
	struct str message;           /* of the one who sends it, or empty */
	struct str support;           /* where to ask, or empty */
};

struct notice notice_instructions(struct arena *a, const struct notice_records *in);

#define NOTICE_REVIEWS(X)                                                              \
	X(SUBMITTED, "is being reviewed",                                              \
	  "We have received the details. You will hear from us.")                      \
	X(QUESTIONS, "needs a few answers", "Before we can go on, please answer:")     \
	X(APPROVED, "is verified", "It may be sent from now on.")                      \
	X(REJECTED, "was not accepted", "Nothing is sent from it. The reason:")

enum notice_review {
#define X(name, subject, text) NOTICE_REVIEW_##name,
	NOTICE_REVIEWS(X)
#undef X
};

/* `detail` is the questions or the reason, or empty. */
struct notice notice_reviewed(struct arena *a, enum notice_review step,
                              struct str domain, struct str instance, struct str detail,
                              struct str support);
