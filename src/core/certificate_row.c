/* What stands between the rows of the store and what life decides on. */
#include "core/certificates_parts.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/event.h"
#include "store/tracking.h"

struct certificate_life certificate_row_life(const struct certificate_row *row)
{
	struct certificate_life life = {
	        .generation = row->generation,
	        .not_before = row->not_before,
	        .not_after = row->not_after,
	        .ordered_at = row->ordered_at,
	        .is_ordered = row->is_ordered,
	        .attempts = row->attempts,
	        .faults = row->faults,
	        .try_at = row->try_at,
	        .next_at = row->next_at,
	        .failed_at = row->failed_at,
	        .is_told_expiring = row->is_told_expiring,
	};

	/* Words of a version to come mean nothing to this one. */
	(void)!certificate_state_parse(row->state, &life.state);
	(void)!certificate_source_parse(row->source, &life.source);
	(void)!certificate_failure_parse(row->failure, &life.failure);
	return life;
}

void certificate_row_set(struct certificate_row *row,
                         const struct certificate_life *life)
{
	row->state = str_c(certificate_state_name(life->state));
	row->source = str_c(certificate_source_name(life->source));
	row->failure = str_c(certificate_failure_name(life->failure));
	row->generation = life->generation;
	row->not_before = life->not_before;
	row->not_after = life->not_after;
	row->ordered_at = life->ordered_at;
	row->is_ordered = life->is_ordered;
	row->attempts = life->attempts;
	row->faults = life->faults;
	row->try_at = life->try_at;
	row->next_at = life->next_at;
	row->failed_at = life->failed_at;
	row->is_told_expiring = life->is_told_expiring;
}

bool certificate_row_open(struct store *store, struct arena *a, int64_t tracking,
                          struct certificate_row **out, struct err *err)
{
	struct tracking_row *domain;

	if (!certificate_find(store, a, 0, tracking, out, err))
		return false;
	if (*out)
		return true;
	if (!tracking_find(store, a, 0, tracking, &domain, err))
		return false;
	if (!domain)
		return true;
	*out = ARENA_NEW(a, struct certificate_row);
	**out = (struct certificate_row){
	        .id = tracking,
	        .account_id = domain->account_id,
	        .host = domain->name,
	        .state = str_c(certificate_state_name(CERTIFICATE_NONE)),
	};
	return true;
}

static json_t *time_json(struct arena *a, int64_t at)
{
	return at ? json_text(clock_format(a, at)) : json_null();
}

static json_t *event_data(struct arena *a, const struct certificate_row *row,
                          enum certificate_event event)
{
	enum certificate_failure failure = CERTIFICATE_FAILURE_NONE;
	json_t *data =
	        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "tracking_domain",
	                  json_text(arena_printf(a, "trk_%lld", (long long)row->id)),
	                  "name", json_text(row->host), "state", json_text(row->state),
	                  "source", json_text_or_null(row->source), "issuer",
	                  json_text_or_null(row->issuer), "not_after",
	                  time_json(a, row->not_after));

	if (event == CERTIFICATE_EVENT_ISSUED)
		return data;
	(void)!certificate_failure_parse(row->failure, &failure);
	json_object_set_new(data, "error", json_text_or_null(row->failure));
	json_object_set_new(data, "message", json_text_or_null(row->words));
	json_object_set_new(data, "fix",
	                    json_text_or_null(str_c(certificate_failure_fix(failure))));
	json_object_set_new(data, "next_at", time_json(a, row->next_at));
	return data;
}

static bool tell(struct store *store, struct arena *a,
                 const struct certificate_row *row, enum certificate_event event,
                 int64_t now, struct err *err)
{
	AUTO_JSON json_t *data = event_data(a, row, event);
	struct tracking_row *domain;
	int64_t id;

	if (!tracking_find(store, a, 0, row->id, &domain, err))
		return false;
	return event_append(
	        store,
	        &(struct event_row){.account_id = row->account_id,
	                            .domain_id = domain ? domain->domain_id : 0,
	                            .type = str_c(certificate_event_name(event)),
	                            .at = now,
	                            .data = json_line(a, data)},
	        &id, err);
}

bool certificate_row_keep(struct store *store, struct arena *a,
                          struct certificate_row *row, enum certificate_event event,
                          int64_t now, struct err *err)
{
	row->updated_at = now;
	return certificate_save(store, row, err) &&
	       (event == CERTIFICATE_EVENT_NONE ||
	        tell(store, a, row, event, now, err));
}
