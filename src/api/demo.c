#include "api/demo.h"

#include "api/domain_find.h"
#include "api/domain_state.h"
#include "api/layout.h"
#include "api/parts.h"
#include "data/data.h"
#include "store/event.h"
#include "store/sender.h"

/* Below a name of the installation; without one, below a name that nobody can have. */
static struct str demo_name(struct api_call *call, int64_t account)
{
	const struct config *c = call->api->config;
	struct str base = address_domain(c->mail_from);

	if (base.n == 0)
		base = c->instance_bounce_target;
	if (base.n == 0)
		base = STR("signet.invalid");
	return arena_printf(call->a, "demo-%lld.%.*s", (long long)account,
	                    STR_ARG(base));
}

static bool add_sender(struct api_call *call, const struct domain_row *row,
                       struct err *err)
{
	struct sender_row sender = {
	        .account_id = row->account_id,
	        .domain_id = row->id,
	        .address = arena_printf(call->a, "hello@%.*s", STR_ARG(row->name)),
	        .display_name = STR("Demo"),
	        .created_at = call->now,
	};
	int64_t id;

	return sender_add(call->api->store, &sender, &id, err);
}

bool demo_add(struct api_call *call, const struct account_row *account, struct err *err)
{
	struct store *store = call->api->store;
	struct life life = life_begin(call->now);
	struct layout_row layout;
	struct event_row event;
	struct domain_row row = {
	        .account_id = account->id,
	        .name = arena_lower(call->a, demo_name(call, account->id)),
	        .settings = STR("{}"),
	        .region = account->region,
	        .environment = STR("test"),
	        .unsubscribe_mode = STR("off"),
	        .is_demo = true,
	        .created_at = call->now,
	};

	life.status = LIFE_VERIFIED;
	life.verified_at = call->now;
	life.next_check_at = 0;
	domain_life_set(&row.life, &life);
	if (!layout_freeze(call->a, STR("standard"),
	                   data_file(STR("profiles/standard.json")), &layout, err) ||
	    !layout_put(store, &layout, &row.layout_id, err) ||
	    !domain_add(store, &row, &row.id, err))
		return false;
	if (row.id == 0)
		return true;
	event = (struct event_row){
	        .account_id = account->id,
	        .domain_id = row.id,
	        .type = STR("domain.created"),
	        .at = call->now,
	        .data = arena_printf(call->a, "{\"domain\":\"%.*s\",\"demo\":true}",
	                             STR_ARG(row.name)),
	};
	return add_sender(call, &row, err) &&
	       event_append(store, &event, &event.id, err);
}
