#include "core/revocations.h"

#include <event2/event.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/acme_client.h"
#include "core/turn.h"
#include "store/revocation.h"
#include "store/turn.h"

enum { LOOK_MS = 5000, TRIES_MAX = 20, FIRST_MS = 5 * 60 * 1000 };

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct revocations {
	struct arena a;
	struct store *store;
	struct turn *turn;
	struct acme_client *acme;
	struct event *timer;
	struct arena row_arena;     /* of the one under way */
	struct revocation_row *row; /* NULL: none */
};

static void look_in(struct revocations *r, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(r->timer, &tv);
}

/* Whether asking again could do any good. */
static bool is_for_good(const struct acme_result *result, int64_t attempts)
{
	return result->failure == ACME_MALFORMED ||
	       result->failure == ACME_UNAUTHORIZED ||
	       result->failure == ACME_ACCOUNT || attempts >= TRIES_MAX;
}

static bool put_off(struct revocations *r, const struct acme_result *result,
                    struct err *err)
{
	const struct revocation_row *row = r->row;
	int64_t ms = FIRST_MS;

	for (int64_t i = 0; i < row->attempts && ms < DAY_MS; i++)
		ms *= 2;
	if (ms > DAY_MS)
		ms = DAY_MS;
	return revocation_set_next(r->store, row->id, row->attempts + 1,
	                           clock_now() + ms, result->text, err);
}

static bool store_result(struct revocations *r, const struct acme_result *result,
                         struct err *err)
{
	const struct revocation_row *row = r->row;

	if (result->failure == ACME_NONE)
		log_info("certificate.revoked", LOG_STR("host", row->host));
	else
		log_warning("certificate.not_revoked", LOG_STR("host", row->host),
		            LOG_NUM("try", row->attempts + 1),
		            LOG_STR("reason", result->text));
	if (result->failure == ACME_NONE || is_for_good(result, row->attempts))
		return revocation_remove(r->store, row->id, err);
	return put_off(r, result, err);
}

static void end(struct revocations *r, const struct acme_result *result)
{
	struct err err;

	turn_touch(r->turn);
	if (store_turn_savepoint(r->store, &err)) {
		if (!store_result(r, result, &err)) {
			store_turn_rollback(r->store);
			log_error("certificate.failed", LOG_CSTR("reason", err.text));
		} else if (!store_turn_release(r->store, &err)) {
			log_error("certificate.failed", LOG_CSTR("reason", err.text));
		}
	}
	r->row = NULL;
	arena_reset(&r->row_arena);
	look_in(r, LOOK_MS);
}

static void on_revoked(void *arg, const struct acme_result *result)
{
	end(arg, result);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct revocations *r = arg;
	struct revocation_rows rows;
	struct str der;
	struct err err;

	(void)fd;
	(void)what;
	if (r->row)
		return;
	arena_reset(&r->row_arena);
	if (!revocation_list_due(r->store, &r->row_arena, clock_now(), 1, &rows,
	                         &err) ||
	    rows.n == 0) {
		look_in(r, LOOK_MS);
		return;
	}
	r->row = &rows.v[0];
	if (base64_decode(&r->row_arena, r->row->leaf, false, &der))
		acme_revoke(r->acme, r->row->directory, der, on_revoked, r);
	else
		end(r, &(struct acme_result){.failure = ACME_MALFORMED,
		                             .text = STR("the row is damaged")});
}

bool revocations_add(struct store *store, struct str host, struct str directory,
                     struct str leaf, struct err *err)
{
	int64_t now = clock_now();
	int64_t id;

	return revocation_add(store,
	                      &(struct revocation_row){.host = host,
	                                               .directory = directory,
	                                               .leaf = leaf,
	                                               .created_at = now,
	                                               .next_at = now},
	                      &id, err);
}

struct revocations *revocations_new(struct event_base *base, struct store *store,
                                    struct turn *turn, struct acme_client *acme)
{
	struct arena a = {0};
	struct revocations *r = ARENA_NEW(&a, struct revocations);

	r->a = a;
	r->store = store;
	r->turn = turn;
	r->acme = acme;
	r->timer = evtimer_new(base, on_timer, r);
	need(r->timer != NULL);
	look_in(r, LOOK_MS);
	return r;
}

void revocations_poke(struct revocations *r)
{
	look_in(r, 0);
}

void revocations_free(struct revocations *r)
{
	struct arena a;

	if (!r)
		return;
	event_free(r->timer);
	arena_done(&r->row_arena);
	a = r->a;
	arena_done(&a);
}
