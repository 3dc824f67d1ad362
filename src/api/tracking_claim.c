#include "api/tracking_claim.h"

#include "api/domain_state.h"
#include "store/tracking.h"

static bool is_proven(const struct domain_row *d)
{
	enum life_status status = domain_life_of(d).status;

	return !d->deleted_at && (status == LIFE_VERIFIED || status == LIFE_WARNING);
}

static bool add(struct store *store, const struct domain_row *d, struct str target,
                int64_t now, struct err *err)
{
	struct tracking_row row = {
	        .account_id = d->account_id,
	        .domain_id = d->id,
	        .name = d->tracking_host,
	        .mode = STR("cname"),
	        .region = d->region,
	        .target = target,
	        .status = STR("verified"),
	        .created_at = now,
	};
	int64_t id;

	return tracking_add(store, &row, &id, err);
}

bool tracking_claim(struct store *store, struct arena *a,
                    const struct domain_row *domain, int64_t now, struct err *err)
{
	struct tracking_row *row;
	struct domain_row *holder;
	bool retired;

	if (domain->tracking_host.n == 0)
		return true;
	if (!tracking_find_name(store, a, domain->tracking_host, &row, err))
		return false;
	if (!row)
		return true; /* a layout of another service: its host is not ours */
	if (row->domain_id == domain->id) {
		row->status = STR("verified");
		return tracking_save(store, row, err);
	}
	if (!domain_find(store, a, 0, row->domain_id, &holder, err))
		return false;
	if (holder && is_proven(holder))
		return true;
	return tracking_retire(store, 0, row->id, now, &retired, err) &&
	       add(store, domain, row->target, now, err);
}
