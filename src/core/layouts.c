#include "core/layouts.h"

#include "store/layout.h"

struct layouts {
	struct arena a;
	struct store *store;
	struct map by_id;
};

struct layouts *layouts_new(struct store *store)
{
	struct arena a = {0};
	struct layouts *layouts = ARENA_NEW(&a, struct layouts);

	layouts->a = a;
	layouts->store = store;
	layouts->by_id = map_init(&layouts->a);
	return layouts;
}

void layouts_free(struct layouts *layouts)
{
	struct arena a;

	if (!layouts)
		return;
	a = layouts->a;
	arena_done(&a);
}

static struct str make_key(const int64_t *id)
{
	return (struct str){(const char *)id, sizeof(*id)};
}

bool layouts_get(struct layouts *layouts, int64_t id, const struct profile **out,
                 struct err *err)
{
	AUTO(arena) a = {0};
	struct layout_row *row;
	struct profile *profile = map_find(&layouts->by_id, make_key(&id));

	if (!profile) {
		if (!layout_find(layouts->store, &a, id, &row, err))
			return false;
		if (!row)
			return err_set(err, ERR_INTERNAL, "no layout %lld",
			               (long long)id);
		if (!profile_parse(&layouts->a, row->profile, row->text, &profile, err))
			return err_add(err, "layout %lld", (long long)id);
		map_set(&layouts->by_id, make_key(&id), profile);
	}
	*out = profile;
	return true;
}
