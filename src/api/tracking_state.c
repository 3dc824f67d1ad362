#include "api/tracking_state.h"

#include "api/domain_state.h"
#include "auth/suffixes.h"

struct tracking tracking_state_of(const struct tracking_row *row)
{
	struct tracking t = {
	        .is_dangling = row->is_dangling,
	        .is_listed = row->is_listed,
	        .status_since = row->status_since,
	        .checked_at = row->checked_at,
	        .verified_at = row->verified_at,
	        .changed_at = row->changed_at,
	        .next_at = row->next_at,
	        .fault_streak = row->fault_streak,
	};

	if (!tracking_status_parse(row->status, &t.status))
		t.status = TRACKING_WAITING;
	if (!tracking_light_parse(row->http, &t.http))
		t.http = TRACKING_UNKNOWN;
	if (!tracking_light_parse(row->https, &t.https))
		t.https = TRACKING_UNKNOWN;
	return t;
}

void tracking_state_set(struct tracking_row *row, const struct tracking *t)
{
	row->status = str_c(tracking_status_name(t->status));
	row->http = str_c(tracking_light_name(t->http));
	row->https = str_c(tracking_light_name(t->https));
	row->is_dangling = t->is_dangling;
	row->is_listed = t->is_listed;
	row->status_since = t->status_since;
	row->checked_at = t->checked_at;
	row->verified_at = t->verified_at;
	row->changed_at = t->changed_at;
	row->next_at = t->next_at;
	row->fault_streak = t->fault_streak;
}

enum tracking_mode tracking_mode_of(const struct tracking_row *row)
{
	enum tracking_mode mode;

	return tracking_mode_parse(row->mode, &mode) ? mode : TRACKING_MODE_MANAGED;
}

struct link_host tracking_link_of(const struct tracking_row *row)
{
	return (struct link_host){
	        .name = row->name,
	        .state = tracking_state_of(row),
	        .is_retired = row->retired_at != 0,
	        .http_allowed = row->http_allowed,
	};
}

bool tracking_is_ready(const struct domain_row *domain)
{
	return !domain || (domain->life.verified_at != 0 && !domain->deleted_at);
}

int tracking_proof_of(struct arena *a, const struct suffixes *suffixes,
                      const struct domain_row *domain, struct str name)
{
	enum life_status status;

	if (!domain)
		return tracking_proof(false, false);
	status = domain_life_of(domain).status;
	return tracking_proof(!domain->deleted_at && (status == LIFE_VERIFIED ||
	                                              status == LIFE_WARNING),
	                      str_eq(suffixes_organization(a, suffixes, domain->name),
	                             suffixes_organization(a, suffixes, name)));
}

struct tracking_row tracking_row_of(const struct domain_row *domain, struct str name,
                                    struct str target, int64_t now)
{
	struct tracking t = tracking_begin(tracking_is_ready(domain), now);
	struct tracking_row row = {
	        .account_id = domain->account_id,
	        .domain_id = domain->id,
	        .name = name,
	        .mode = STR("managed"),
	        .region = domain->region,
	        .target = target,
	        .environment = domain->environment,
	        .created_at = now,
	};

	/* What waits is looked at when the domain becomes verified. */
	if (t.status == TRACKING_WAITING)
		t.next_at = 0;
	tracking_state_set(&row, &t);
	return row;
}
