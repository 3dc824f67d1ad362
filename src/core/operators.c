#include "core/operators.h"

#include "store/account.h"
#include "store/event.h"

/* Operators are the first accounts of an installation. */
enum { LOOKED_AT = 100 };

static bool tell_all(struct store *store, struct arena *a, struct event_row *row,
                     struct err *err)
{
	const struct store_page page = {.limit = LOOKED_AT};
	struct account_rows accounts;
	int64_t id;

	if (!account_list(store, a, &page, &accounts, err))
		return false;
	for (size_t i = 0; i < accounts.n; i++) {
		row->account_id = accounts.v[i].id;
		if (accounts.v[i].is_operator && !event_append(store, row, &id, err))
			return false;
	}
	return true;
}

bool operators_tell(struct store *store, const char *type, int64_t now, json_t *data,
                    struct err *err)
{
	AUTO(arena) a = {0};
	AUTO_JSON json_t *owned = data;
	struct event_row row = {
	        .type = str_c(type), .at = now, .data = json_line(&a, owned)};

	return tell_all(store, &a, &row, err);
}
