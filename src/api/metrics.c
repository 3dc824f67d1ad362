#include "api/metrics.h"

#include "api/parts.h"
#include "base/clock.h"

#include <string.h>

enum {
	MORE_METRICS_MAX = 64,
	COUNTS_KEPT_MS = 15000,
};

/* What has labels, or is not a plain number of core. */
#define LABELLED(X)                                                                    \
	X(DOMAINS, "domains", "gauge", "status", "Domains by status.")                 \
	X(CERTIFICATES, "certificates", "gauge", "state",                              \
	  "Certificates of tracking hosts by state.")                                  \
	X(NOT_AFTER, "certificate_not_after_seconds", "gauge", NULL,                   \
	  "When the first of the valid certificates ends, in Unix time; no value "     \
	  "where "                                                                     \
	  "there is none.")                                                            \
	X(REQUESTS, "api_requests_total", "counter", "route, status",                  \
	  "Answers by route and status.")                                              \
	X(ROLE_UP, "role_up", "gauge", "role, process", "Whether a process is up.")    \
	X(ROLE_RESTARTS, "role_restarts_total", "counter", "role, process",            \
	  "Restarts of a process.")                                                    \
	X(START_TIME, "start_time_seconds", "gauge", NULL, "When core started.")

enum labelled {
#define X(id, name, type, labels, help) id,
	LABELLED(X)
#undef X
	        LABELLED_COUNT
};

static const struct api_metric_row labelled[] = {
#define X(id, name, type, labels, help) {name, type, labels, help},
        LABELLED(X)
#undef X
};

enum kind { COUNTER, GAUGE, SECONDS };

static const struct gauge {
	struct api_metric_row row;
	enum kind kind;
	size_t offset; /* of its uint64_t in struct api_gauges */
} gauges[] = {
#define X(member, how, name, help)                                                     \
	{                                                                              \
	        {name, how == COUNTER ? "counter" : "gauge", NULL, help},              \
	        how,                                                                   \
	        offsetof(struct api_gauges, member),                                   \
},
        API_GAUGES(X)
#undef X
};

const struct api_metric_row *api_metric_at(size_t i)
{
	if (i < LEN(labelled))
		return &labelled[i];
	i -= LEN(labelled);
	return i < LEN(gauges) ? &gauges[i].row : NULL;
}

static void begin(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP signet_%s %s\n# TYPE signet_%s %s\n", name, help, name,
	           type);
}

static const char *begin_labelled(struct buf *out, enum labelled which)
{
	const struct api_metric_row *row = &labelled[which];

	begin(out, row->name, row->type, row->help);
	return row->name;
}

/* ---- of the store ---- */

/* Counting reads indexes from end to end, so it is done now and then. */
static bool count(struct api *api, struct err *err)
{
	int64_t now = clock_monotonic_ms();

	if (api->counted_at && now - api->counted_at < COUNTS_KEPT_MS)
		return true;
	arena_reset(&api->counts_arena);
	api->counts = (struct domain_counts){0};
	api->certificates = (struct certificate_counts){0};
	api->counted_at = 0;
	if (!domain_count(api->store, &api->counts_arena, 0, &api->counts, err) ||
	    !certificate_count(api->store, &api->counts_arena, clock_now(),
	                       &api->certificates, err))
		return false;
	api->counted_at = now;
	return true;
}

static void add_domains(struct buf *out, const struct api *api)
{
	const char *name = begin_labelled(out, DOMAINS);

	for (size_t i = 0; i < api->counts.n; i++)
		buf_printf(out, "signet_%s{status=\"%.*s\"} %lld\n", name,
		           STR_ARG(api->counts.v[i].status),
		           (long long)api->counts.v[i].n);
}

static void add_certificates(struct buf *out, const struct api *api)
{
	const struct certificate_counts *counts = &api->certificates;
	const char *name = begin_labelled(out, CERTIFICATES);
	int64_t first = 0;

	for (size_t i = 0; i < counts->n; i++) {
		const struct certificate_count *c = &counts->v[i];

		buf_printf(out, "signet_%s{state=\"%.*s\"} %lld\n", name,
		           STR_ARG(c->state), (long long)c->n);
		if (c->first_not_after && (!first || c->first_not_after < first))
			first = c->first_not_after;
	}
	name = begin_labelled(out, NOT_AFTER);
	if (first)
		buf_printf(out, "signet_%s %lld\n", name, (long long)(first / 1000));
}

/* ---- of the API, the processes, core ---- */

static void add_requests(struct buf *out, const struct api *api)
{
	const char *name = begin_labelled(out, REQUESTS);

	for (size_t i = 0; i <= API_ROUTES_MAX; i++) {
		const struct api_counter *c = &api->counters[i];
		const struct route *route =
		        i < API_ROUTES_MAX && c->n ? route_at(i) : NULL;

		for (size_t j = 0; j < c->n; j++)
			buf_printf(out, "signet_%s{route=\"%s\",status=\"%u\"} %llu\n",
			           name, route ? route->id : "none", c->v[j].status,
			           (unsigned long long)c->v[j].n);
	}
}

static void add_roles(struct buf *out, const struct api *api)
{
	struct api_role roles[API_ROLES_MAX];
	size_t n =
	        api->host.roles ? api->host.roles(api->host.arg, roles, LEN(roles)) : 0;
	const char *name = begin_labelled(out, ROLE_UP);

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "signet_%s{role=\"%s\",process=\"%u\"} %d\n", name,
		           roles[i].name, roles[i].process,
		           roles[i].state == API_ROLE_UP);
	name = begin_labelled(out, ROLE_RESTARTS);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "signet_%s{role=\"%s\",process=\"%u\"} %llu\n", name,
		           roles[i].name, roles[i].process,
		           (unsigned long long)roles[i].restarts);
}

static void add_gauges(struct buf *out, const struct api *api)
{
	struct api_gauges g = {0};

	if (!api->host.gauges)
		return;
	api->host.gauges(api->host.arg, &g);
	for (size_t i = 0; i < LEN(gauges); i++) {
		const struct api_metric_row *row = &gauges[i].row;
		uint64_t value;

		memcpy(&value, (const char *)&g + gauges[i].offset, sizeof(value));
		begin(out, row->name, row->type, row->help);
		if (gauges[i].kind == SECONDS)
			buf_printf(out, "signet_%s %.3f\n", row->name,
			           (double)value / 1000);
		else
			buf_printf(out, "signet_%s %llu\n", row->name,
			           (unsigned long long)value);
	}
}

static void add_more(struct buf *out, const struct api *api)
{
	struct api_metric more[MORE_METRICS_MAX];
	size_t n = 0;

	if (api->host.metrics)
		n = api->host.metrics(api->host.arg, more, LEN(more));
	for (size_t i = 0; i < n; i++) {
		begin(out, more[i].name, more[i].type, more[i].help);
		buf_printf(out, "signet_%s %llu\n", more[i].name,
		           (unsigned long long)more[i].value);
	}
}

bool api_metrics(struct api *api, struct buf *out, struct err *err)
{
	const char *name;

	if (!count(api, err))
		return false;
	add_domains(out, api);
	add_certificates(out, api);
	add_gauges(out, api);
	add_more(out, api);
	add_requests(out, api);
	add_roles(out, api);
	name = begin_labelled(out, START_TIME);
	buf_printf(out, "signet_%s %lld\n", name, (long long)(api->started_at / 1000));
	return true;
}
