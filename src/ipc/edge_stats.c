#include "ipc/edge_stats.h"

#include "ipc/message.h"

#include <stdio.h>

const struct edge_stats_row edge_stats_rows[EDGE_STATS_COUNT] = {
#define X(name, type, help) {#name, (type), (help), offsetof(struct edge_stats, name)},
        EDGE_STATS(X)
#undef X
};

_Static_assert(sizeof(struct edge_stats) == EDGE_STATS_COUNT * sizeof(uint64_t),
               "a field of the message for each row");

void edge_stats_name(const struct edge_stats_row *row, char out[EDGE_STATS_NAME])
{
	snprintf(out, EDGE_STATS_NAME, "edge_%s%s", row->name,
	         row->type[0] == 'c' ? "_total" : "");
}

void edge_stats_put(struct buf *body, const struct edge_stats *s)
{
	for (size_t i = 0; i < EDGE_STATS_COUNT; i++) {
		const void *at = (const char *)s + edge_stats_rows[i].offset;

		ipc_put_u64(body, *(const uint64_t *)at);
	}
}

void edge_stats_get(struct ipc_reader *r, struct edge_stats *s)
{
	for (size_t i = 0; i < EDGE_STATS_COUNT; i++) {
		void *at = (char *)s + edge_stats_rows[i].offset;

		*(uint64_t *)at = ipc_get_u64(r);
	}
}
