/*
 * The numbers of GET /metrics, in the text format of Prometheus: a table of which the answer
 * and docs/metrics.md are made. Those that only core knows are the members of struct
 * api_gauges, a row each; adding one is adding a row and setting it in core/host.c.
 *
 *	signet_checks_total 1234
 *	signet_certificates{state="valid"} 17
 *
 * Counters begin at 0 with the process of core. Times are kept in ms and shown in seconds.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct api;

/* X(member, COUNTER, GAUGE or SECONDS (a gauge, of ms), "name", "help") */
#define API_GAUGES(X)                                                                  \
	X(checks_done, COUNTER, "checks_total", "Checks of domains that ended.")       \
	X(checks_failed, COUNTER, "checks_failed_total",                               \
	  "Checks that could not be made.")                                            \
	X(checks_undetermined, COUNTER, "checks_undetermined_total",                   \
	  "Checks that ended and could conclude nothing, for faults of DNS.")          \
	X(checks_running, GAUGE, "checks_running", "Checks under way.")                \
	X(checks_waiting, GAUGE, "checks_waiting", "Checks that are due and wait.")    \
	X(check_lag_ms, SECONDS, "check_lag_seconds",                                  \
	  "By how much the oldest check that is due is late.")                         \
	X(tracking_done, COUNTER, "tracking_looks_total",                              \
	  "Looks at tracking domains that ended.")                                     \
	X(tracking_failed, COUNTER, "tracking_looks_failed_total",                     \
	  "Looks that could not be made.")                                             \
	X(tracking_running, GAUGE, "tracking_looks_running", "Looks under way.")       \
	X(tracking_waiting, GAUGE, "tracking_looks_waiting",                           \
	  "Looks that are due and wait.")                                              \
	X(tracking_lag_ms, SECONDS, "tracking_look_lag_seconds",                       \
	  "By how much the oldest look that is due is late.")                          \
	X(orders, COUNTER, "certificate_orders_total",                                 \
	  "Orders of certificates that were begun, or taken up after a restart.")      \
	X(orders_issued, COUNTER, "certificate_orders_issued_total",                   \
	  "Orders that brought a certificate.")                                        \
	X(orders_failed, COUNTER, "certificate_orders_failed_total",                   \
	  "Orders that the authority refused, or that a fault of ours ended.")         \
	X(keys_pool, GAUGE, "key_pool", "RSA keys made ahead.")                        \
	X(keys_pool_target, GAUGE, "key_pool_target",                                  \
	  "How many RSA keys there shall be.")                                         \
	X(commits, COUNTER, "store_commits_total",                                     \
	  "Transactions of the database, one a turn that writes.")                     \
	X(commits_failed, COUNTER, "store_commits_failed_total",                       \
	  "Transactions that were lost; their answers were 503.")                      \
	X(answers_held, COUNTER, "answers_held_total",                                 \
	  "Answers that waited for a transaction.")                                    \
	X(ingest_events, COUNTER, "ingest_events_total",                               \
	  "Events taken from journals.")                                               \
	X(ingest_unknown, COUNTER, "ingest_unknown_total",                             \
	  "Records of no known form.")                                                 \
	X(ingest_failures, COUNTER, "ingest_failures_total",                           \
	  "Times that reading journals failed.")                                       \
	X(ingest_missing, GAUGE, "ingest_missing",                                     \
	  "Events that cannot be read from damaged journals.")                         \
	X(ingest_waiting, GAUGE, "ingest_waiting",                                     \
	  "Events in journals that are not in the store yet.")                         \
	X(ingest_lag_ms, SECONDS, "ingest_lag_seconds",                                \
	  "How old the oldest event is that is not in the store yet, about.")

struct api_gauges {
#define X(member, how, name, help) uint64_t member;
	API_GAUGES(X)
#undef X
};

/* One of all the numbers that the API itself shows. */
struct api_metric_row {
	const char *name;   /* without "signet_" */
	const char *type;   /* "counter" or "gauge" */
	const char *labels; /* "role, process"; NULL: none */
	const char *help;
};

/* NULL behind the last. */
const struct api_metric_row *api_metric_at(size_t i);
/* All of them, and what host->metrics() adds. */
NODISCARD bool api_metrics(struct api *api, struct buf *out, struct err *err);
