#include "plan/network.h"

#include "plan/pattern.h"

static bool parse_network(struct arena *a, const json_t *object, const char *path,
                          struct network *n, struct err *err)
{
	static const char *const members[] = {"id", "name", "kind", "ranges", NULL};
	json_t *ranges;

	if (!json_check_members(object, path, members, err) ||
	    !json_get_text(a, object, path, "id", &n->id, err) ||
	    !json_get_text(a, object, path, "name", &n->name, err) ||
	    !json_get_text(a, object, path, "kind", &n->kind, err) ||
	    !json_get_array(object, path, "ranges", &ranges, err))
		return false;
	n->range_count = json_array_size(ranges);
	if (n->range_count > NETWORK_RANGES_MAX)
		return err_set(err, ERR_INPUT, "%s.ranges: more than %d elements", path,
		               NETWORK_RANGES_MAX);
	n->ranges = ARENA_ARRAY(a, struct ip_net, n->range_count + 1);
	for (size_t i = 0; i < n->range_count; i++)
		if (!ip_net_parse(str_c(json_string_value(json_array_get(ranges, i))),
		                  &n->ranges[i]))
			return err_set(err, ERR_INPUT, "%s.ranges[%zu]: not a network",
			               path, i);
	return true;
}

bool networks_parse(struct arena *a, struct str text, struct networks *out,
                    struct err *err)
{
	AUTO_JSON json_t *root = NULL;

	if (!catalog_parse(text, &root, err))
		return err_add(err, "networks");
	out->n = json_array_size(root);
	out->v = ARENA_ARRAY(a, struct network, out->n);
	for (size_t i = 0; i < out->n; i++)
		if (!parse_network(a, json_array_get(root, i),
		                   arena_printf(a, "$[%zu]", i).p, &out->v[i], err))
			return err_add(err, "networks");
	return true;
}

const struct network *network_find(const struct networks *list, struct ip ip)
{
	const struct network *best = NULL;
	int longest = -1;

	for (size_t i = 0; i < list->n; i++) {
		for (size_t r = 0; r < list->v[i].range_count; r++) {
			struct ip_net net = list->v[i].ranges[r];

			if (net.prefix > longest && ip_net_has(net, ip)) {
				best = &list->v[i];
				longest = net.prefix;
			}
		}
	}
	return best;
}
