/*
 * Idempotency-Key: a request that is sent again, since its answer got lost, is answered
 * as before and does nothing. The key belongs to the account; the digest of method,
 * target and body says whether it is the same request. Answers that tell of an error are
 * not kept: such a request has changed nothing.
 */
#include "api/parts.h"

#include "api/secret.h"
#include "store/idempotency.h"

enum { KEY_MAX = 255 };

static bool is_key(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= KEY_MAX;
}

static struct str digest(struct api_call *call)
{
	const struct http_request *r = call->request;

	return sha256_hex(call->a, arena_printf(call->a, "%.*s %.*s?%.*s\n%.*s",
	                                        STR_ARG(http_method_text(r->method)),
	                                        STR_ARG(r->path), STR_ARG(r->query),
	                                        STR_ARG(r->body)));
}

static bool is_under_way(const struct api_call *call)
{
	for (const struct api_call *c = call->api->waiting; c; c = c->next)
		if (c->account == call->account ||
		    (c->account && c->account->id == call->account->id))
			if (str_eq(c->idempotency_key, call->idempotency_key))
				return true;
	return false;
}

bool repeat_check(struct api_call *call)
{
	struct str key = http_header(call->request, "idempotency-key");
	struct idempotency_row *row;
	struct err err;

	if (!key.p || !(call->route->flags & ROUTE_IDEMPOTENT))
		return true;
	if (!is_key(key)) {
		api_problem(call, PROBLEM_MALFORMED,
		            "Idempotency-Key has 1 to %d visible characters.", KEY_MAX);
		return false;
	}
	call->idempotency_digest = digest(call);
	if (!idempotency_find(call->api->store, call->a, call->account->id, key, &row,
	                      &err)) {
		api_broken(call, &err);
		return false;
	}
	call->idempotency_key = key;
	if (row && !str_eq(row->digest, call->idempotency_digest)) {
		call->idempotency_key = STR_NONE;
		api_problem(call, PROBLEM_KEY_REUSED,
		            "The key was used with another body or address.");
		return false;
	}
	if (row) {
		call->is_replay = true;
		call->status = (unsigned)row->status;
		call->type = STR("application/json");
		call->text = row->body;
		api_header(call, "Idempotency-Replayed", STR("true"));
		return false;
	}
	if (is_under_way(call)) {
		call->idempotency_key = STR_NONE;
		api_problem(call, PROBLEM_IN_PROGRESS, "Wait for its answer.");
		return false;
	}
	return true;
}

bool repeat_keep(struct api_call *call, struct err *err)
{
	struct idempotency_row row;

	if (call->idempotency_key.n == 0)
		return true;
	row = (struct idempotency_row){
	        .account_id = call->account->id,
	        .key = call->idempotency_key,
	        .digest = call->idempotency_digest,
	        .status = call->status,
	        .body = call->kept_text.p ? call->kept_text : call->text,
	        .created_at = call->now,
	};
	return idempotency_save(call->api->store, &row, err);
}
