#include "api/tracking_claim.h"

#include "api/parts.h"
#include "api/tracking_state.h"
#include "store/event.h"

enum { NAMES_MAX = 200 }; /* of one domain */

static void tell_host(struct api *api, const struct tracking_row *row)
{
	if (api->host.tracking_changed)
		api->host.tracking_changed(api->host.arg, row);
}

static bool tell_owner(struct api *api, struct arena *a, const struct tracking_row *row,
                       const char *type, const char *cause, int64_t now,
                       struct err *err)
{
	AUTO_JSON json_t *data =
	        json_pack("{s:o, s:s}", "name", json_text(row->name), "cause", cause);
	struct event_row event = {
	        .account_id = row->account_id,
	        .domain_id = row->domain_id,
	        .type = str_c(type),
	        .at = now,
	        .data = json_line(a, data),
	};
	int64_t id;

	return event_append(api->store, &event, &id, err);
}

bool tracking_take_from(struct api *api, struct arena *a, struct tracking_row *row,
                        int64_t now, struct err *err)
{
	bool retired;

	row->retired_at = row->next_at = now;
	tell_host(api, row);
	return tracking_retire(api->store, 0, row->id, now, &retired, err) &&
	       tell_owner(api, a, row, "tracking.retired", "claimed", now, err);
}

static bool claim_host(struct api *api, struct arena *a, const struct domain_row *d,
                       int64_t now, struct err *err)
{
	struct tracking_row *row, own;
	struct domain_row *holder = NULL;

	if (!tracking_find_name(api->store, a, d->tracking_host, &row, err))
		return false;
	if (!row || row->domain_id == d->id)
		return true; /* or a layout of another service: its host is not ours */
	if (row->domain_id &&
	    !domain_find(api->store, a, 0, row->domain_id, &holder, err))
		return false;
	if (!tracking_may_claim(tracking_proof_of(a, api->suffixes, d, row->name),
	                        tracking_proof_of(a, api->suffixes, holder, row->name)))
		return true;
	own = tracking_row_of(d, row->name, row->target, now);
	return tracking_take_from(api, a, row, now, err) &&
	       tracking_add(api->store, &own, &own.id, err);
}

static bool wake_one(struct api *api, struct arena *a, struct tracking_row *row,
                     int64_t now, struct err *err)
{
	struct tracking t = tracking_state_of(row);
	bool waited = t.status == TRACKING_WAITING;

	if (waited) {
		t.status = TRACKING_PENDING;
		t.status_since = now;
	}
	tracking_stir(&t, now);
	tracking_state_set(row, &t);
	tell_host(api, row);
	return tracking_save(api->store, row, err) &&
	       (!waited ||
	        tell_owner(api, a, row, tracking_event_name(TRACKING_EVENT_PENDING),
	                   "domain.verified", now, err));
}

/* All names of the domain. */
static bool wake(struct api *api, struct arena *a, const struct domain_row *d,
                 int64_t now, struct err *err)
{
	struct tracking_rows rows;

	if (!tracking_list(api->store, a, &(struct tracking_filter){.domain_id = d->id},
	                   &(struct store_page){.limit = NAMES_MAX}, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n; i++)
		if (!rows.v[i].retired_at && !wake_one(api, a, &rows.v[i], now, err))
			return false;
	return true;
}

bool tracking_claim(struct api *api, struct arena *a, const struct domain_row *domain,
                    int64_t now, struct err *err)
{
	return (domain->tracking_host.n == 0 || claim_host(api, a, domain, now, err)) &&
	       wake(api, a, domain, now, err);
}
