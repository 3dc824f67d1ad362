#include "life/can_send.h"

static const struct can_send_row rows[] = {
#define X(name, code, text) [CAN_SEND_BIT_##name] = {code, text},
        CAN_SEND_REASONS(X)
#undef X
};

static unsigned bit(bool applies, enum can_send_bit reason)
{
	return applies ? 1u << reason : 0;
}

static unsigned status_reason(enum life_status status)
{
	switch (status) {
	case LIFE_VERIFIED:
	case LIFE_WARNING:
		return 0;
	case LIFE_PARTIAL:
		return 1u << CAN_SEND_BIT_PARTIAL;
	case LIFE_LOST:
		return 1u << CAN_SEND_BIT_LOST;
	case LIFE_FAILED:
		return 1u << CAN_SEND_BIT_FAILED;
	case LIFE_PENDING:
	case LIFE_STATUS_COUNT:
		break;
	}
	return 1u << CAN_SEND_BIT_PENDING;
}

unsigned can_send(const struct can_send *in)
{
	return status_reason(in->status) |
	       bit(in->is_account_closed, CAN_SEND_BIT_ACCOUNT_CLOSED) |
	       bit(in->is_deleted, CAN_SEND_BIT_DELETED) |
	       bit(in->is_suspended, CAN_SEND_BIT_SUSPENDED) |
	       bit(in->review == LIFE_REVIEW_REJECTED, CAN_SEND_BIT_REJECTED) |
	       bit(in->review == LIFE_REVIEW_OPEN, CAN_SEND_BIT_REVIEW) |
	       bit(in->sender == SENDER_UNKNOWN, CAN_SEND_BIT_SENDER) |
	       bit(in->is_demo && in->recipient == RECIPIENT_OTHER, CAN_SEND_BIT_DEMO);
}

const struct can_send_row *can_send_reason(unsigned reasons, size_t i)
{
	for (size_t r = 0; r < LEN(rows); r++)
		if (reasons & 1u << r && i-- == 0)
			return &rows[r];
	return NULL;
}

const char *life_shown_status(const struct can_send *in)
{
	if (in->is_deleted)
		return "deleted";
	if (in->is_suspended)
		return "suspended";
	if (in->review == LIFE_REVIEW_REJECTED)
		return "rejected";
	if (in->review == LIFE_REVIEW_OPEN && in->status == LIFE_VERIFIED)
		return "review";
	return life_status_name(in->status);
}
