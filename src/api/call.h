/*
 * One request under way, as its handler sees it: who asks, for which account and domain,
 * with which parameters and body, all checked already; and the functions by which the
 * handler answers. Private to src/api.
 *
 *	enum api_result sender_get(struct api_call *call)
 *	{
 *		struct sender_row *row;
 *
 *		if (!sender_find(call->api->store, call->a, call->account->id, id, &row,
 *		                 &err))
 *			return api_broken(call, &err);
 *		if (!row)
 *			return api_problem(call, PROBLEM_NOT_FOUND, "…");
 *		return api_answer(call, 200, sender_json(row));
 *	}
 */
#pragma once

#include "api/api.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/domain.h"

enum { API_FIELDS_MAX = 12, API_PAGE_DEFAULT = 50, API_PAGE_MAX = 200 };

/* A key that is not needed once the call's changes are kept. */
struct api_drop {
	struct str key_ref;
	struct api_drop *next;
};

/* Who asks. */
struct api_identity {
	struct str actor; /* "key_3", "usr_2"; empty: nobody */
	int64_t key_id, user_id;
	unsigned scopes;
	int64_t bound_domain;     /* 0: to none */
	struct account_row *home; /* the account of the key */
};

struct api_call {
	struct api *api;
	struct http_request *request;
	struct arena *a; /* of the request */
	int64_t now;
	const struct route *route;
	struct str captures[ROUTE_CAPTURES_MAX]; /* decoded */
	json_t *query, *body;                    /* objects; dropped at the end */
	struct api_identity who;
	struct account_row *account; /* the one that is acted for */
	struct domain_row *domain;   /* of {domain} */
	struct problem_errors errors;
	struct str object;       /* id of what was made or changed, for the audit */
	struct audit_row *audit; /* one more row of it, whatever is answered; or NULL */

	/* For what waits: the handler that goes on, and its own data. */
	api_handler *resume;
	void *state;
	json_t *owned; /* one more value, dropped at the end */

	/* The answer. */
	unsigned status;
	struct str type, text;
	struct http_field fields[API_FIELDS_MAX];
	size_t field_count;
	struct api_drop *drops;
	struct str kept_text; /* of ROUTE_SECRET: what a replay says */

	/* Of call.c and access.c. */
	struct str idempotency_key, idempotency_digest;
	bool is_replay, in_savepoint;
	struct api_call *next; /* of those that wait */
};

/* Answers. All give API_DONE. The JSON is taken over. */
enum api_result api_answer(struct api_call *call, unsigned status, json_t *document);
enum api_result api_answer_text(struct api_call *call, const char *type,
                                struct str text);
/* 204. */
enum api_result api_answer_nothing(struct api_call *call);
/* {"data": list, "next_cursor": …}; a `next` of 0 was the last page. */
enum api_result api_answer_list(struct api_call *call, json_t *list, int64_t next);
enum api_result api_problem(struct api_call *call, enum problem p, const char *format,
                            ...) PRINTF(3, 4);
enum api_result api_not_found(struct api_call *call, const char *what);
/* The store or another part failed: 503 or 500, and a line in the log. */
enum api_result api_broken(struct api_call *call, const struct err *err);
/* Adds an error about a member of the body; api_invalid() then answers with all. */
void api_error(struct api_call *call, const char *pointer, enum field_error code,
               const char *format, ...) PRINTF(4, 5);
enum api_result api_invalid(struct api_call *call);
/* 409: what `pointer` says is there already. */
enum api_result api_duplicate(struct api_call *call, const char *pointer,
                              const char *format, ...) PRINTF(3, 4);
/* One more header field; name and value are lent until the answer. */
void api_header(struct api_call *call, const char *name, struct str value);
/* Forgets a key, if the call ends well. */
void api_drop_key(struct api_call *call, struct str key_ref);
/* Goes on with call->resume in a turn of its own. */
void api_resume(struct api_call *call);

/* Members of the body, checked by its schema; empty, false or 0 where they are not there
 * or null. */
bool api_has(const json_t *object, const char *name);
struct str api_member(const json_t *object, const char *name);
bool api_member_bool(const json_t *object, const char *name, bool otherwise);
int64_t api_member_int(const json_t *object, const char *name, int64_t otherwise);

/* "dom_42"; null of 0. */
struct str api_id(struct arena *a, const char *prefix, int64_t id);
json_t *api_id_json(const char *prefix, int64_t id);
/* 0 where the text is no such id. */
int64_t api_id_parse(struct str text, const char *prefix);
json_t *api_time_json(int64_t at);
/* The text as JSON, or null where it is empty or none. */
json_t *api_stored_json(struct str text);

/* The page that limit= and cursor= ask for; false: answered. */
NODISCARD bool api_page(struct api_call *call, struct store_page *page);

/* Stores an event of the call's account; `data` is taken over. */
NODISCARD bool api_event(struct api_call *call, const char *type, int64_t domain,
                         json_t *data, struct err *err);
/* Whether the caller is an operator with a full key. */
bool api_is_operator(const struct api_call *call);
