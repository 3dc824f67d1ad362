/*
 * Who asks, and whether they may. In this order: a key or session that is valid, an
 * account that is open, not too fast, the scope of the route, operators' routes, the
 * domain that a key is bound to, the account that an operator acts for.
 */
#include "api/parts.h"

#include "api/secret.h"
#include "base/clock.h"
#include "dns/name.h"
#include "net/http_url.h"
#include "store/api_key.h"
#include "store/turn.h"
#include "store/user.h"

#include <string.h>

enum { PUBLIC_PER_MINUTE = 600, TOUCH_MS = 60000 };

static bool refuse(struct api_call *call, enum problem p, const char *text)
{
	if (problem_row(p)->status == 401)
		api_header(call, "WWW-Authenticate",
		           p == PROBLEM_NO_KEY ? STR("Bearer realm=\"signet\"")
		                               : STR("Bearer realm=\"signet\", "
		                                     "error=\"invalid_token\""));
	api_problem(call, p, "%s", text);
	return false;
}

static bool broken(struct api_call *call, const struct err *err)
{
	api_broken(call, err);
	return false;
}

static unsigned scopes_of_role(struct str role)
{
	if (str_eq(role, STR("owner")) || str_eq(role, STR("admin")))
		return API_FULL;
	return str_eq(role, STR("member")) ? API_DOMAINS : API_READ;
}

/* *found: whether the key is known and *who filled. */
static bool find_key(struct api_call *call, struct str hash, bool *found,
                     struct err *err)
{
	struct store *store = call->api->store;
	struct api_identity *who = &call->who;
	struct api_key_row *key;

	*found = false;
	if (!api_key_find_hash(store, call->a, hash, &key, err))
		return false;
	if (!key || !secret_is_equal(key->hash, hash))
		return true;
	who->actor = api_id(call->a, "key", key->id);
	who->key_id = key->id;
	who->scopes = (unsigned)key->scopes;
	who->bound_domain = key->domain_id;
	*found = true;
	if (!account_find(store, call->a, key->account_id, &who->home, err))
		return false;
	if (call->now - key->last_used_at < TOUCH_MS)
		return true;
	return store_turn_begin(store, err) &&
	       api_key_touch(store, key, call->now, err);
}

static bool find_session(struct api_call *call, struct str hash, bool *found,
                         struct err *err)
{
	struct store *store = call->api->store;
	struct api_identity *who = &call->who;
	struct session_row *session;
	struct user_row *user;

	*found = false;
	if (!session_find(store, call->a, hash, call->now, &session, err))
		return false;
	if (!session || !secret_is_equal(session->hash, hash))
		return true;
	if (!user_find(store, call->a, 0, session->user_id, &user, err))
		return false;
	if (!user)
		return true;
	who->actor = api_id(call->a, "usr", user->id);
	who->user_id = user->id;
	who->scopes = scopes_of_role(user->role);
	*found = true;
	return account_find(store, call->a, user->account_id, &who->home, err);
}

uint64_t access_network(struct ip ip)
{
	uint64_t n = 0;

	/* Of IPv6 the network: a host has as many addresses as it wants. */
	memcpy(&n, ip.bytes, ip.length == 4 ? 4 : 8);
	return n ^ n >> 60;
}

static bool check_rate(struct api_call *call)
{
	const struct api_identity *who = &call->who;
	struct api *api = call->api;
	uint64_t owner = who->key_id ? rate_owner(RATE_KEY, (uint64_t)who->key_id)
	                 : who->user_id
	                         ? rate_owner(RATE_USER, (uint64_t)who->user_id)
	                         : rate_owner(RATE_ADDRESS,
	                                      access_network(call->request->client));
	int64_t per_minute = api->config->api_rate_per_minute;
	struct rate_result r;

	if (who->actor.n == 0 && per_minute < PUBLIC_PER_MINUTE)
		per_minute = PUBLIC_PER_MINUTE;
	r = rate_take(&api->rates, owner, per_minute, clock_monotonic_ms());
	api_header(call, "RateLimit-Limit",
	           arena_printf(call->a, "%lld", (long long)r.limit));
	api_header(call, "RateLimit-Remaining",
	           arena_printf(call->a, "%lld", (long long)r.remaining));
	if (r.ok)
		return true;
	api_header(call, "Retry-After",
	           arena_printf(call->a, "%lld", (long long)r.retry_s));
	api_problem(call, PROBLEM_RATE, "At most %lld requests a minute are answered.",
	            (long long)r.limit);
	return false;
}

