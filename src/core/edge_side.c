#include "core/edge_side.h"

#include <string.h>

#include "core/parts.h"
#include "data/data.h"
#include "store/tracking.h"

enum { PAGE_HOSTS = 200, PAGE_TEXTS = 1024 * 1024 };

/* Retired hosts too: their links live on. */
static struct edge_host edge_host_of(const struct tracking_row *row)
{
	return (struct edge_host){row->name, row->account_id, row->aasa,
	                          row->assetlinks};
}

static void on_synced(void *arg, unsigned instance, uint64_t sequence)
{
	struct core *core = arg;

	ingest_synced(core->ingest, instance, sequence);
}

/* Of two rows of a name the one in use is the younger: it is told last, and counts. */
static bool list_hosts(void *arg, struct arena *a, int64_t after,
                       struct edge_host_page *page, struct err *err)
{
	struct core *core = arg;
	struct tracking_rows rows;
	size_t texts = 0;

	if (!tracking_list(&core->store, a, &(struct tracking_filter){0},
	                   &(struct store_page){.cursor = after, .limit = PAGE_HOSTS},
	                   &rows, err))
		return false;
	page->v = ARENA_ARRAY(a, struct edge_host, rows.n + 1);
	page->next = rows.next;
	for (size_t i = 0; i < rows.n; i++) {
		page->v[page->n++] = edge_host_of(&rows.v[i]);
		texts += rows.v[i].aasa.n + rows.v[i].assetlinks.n;
		if (texts > PAGE_TEXTS && i + 1 < rows.n) {
			page->next = rows.v[i].id;
			break;
		}
	}
	return true;
}

void core_tell_host(struct core *core, const struct tracking_row *row)
{
	struct edge_host host = edge_host_of(row);

	edges_host(core->edges, &host);
}

void core_edge_side(struct core *core)
{
	struct str dir =
	        arena_printf(&core->a, "%.*s/journal", STR_ARG(core->config.data_dir));

	core->edges = edges_new(&(struct edges_setup){.base = core->base,
	                                              .store = &core->store,
	                                              .turn = core->turn,
	                                              .config = &core->config,
	                                              .hosts = list_hosts,
	                                              .synced = on_synced,
	                                              .arg = core});
	core->ingest = ingest_new(
	        &(struct ingest_setup){.base = core->base,
	                               .store = &core->store,
	                               .turn = core->turn,
	                               .edges = core->edges,
	                               .dir = dir.p,
	                               .agents = data_file(STR("agents.json"))});
}

bool core_edge_side_load(struct core *core, struct err *err)
{
	for (unsigned i = 0; i < ROLE_INSTANCES_MAX; i++) {
		int fd = role_take_peer(&core->run, ROLE_EDGE, i);

		if (fd >= 0)
			edges_connect(core->edges, i, fd);
	}
	return ingest_load(core->ingest, err);
}

size_t core_edge_metrics(void *arg, struct api_metric *out, size_t max)
{
	const struct core *core = arg;
	struct edge_stats edges = edges_stats(core->edges);

	need(max >= EDGE_STATS_COUNT);
	for (size_t i = 0; i < EDGE_STATS_COUNT; i++) {
		const struct edge_stats_row *row = &edge_stats_rows[i];

		out[i] = (struct api_metric){.type = row->type, .help = row->help};
		edge_stats_name(row, out[i].name);
		memcpy(&out[i].value, (const char *)&edges + row->offset,
		       sizeof(out[i].value));
	}
	return EDGE_STATS_COUNT;
}
