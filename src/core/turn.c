#include "core/turn.h"

#include <event2/event.h>

#include "base/log.h"
#include "store/turn.h"

struct held {
	struct held *next;
	struct http_exchange *exchange;
	struct http_response response;
};

struct after {
	struct after *next;
	void (*fn)(void *arg, bool committed);
	void *arg;
};

/* What one turn has collected, in order. */
struct collected {
	struct arena a;
	struct held *first, **last;
	struct after *after_first, **after_last;
};

struct turn {
	struct arena a;
	struct store *store;
	struct event *end, *end_soon; /* behind what is ready; before all of DNS */
	bool touched;
	struct collected now;
	struct arena spare; /* of the turn after this */
	struct turn_stats stats;
};

static void begin(struct collected *c)
{
	c->first = NULL;
	c->last = &c->first;
	c->after_first = NULL;
	c->after_last = &c->after_first;
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn_end(arg);
}

struct turn *turn_new(struct event_base *base, struct store *store)
{
	struct arena a = {0};
	struct turn *turn = ARENA_NEW(&a, struct turn);

	turn->a = a;
	turn->store = store;
	turn->end = event_new(base, -1, 0, on_end, turn);
	turn->end_soon = event_new(base, -1, 0, on_end, turn);
	need(turn->end && turn->end_soon);
	event_priority_set(turn->end_soon, 0);
	begin(&turn->now);
	return turn;
}

void turn_free(struct turn *turn)
{
	struct arena a;

	if (!turn)
		return;
	event_free(turn->end);
	event_free(turn->end_soon);
	arena_done(&turn->now.a);
	arena_done(&turn->spare);
	a = turn->a;
	arena_done(&a);
}

void turn_touch(struct turn *turn)
{
	if (turn->touched)
		return;
	turn->touched = true;
	event_active(turn->end, 0, 0);
}

/* A copy of everything that the response refers to. */
static struct http_response copy_response(struct arena *a,
                                          const struct http_response *r)
{
	struct http_response copy = *r;
	struct http_field *fields =
	        ARENA_ARRAY(a, struct http_field, r->field_count + 1);

	for (size_t i = 0; i < r->field_count; i++)
		fields[i] = (struct http_field){arena_dup(a, r->fields[i].name),
		                                arena_dup(a, r->fields[i].value)};
	copy.fields = fields;
	copy.type = arena_dup(a, r->type);
	copy.body = arena_dup(a, r->body);
	return copy;
}

void turn_reply(struct turn *turn, struct http_exchange *exchange,
                const struct http_response *response)
{
	struct arena *a = &turn->now.a;
	struct held *held = ARENA_NEW(a, struct held);

	turn_touch(turn);
	event_active(turn->end_soon, 0, 0);
	turn->stats.held++;
	held->exchange = exchange;
	held->response = copy_response(a, response);
	*turn->now.last = held;
	turn->now.last = &held->next;
}

void turn_after(struct turn *turn, void (*fn)(void *arg, bool committed), void *arg)
{
	struct after *after = ARENA_NEW(&turn->now.a, struct after);

	turn_touch(turn);
	after->fn = fn;
	after->arg = arg;
	*turn->now.after_last = after;
	turn->now.after_last = &after->next;
}

struct arena *turn_arena(struct turn *turn)
{
	return &turn->now.a;
}

static bool commit(struct turn *turn)
{
	struct err err;

	turn->stats.commits += store_turn_is_open(turn->store);
	if (store_turn_commit(turn->store, &err))
		return true;
	turn->stats.failed++;
	log_error("store.commit_failed", LOG_CSTR("reason", err.text));
	return false;
}

static const struct http_response lost = {
        .status = 503,
        .type = STR_INIT("application/problem+json"),
        .fields = &(const struct http_field){STR_INIT("Retry-After"), STR_INIT("5")},
        .field_count = 1,
        .body = STR_INIT(
                "{\"type\":\"about:blank\",\"title\":\"A part of the service does not "
                "answer\",\"status\":503,\"code\":\"unavailable\",\"detail\":\"Nothing "
                "was stored; send the request again.\"}\n"),
};

void turn_end(struct turn *turn)
{
	struct collected ended = turn->now;
	bool committed = commit(turn);

	/* What is called now may begin the next turn. */
	turn->now.a = turn->spare;
	turn->spare = (struct arena){0};
	begin(&turn->now);
	turn->touched = false;
	event_del(turn->end);
	event_del(turn->end_soon);
	for (struct after *after = ended.after_first; after; after = after->next)
		after->fn(after->arg, committed);
	for (struct held *held = ended.first; held; held = held->next)
		http_reply(held->exchange, committed ? &held->response : &lost);
	arena_reset(&ended.a);
	arena_done(&turn->spare);
	turn->spare = ended.a;
}

struct turn_stats turn_stats(const struct turn *turn)
{
	return turn->stats;
}