/* False: answered. Without a header call->who stays nobody. */
static bool identify(struct api_call *call)
{
	struct str header = http_header(call->request, "authorization");
	struct str secret, word = STR_NONE;
	bool found = false;
	struct err err;

	if (header.n == 0)
		return true;
	if (!str_cut_word(&header, &word) || !str_eq_nocase(word, STR("Bearer")))
		return refuse(call, PROBLEM_BAD_KEY, "Send Authorization: Bearer KEY.");
	secret = str_trim(header);
	if (str_starts(secret, STR("sk_"))) {
		if (!find_key(call, secret_hash(call->a, secret), &found, &err))
			return broken(call, &err);
	} else if (str_starts(secret, STR("ss_"))) {
		if (!find_session(call, secret_hash(call->a, secret), &found, &err))
			return broken(call, &err);
	}
	if (!found || !call->who.home)
		return check_rate(call) && refuse(call, PROBLEM_BAD_KEY, "");
	call->account = call->who.home;
	return true;
}

bool api_is_operator(const struct api_call *call)
{
	return call->who.home && call->who.home->is_operator &&
	       (call->who.scopes & API_FULL) && !call->who.bound_domain;
}

/* Signet-Account: an operator acts for another account. */
static bool choose_account(struct api_call *call)
{
	struct str header = http_header(call->request, "signet-account");
	struct account_row *other = NULL;
	struct err err;
	int64_t id;

	if (header.n == 0)
		return true;
	id = api_id_parse(header, "acc");
	if (id && id == call->account->id)
		return true;
	if (!api_is_operator(call))
		return refuse(call, PROBLEM_OPERATOR,
		              "Signet-Account is for an operator's full key.");
	if (id && !account_find(call->api->store, call->a, id, &other, &err))
		return broken(call, &err);
	if (!other)
		return refuse(call, PROBLEM_NOT_FOUND, "There is no such account.");
	call->account = other;
	return true;
}

bool access_check(struct api_call *call)
{
	const struct route *route = call->route;

	if (route->flags & ROUTE_PUBLIC)
		return check_rate(call);
	if (!identify(call) || !check_rate(call))
		return false;
	if (call->who.actor.n == 0)
		return refuse(call, PROBLEM_NO_KEY, "Send Authorization: Bearer KEY.");
	if (call->who.home->closed_at && !(route->flags & ROUTE_CLOSED))
		return refuse(call, PROBLEM_ACCOUNT_CLOSED, "");
	if (!api_scope_covers(call->who.scopes, route->scope)) {
		api_problem(call, PROBLEM_SCOPE, "This needs a key with the scope %s.",
		            api_scope_name(route->scope));
		return false;
	}
	if ((route->flags & ROUTE_OPERATOR) && !api_is_operator(call))
		return refuse(call, PROBLEM_OPERATOR, "");
	if (call->who.bound_domain && !route_has_domain(route) &&
	    !(route->flags & ROUTE_BOUND))
		return refuse(call, PROBLEM_BOUND, "");
	return choose_account(call);
}

static bool find_domain(struct api_call *call, struct str text, struct err *err)
{
	struct store *store = call->api->store;
	int64_t id = api_id_parse(text, "dom");
	struct str name;
	struct err ignored;

	if (id)
		return domain_find(store, call->a, call->account->id, id, &call->domain,
		                   err);
	if (!dns_name_parse(call->a, text, &name, &ignored))
		return true;
	return domain_find_name(store, call->a, call->account->id, name, &call->domain,
	                        err);
}

bool access_domain(struct api_call *call)
{
	const struct domain_row *d;
	struct err err;

	if (!find_domain(call, call->captures[0], &err))
		return broken(call, &err);
	d = call->domain;
	if (d && d->deleted_at && call->route->method != HTTP_GET)
		d = NULL;
	if (d && call->who.bound_domain && call->who.bound_domain != d->id)
		d = NULL;
	if (!d)
		return refuse(call, PROBLEM_NOT_FOUND,
		              "The account has no such domain.");
	call->object = api_id(call->a, "dom", d->id);
	return true;
}
