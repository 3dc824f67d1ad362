/* The inside of struct api, and what its files share. Private to src/api. */
#pragma once

#include "api/call.h"
#include "api/rate.h"
#include "config/config.h"
#include "plan/provider.h"
#include "store/certificate.h"
#include "store/domain.h"

enum { API_STATUSES_MAX = 16, API_ROUTES_MAX = 128, API_ROLES_MAX = 80 };

struct suffixes;

/* How often a route answered with each status. */
struct api_counter {
	struct {
		unsigned status;
		uint64_t n;
	} v[API_STATUSES_MAX];
	size_t n;
};

struct api {
	struct store *store;
	const struct config *config;
	struct api_host host;
	struct str version;
	struct arena a; /* what lives as long as the API */
	struct providers providers;
	struct suffixes *suffixes;
	struct rate_table rates, verify_rates; /* by the monotonic, by the wall clock */
	struct api_counter counters[API_ROUTES_MAX + 1]; /* the last: no route */
	struct api_call *waiting;
	int64_t started_at;
	/* Domains by status, certificates by state, as they were a moment ago (metrics.c). */
	struct arena counts_arena;
	struct domain_counts counts;
	struct certificate_counts certificates;
	int64_t counted_at;
};

/* access.c: who asks and what for; false: answered. */
NODISCARD bool access_check(struct api_call *call);
/* The domain of {domain}; false: answered. */
NODISCARD bool access_domain(struct api_call *call);
/* A number for the network that a request comes from. */
uint64_t access_network(struct ip ip);

/* repeat.c: Idempotency-Key. False: answered, maybe with the kept answer. */
NODISCARD bool repeat_check(struct api_call *call);
NODISCARD bool repeat_keep(struct api_call *call, struct err *err);

/* input.c: query and body by the route's schemas; false: answered. */
NODISCARD bool input_read(struct api_call *call);
/* Whether nesting stays within bounds; strings are skipped. */
bool input_is_shallow(struct str json);
