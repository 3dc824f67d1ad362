#include "core/edge_side.h"

#include "core/parts.h"
#include "data/data.h"

static void on_synced(void *arg, unsigned instance, uint64_t sequence)
{
	struct core *core = arg;

	ingest_synced(core->ingest, instance, sequence);
}

void core_edge_side(struct core *core)
{
	struct str dir =
	        arena_printf(&core->a, "%.*s/journal", STR_ARG(core->config.data_dir));

	core->edges = edges_new(&(struct edges_setup){.base = core->base,
	                                              .store = &core->store,
	                                              .turn = core->turn,
	                                              .config = &core->config,
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
