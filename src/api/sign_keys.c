#include "api/sign_keys.h"

#include "api/parts.h"
#include "base/base64.h"
#include "base/random.h"

enum { REF_BYTES = 16 };

void sign_keys_want(struct sign_keys *keys, enum api_algorithm algorithm,
                    struct str selector)
{
	need(keys->n < SIGN_KEYS_MAX);
	keys->v[keys->n++] =
	        (struct sign_key){.algorithm = algorithm, .selector = selector};
}

/* A name for the key, 32 hexadecimal digits (ipc/grant.h). */
static struct str new_ref(struct arena *a)
{
	uint8_t bytes[REF_BYTES];
	struct str out = STR_NONE;

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		out = arena_printf(a, "%.*s%02x", STR_ARG(out), bytes[i]);
	return out;
}

static void ask(struct sign_keys *keys);

static void taken(void *arg, const struct api_taken_key *key)
{
	struct sign_keys *keys = arg;
	struct sign_key *k = &keys->v[keys->taken];

	if (key->ok) {
		k->text = base64_encode(keys->call->a, key->public_key);
		keys->taken++;
	} else {
		keys->failed = true;
	}
	if (keys->failed) {
		sign_keys_drop(keys->call, keys);
		api_resume(keys->call);
	} else if (keys->taken < keys->n) {
		ask(keys);
	} else {
		api_resume(keys->call);
	}
}

static void ask(struct sign_keys *keys)
{
	const struct api_host *host = &keys->call->api->host;
	struct sign_key *k = &keys->v[keys->taken];

	k->ref = new_ref(keys->call->a);
	host->take_key(host->arg, k->ref, k->algorithm, keys->domain, taken, keys);
}

enum api_result sign_keys_take(struct api_call *call, struct sign_keys *keys,
                               struct str domain)
{
	keys->call = call;
	keys->domain = domain;
	if (keys->n == 0)
		return call->resume(call);
	if (!call->api->host.take_key)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	ask(keys);
	return API_LATER;
}

struct str sign_keys_text(const struct sign_keys *keys, enum api_algorithm algorithm)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].algorithm == algorithm)
			return keys->v[i].text;
	return STR_NONE;
}

void sign_keys_drop(struct api_call *call, const struct sign_keys *keys)
{
	const struct api_host *host = &call->api->host;

	for (size_t i = 0; i < keys->taken && host->drop_key; i++)
		host->drop_key(host->arg, keys->v[i].ref);
}
