/* The first account and its key, on a machine that has none. */
#include "api/api.h"

#include "api/call.h"
#include "api/demo.h"
#include "api/parts.h"
#include "api/secret.h"
#include "base/clock.h"
#include "store/api_key.h"

static bool is_empty(struct api *api, struct arena *a, bool *out, struct err *err)
{
	struct store_page page = {.limit = 1};
	struct account_rows rows;

	if (!account_list(api->store, a, &page, &rows, err))
		return false;
	*out = rows.n == 0;
	return true;
}

bool api_bootstrap(struct api *api, struct arena *a, struct str owner_email,
                   struct str *secret, struct err *err)
{
	struct api_secret made = secret_make(a, "sk");
	struct api_call call = {.api = api, .a = a, .now = clock_now()};
	struct account_row account = {
	        .name = api->config->instance_name,
	        .owner_email = owner_email,
	        .region = api->config->instance_region,
	        .language = STR("en"),
	        .is_operator = true,
	        .created_at = call.now,
	};
	struct api_key_row key = {
	        .name = STR("first key"),
	        .hash = made.hash,
	        .hint = made.hint,
	        .scopes = API_FULL,
	        .created_at = call.now,
	};
	bool empty;

	*secret = STR_NONE;
	if (!is_empty(api, a, &empty, err))
		return false;
	if (!empty)
		return true;
	if (!account_add(api->store, &account, &account.id, err))
		return false;
	key.account_id = account.id;
	if (!api_key_add(api->store, &key, &key.id, err))
		return false;
	if (api->config->demo_enabled && !demo_add(&call, &account, err))
		return false;
	*secret = made.text;
	return true;
}
