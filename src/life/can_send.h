/*
 * The one place that decides whether mail may go out from a domain, and says why not.
 * Gate, API and dashboard all ask here, so that no two of them disagree.
 *
 *	struct can_send in = {.status = LIFE_WARNING, .review = LIFE_REVIEW_APPROVED};
 *	unsigned why_not = can_send(&in);	(0: it may)
 *	for (size_t i = 0; (row = can_send_reason(why_not, i)); i++)
 *		tell(row->code, row->text);
 *
 * About a domain as such, sender and recipient stay "not asked". All reasons are given,
 * not the first alone: who repairs one should know of the others.
 */
#pragma once

#include "life/life.h"

/* How far a compliance review is, as far as it matters here. */
enum life_review {
	LIFE_REVIEW_NONE, /* none is required */
	LIFE_REVIEW_OPEN, /* required, and not decided */
	LIFE_REVIEW_APPROVED,
	LIFE_REVIEW_REJECTED,
};

enum can_send_sender { SENDER_NOT_ASKED, SENDER_KNOWN, SENDER_UNKNOWN };
enum can_send_recipient { RECIPIENT_NOT_ASKED, RECIPIENT_OWN, RECIPIENT_OTHER };

struct can_send {
	enum life_status status;
	enum life_review review;
	bool is_deleted, is_suspended, is_account_closed;
	bool is_demo;                /* sends to the account's own addresses alone */
	enum can_send_sender sender; /* whether From is a sender of the account */
	enum can_send_recipient recipient;
};

#define CAN_SEND_REASONS(X)                                                            \
	X(ACCOUNT_CLOSED, "account_closed", "The account is closed.")                  \
	X(DELETED, "domain_deleted", "The domain was deleted.")                        \
	X(SUSPENDED, "domain_suspended", "The domain was suspended by the operator.")  \
	X(REJECTED, "review_rejected", "The review of the domain ended in a refusal.") \
	X(PENDING, "domain_pending", "No required DNS record is right yet.")           \
	X(PARTIAL, "domain_partial", "Some required DNS records are not right yet.")   \
	X(FAILED, "domain_failed",                                                     \
	  "The DNS records were not complete in time; retry the verification.")        \
	X(LOST, "domain_lost", "A required DNS record is gone, and grace has ended.")  \
	X(REVIEW, "review_open", "The review of the domain is not finished.")          \
	X(SENDER, "sender_unknown", "The From address is no sender of the account.")   \
	X(DEMO, "demo_recipient",                                                      \
	  "A demo domain sends to the addresses of its own account alone.")

enum can_send_bit {
#define X(name, code, text) CAN_SEND_BIT_##name,
	CAN_SEND_REASONS(X)
#undef X
};

struct can_send_row {
	const char *code, *text;
};

/* What stands in the way, a bit 1u << CAN_SEND_BIT_… each; 0: nothing. */
unsigned can_send(const struct can_send *in);
/* The i-th of these reasons, or NULL behind the last. */
const struct can_send_row *can_send_reason(unsigned reasons, size_t i);

/* The word that is shown as the status of a domain: deleted, suspended, rejected, review
 * (where DNS is right), else the one of its life. */
const char *life_shown_status(const struct can_send *in);
