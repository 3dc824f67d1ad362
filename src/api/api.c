#include "api/api.h"

#include "api/parts.h"
#include "api/secret.h"
#include "auth/suffixes.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "net/http_url.h"
#include "store/api_key.h"
#include "store/audit.h"
#include "store/turn.h"

#include <sodium.h>

static bool is_reading(const struct api_call *call)
{
	return call->request->method == HTTP_GET || call->request->method == HTTP_HEAD;
}

static void count(struct api_call *call)
{
	struct api *api = call->api;
	size_t row = API_ROUTES_MAX;
	struct api_counter *c;

	for (size_t i = 0; call->route && i < API_ROUTES_MAX && route_at(i); i++)
		if (route_at(i) == call->route)
			row = i;
	c = &api->counters[row];
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].status == call->status) {
			c->v[i].n++;
			return;
		}
	if (c->n < LEN(c->v)) {
		c->v[c->n].status = call->status;
		c->v[c->n++].n = 1;
	}
}

static void reply(struct api_call *call)
{
	struct api *api = call->api;
	struct http_response response;

	api_header(call, "Cache-Control", STR("no-store"));
	response = (struct http_response){
	        .status = call->status,
	        .type = call->type,
	        .fields = call->fields,
	        .field_count = call->field_count,
	        .body = call->text,
	};
	count(call);
	json_decref(call->query);
	json_decref(call->body);
	json_decref(call->owned);
	call->query = call->body = call->owned = NULL;
	api->host.reply(api->host.arg, call->request->exchange, &response);
}

/* What was changed is in the audit log, and the answer kept for a repetition. */
static bool keep(struct api_call *call, struct err *err)
{
	struct audit_row row;
	int64_t id;

	if (is_reading(call) || !call->account || call->is_replay)
		return true;
	row = (struct audit_row){
	        .account_id = call->account->id,
	        .actor = call->who.actor,
	        .action = str_c(call->route->id),
	        .object = call->object,
	        .at = call->now,
	        .data = STR("{}"),
	};
	return repeat_keep(call, err) && audit_append(call->api->store, &row, &id, err);
}

/* What is told of a call that may have been refused, and so left nothing else behind. */
static void keep_audit(struct api_call *call)
{
	struct store *store = call->api->store;
	const struct api_host *host = &call->api->host;
	bool begun, ok;
	int64_t id;
	struct err err;

	if (!call->audit)
		return;
	begun = store_turn_savepoint(store, &err);
	ok = begun && audit_append(store, call->audit, &id, &err);
	if (begun && !ok)
		store_turn_rollback(store);
	if (ok)
		ok = store_turn_release(store, &err);
	if (!ok && host->failed)
		host->failed(host->arg, call->route->id, str_c(err.text));
}

static void finish(struct api_call *call)
{
	struct store *store = call->api->store;
	struct err err;

	need(call->status != 0);
	if (call->in_savepoint && call->status < 400 && !keep(call, &err))
		api_broken(call, &err);
	if (call->in_savepoint) {
		call->in_savepoint = false;
		if (call->status >= 400)
			store_turn_rollback(store);
		else if (!store_turn_release(store, &err))
			api_broken(call, &err);
	}
	keep_audit(call);
	for (struct api_drop *d = call->drops; d && call->status < 400; d = d->next)
		if (call->api->host.drop_key)
			call->api->host.drop_key(call->api->host.arg, d->key_ref);
	reply(call);
}

static bool begin_writing(struct api_call *call)
{
	struct err err;

	if (is_reading(call))
		return true;
	if (!store_turn_savepoint(call->api->store, &err)) {
		api_broken(call, &err);
		return false;
	}
	call->in_savepoint = true;
	return true;
}

