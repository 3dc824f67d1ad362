/*
 * Keys for the API. What is asked for, and what is given up, is written down as unsettled
 * before the keys process hears of it (store/unsettled_key.h); upkeep gives up what a
 * crash has left so.
 */
#include "core/key_calls.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/parts.h"
#include "store/turn.h"
#include "store/unsettled_key.h"

/* A call to keys that the API waits for. */
struct key_call {
	struct key_call *next; /* while nobody needs it */
	struct core *core;
	char key_ref[KEY_ID_LEN + 1];
	enum key_algorithm algorithm;
	struct str domain; /* until the turn ends */
	bool is_noted;
	void (*done)(void *arg, const struct api_taken_key *key); /* NULL: a drop */
	void *arg;
};

static struct key_call *new_call(struct core *core, struct str key_ref)
{
	struct key_call *call = core->unused_key_calls;

	if (call)
		core->unused_key_calls = call->next;
	else
		call = ARENA_NEW(&core->a, struct key_call);
	*call = (struct key_call){.core = core};
	need(key_ref.n == KEY_ID_LEN);
	memcpy(call->key_ref, key_ref.p, KEY_ID_LEN);
	return call;
}

static void free_call(struct key_call *call)
{
	call->next = call->core->unused_key_calls;
	call->core->unused_key_calls = call;
}

static bool note(struct key_call *call)
{
	struct store *store = &call->core->store;
	struct err err;

	if (store_turn_begin(store, &err) &&
	    unsettled_key_add(store, str_c(call->key_ref), clock_now(), &err))
		return true;
	log_error("key.not_noted", LOG_CSTR("reason", err.text));
	return false;
}

/* ---- A key is taken ---- */

static void end_take(struct key_call *call, const struct api_taken_key *key)
{
	struct core *core = call->core;
	void (*done)(void *arg, const struct api_taken_key *key) = call->done;
	void *arg = call->arg;

	free_call(call);
	turn_touch(core->turn);
	done(arg, key);
}

static void on_taken(void *arg, const struct keys_result *result)
{
	struct api_taken_key key = {.ok = result->refusal == KEYS_NONE,
	                            .public_key = result->public_key};

	if (!key.ok)
		log_warning("key.not_taken", LOG_CSTR("reason", result->reason));
	end_take(arg, &key);
}

static void ask_for_key(void *arg, bool committed)
{
	struct key_call *call = arg;

	if (committed && call->is_noted)
		keys_take(call->core->keys, str_c(call->key_ref), call->algorithm,
		          call->domain, on_taken, call);
	else
		end_take(call, &(struct api_taken_key){.ok = false});
}

void core_take_key(void *arg, struct str key_ref, enum api_algorithm algorithm,
                   struct str domain,
                   void (*done)(void *done_arg, const struct api_taken_key *key),
                   void *done_arg)
{
	struct core *core = arg;
	struct key_call *call = new_call(core, key_ref);

	call->algorithm = algorithm == API_RSA ? KEY_RSA : KEY_ED25519;
	call->domain = arena_dup(turn_arena(core->turn), domain);
	call->done = done;
	call->arg = done_arg;
	call->is_noted = note(call);
	turn_after(core->turn, ask_for_key, call);
}

/* ---- A key is given up ---- */

/* Nothing depends on it: what does not work now upkeep does later. */
static void on_dropped(void *arg, const struct keys_result *result)
{
	struct key_call *call = arg;
	struct store *store = &call->core->store;
	struct err err;

	turn_touch(call->core->turn);
	if (result->refusal != KEYS_NONE)
		log_warning("key.not_dropped", LOG_CSTR("reason", result->reason));
	else if (!store_turn_begin(store, &err) ||
	         !unsettled_key_remove(store, str_c(call->key_ref), &err))
		log_warning("key.not_settled", LOG_CSTR("reason", err.text));
	free_call(call);
}

static void give_up(void *arg, bool committed)
{
	struct key_call *call = arg;

	if (committed)
		keys_drop(call->core->keys, str_c(call->key_ref), on_dropped, call);
	else
		free_call(call);
}

void core_drop_key(void *arg, struct str key_ref)
{
	struct core *core = arg;
	struct key_call *call = new_call(core, key_ref);

	call->is_noted = note(call);
	turn_after(core->turn, give_up, call);
}
