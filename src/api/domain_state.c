#include "api/domain_state.h"

struct life domain_life_of(const struct domain_row *row)
{
	const struct domain_life *from = &row->life;
	struct life out = {
	        .status_since = from->status_since,
	        .started_at = from->started_at,
	        .checked_at = from->checked_at,
	        .next_check_at = from->next_check_at,
	        .verified_at = from->verified_at,
	        .loss_seen_at = from->loss_seen_at,
	        .warning_since = from->warning_since,
	        .checks_done = from->checks_done,
	        .fault_streak = from->fault_streak,
	};

	/* A deleted domain has no life; what is asked of it comes out right by its
	 * deleted_at. */
	if (!life_status_parse(from->status, &out.status))
		out.status = LIFE_PENDING;
	return out;
}

void domain_life_set(struct domain_life *out, const struct life *life)
{
	out->status = str_c(life_status_name(life->status));
	out->status_since = life->status_since;
	out->started_at = life->started_at;
	out->checked_at = life->checked_at;
	out->next_check_at = life->next_check_at;
	out->verified_at = life->verified_at;
	out->loss_seen_at = life->loss_seen_at;
	out->warning_since = life->warning_since;
	out->checks_done = life->checks_done;
	out->fault_streak = life->fault_streak;
}

enum life_review domain_review_of(struct str state)
{
	if (state.n == 0)
		return LIFE_REVIEW_NONE;
	if (str_eq(state, STR("approved")))
		return LIFE_REVIEW_APPROVED;
	return str_eq(state, STR("rejected")) ? LIFE_REVIEW_REJECTED : LIFE_REVIEW_OPEN;
}

struct can_send domain_can_send_input(const struct domain_row *row, bool account_closed)
{
	return (struct can_send){
	        .status = domain_life_of(row).status,
	        .review = domain_review_of(row->review_state),
	        .is_deleted = row->deleted_at != 0,
	        .is_suspended = row->is_suspended,
	        .is_account_closed = account_closed,
	        .is_demo = row->is_demo,
	};
}
