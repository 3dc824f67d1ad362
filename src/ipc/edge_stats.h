/*
 * The numbers that each edge tells core once a second, for metrics and alarms: one row
 * each. Counters begin at 0 with the process; `gauge` rows are as things stand.
 *
 *	struct edge_stats s = {.requests = 5};
 *	edge_stats_put(&body, &s);		(all, in the order of the rows)
 *	edge_stats_get(&reader, &s);
 */
#pragma once

#include "base/buf.h"

/* X(name, "counter" or "gauge", "what it counts") */
#define EDGE_STATS(X)                                                                  \
	X(connections, "gauge", "Connections that are open.")                          \
	X(handshakes, "counter", "TLS handshakes that were completed.")                \
	X(handshakes_failed, "counter", "TLS handshakes that were not.")               \
	X(requests, "counter", "Requests.")                                            \
	X(clicks, "counter", "Redirects that were answered.")                          \
	X(opens, "counter", "Pixels that were answered.")                              \
	X(unsubscribes, "counter", "Unsubscriptions.")                                 \
	X(pages, "counter", "Pages that ask.")                                         \
	X(refused, "counter", "Requests whose token is not genuine.")                  \
	X(certificates, "gauge", "Certificates in memory.")                            \
	X(certificate_hits, "counter", "Certificates found in memory.")                \
	X(certificate_misses, "counter", "Certificates asked of keys.")                \
	X(names_unknown, "counter", "Handshakes for a name without a certificate.")    \
	X(journal_records, "counter", "Events that are on disk.")                      \
	X(journal_bytes, "counter", "Bytes written to the journal.")                   \
	X(journal_syncs, "counter", "Times that the disk was waited for.")             \
	X(journal_lost, "counter", "Events that could not be kept.")                   \
	X(journal_at_risk, "counter",                                                  \
	  "Requests that were answered before their event was on disk.")               \
	X(journal_refused, "counter", "Requests refused as the journal failed.")       \
	X(journal_waiting, "gauge", "Events that are not on disk yet.")                \
	X(journal_failed_since, "gauge",                                               \
	  "Since when the journal cannot be written, ms; 0: it can.")                  \
	X(journal_errno, "gauge", "Why: the number of the system's error.")            \
	X(journal_segments, "gauge", "Files of the journal.")                          \
	X(ip_unknown, "counter",                                                       \
	  "Events without an address, since no accounts are known yet.")

#define EDGE_STATS_FIELDS "uuuuuuuuuuuuuuuuuuuuuuuu"

struct edge_stats {
#define X(name, type, help) uint64_t name;
	EDGE_STATS(X)
#undef X
};

struct edge_stats_row {
	const char *name, *type, *help;
	size_t offset; /* of its uint64_t in struct edge_stats */
};

enum { EDGE_STATS_COUNT = sizeof(EDGE_STATS_FIELDS) - 1 };

extern const struct edge_stats_row edge_stats_rows[EDGE_STATS_COUNT];

enum { EDGE_STATS_NAME = 64 };

/* By which Prometheus knows it: "edge_clicks_total". */
void edge_stats_name(const struct edge_stats_row *row, char out[EDGE_STATS_NAME]);

struct ipc_reader;

void edge_stats_put(struct buf *body, const struct edge_stats *s);
void edge_stats_get(struct ipc_reader *r, struct edge_stats *s);