/* Waits: what was written so far is kept. */
static void put_aside(struct api_call *call)
{
	struct err err;

	need(call->resume != NULL);
	if (call->in_savepoint) {
		call->in_savepoint = false;
		if (!store_turn_release(call->api->store, &err)) {
			/* The turn is lost; what comes back later will see that. */
			if (call->api->host.failed)
				call->api->host.failed(call->api->host.arg,
				                       call->route->id,
				                       str_c(err.text));
		}
	}
	call->next = call->api->waiting;
	call->api->waiting = call;
}

void api_resume(struct api_call *call)
{
	struct api_call **link = &call->api->waiting;
	enum api_result result = API_DONE;

	while (*link && *link != call)
		link = &(*link)->next;
	need(*link == call);
	*link = call->next;
	call->next = NULL;
	call->now = clock_now();
	if (begin_writing(call))
		result = call->resume(call);
	if (result == API_LATER)
		put_aside(call);
	else
		finish(call);
}

/* 405 with the methods there are. */
static void refuse_method(struct api_call *call, unsigned allowed)
{
	struct str list = STR_NONE;

	for (unsigned m = 0; m < HTTP_METHODS; m++)
		if (allowed & (1U << m))
			list = arena_printf(
			        call->a, "%.*s%s%.*s", STR_ARG(list),
			        list.n ? ", " : "",
			        STR_ARG(http_method_text((enum http_method)m)));
	api_header(call, "Allow", list);
	api_problem(call, PROBLEM_METHOD, "Allowed here: %.*s.", STR_ARG(list));
}

/* False: answered. */
static bool find_route(struct api_call *call)
{
	struct route_found found;

	route_find(call->request->method, call->request->path, &found);
	call->route = found.route;
	if (found.route && (found.route->flags & ROUTE_CLOCK) &&
	    !call->api->config->clock_test)
		call->route = NULL;
	if (!call->route) {
		if (found.allowed && !found.route)
			refuse_method(call, found.allowed);
		else
			api_problem(call, PROBLEM_NO_ROUTE,
			            "See /v1/openapi.json for what there is.");
		return false;
	}
	for (size_t i = 0; i < ROUTE_CAPTURES_MAX; i++) {
		if (http_percent_decode(call->a, found.captures[i], &call->captures[i]))
			continue;
		api_problem(call, PROBLEM_MALFORMED, "The address cannot be decoded.");
		return false;
	}
	return true;
}

static enum api_result run(struct api_call *call)
{
	if (!find_route(call) || !access_check(call) || !begin_writing(call))
		return API_DONE;
	if (route_has_domain(call->route) && !access_domain(call))
		return API_DONE;
	if (!input_read(call))
		return API_DONE;
	if (call->account && !repeat_check(call))
		return API_DONE;
	return call->route->handler(call);
}

void api_handle(struct http_request *request, void *arg)
{
	struct api *api = arg;
	struct api_call *call = ARENA_NEW(request->a, struct api_call);

	call->api = api;
	call->request = request;
	call->a = request->a;
	call->now = clock_now();
	if (run(call) == API_LATER)
		put_aside(call);
	else
		finish(call);
}

struct api *api_new(const struct api_setup *setup)
{
	struct arena a = {0};
	struct api *api = ARENA_NEW(&a, struct api);

	need(setup->host.reply != NULL && sodium_init() >= 0);
	api->store = setup->store;
	api->config = setup->config;
	api->host = setup->host;
	api->version = arena_dup(&a, setup->version);
	api->rates = rate_init(&a);
	api->verify_rates = rate_init(&a);
	api->started_at = clock_now();
	api->suffixes = catalog_suffixes();
	catalog_providers(&a, &api->providers);
	api->a = a;
	return api;
}

void api_reconfigure(struct api *api, const struct config *config)
{
	api->config = config;
}

void api_free(struct api *api)
{
	struct arena a;

	if (!api)
		return;
	for (struct api_call *c = api->waiting; c; c = c->next) {
		json_decref(c->query);
		json_decref(c->body);
		json_decref(c->owned);
	}
	suffixes_free(api->suffixes);
	arena_done(&api->counts_arena);
	a = api->a;
	arena_done(&a);
}
