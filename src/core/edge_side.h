/* What the core has to do with its edges, put together: edges.h and ingest.h. */
#pragma once

#include "api/api.h"

struct core;
struct tracking_row;

/* Makes both; turn and store are there. */
void core_edge_side(struct core *core);
/* The row was written in this turn. */
void core_tell_host(struct core *core, const struct tracking_row *row);
/* Connects the edges that there are, and begins to read their journals. */
NODISCARD bool core_edge_side_load(struct core *core, struct err *err);
/* The numbers of edges, for /metrics. */
size_t core_edge_metrics(void *arg, struct api_metric *out, size_t max);
