#include "core/acme_client.h"

#include "base/clock.h"
#include "ipc/channel.h"

#include <event2/event.h>

enum { TICK_MS = 1000 };

/* One that is under way. */
struct call {
	struct call *next;
	struct arena a; /* all of it */
	uint32_t id;
	enum ipc_type type;
	struct str body;
	int64_t deadline; /* monotonic */
	acme_done_fn *done;
	void *arg;
};

struct acme_client {
	struct arena a;
	struct event_base *base;
	struct channel *channel; /* NULL: none now */
	struct event *tick;
	struct call *first, **last; /* in the order in which they were given */
	uint32_t next_id;
};

static struct call *unlink_call(struct acme_client *c, struct call **at)
{
	struct call *call = *at;

	*at = call->next;
	if (c->last == &call->next)
		c->last = at;
	return call;
}

static void end(struct acme_client *c, struct call **at, const struct acme_result *r)
{
	struct call *call = unlink_call(c, at);
	struct arena a = call->a;

	call->done(call->arg, r);
	arena_done(&a);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct acme_client *c = arg;
	int64_t now = clock_monotonic_ms();

	(void)fd;
	(void)what;
	while (c->first && c->first->deadline <= now)
		end(c, &c->first,
		    &(struct acme_result){
		            .failure = ACME_INTERNAL,
		            .text = STR("the process acme does not answer")});
}

static void read_result(const struct channel_message *m, struct acme_result *out)
{
	struct ipc_reader r = {m->body, false};

	if (m->type == IPC_ACME_ISSUED) {
		out->chain = ipc_get_str(&r);
	} else if (m->type == IPC_ACME_FAILED) {
		uint64_t failure = ipc_get_u64(&r);

		out->failure = failure > ACME_NONE && failure < ACME_FAILURE_COUNT
		                       ? (enum acme_failure)failure
		                       : ACME_INTERNAL;
		out->retry_at = (int64_t)ipc_get_u64(&r);
		out->text = ipc_get_str(&r);
	}
}

static bool is_answer(enum ipc_type call, enum ipc_type answer)
{
	return answer == IPC_ACME_FAILED ||
	       (call == IPC_ACME_ORDER && answer == IPC_ACME_ISSUED) ||
	       (call == IPC_ACME_REVOKE && answer == IPC_ACME_REVOKED);
}

static void on_message(void *arg, struct channel_message *m)
{
	struct acme_client *c = arg;
	struct acme_result result = {0};
	struct call **at = &c->first;

	while (*at && (*at)->id != m->id)
		at = &(*at)->next;
	/* One that ended at its deadline; or nonsense, which ends there. */
	if (!*at || !is_answer((*at)->type, m->type))
		return;
	read_result(m, &result);
	end(c, at, &result);
}

static void on_closed(void *arg, const char *why)
{
	struct acme_client *c = arg;

	(void)why;
	channel_free(c->channel);
	c->channel = NULL;
}

static void send_call(struct acme_client *c, const struct call *call)
{
	/* What does not fit now goes to the next process or ends at its deadline. */
	if (c->channel)
		(void)!channel_send(c->channel, call->type, call->id, call->body, -1);
}

struct acme_client *acme_client_new(struct event_base *base)
{
	struct timeval tick = {TICK_MS / 1000, 0};
	struct arena a = {0};
	struct acme_client *c = ARENA_NEW(&a, struct acme_client);

	c->a = a;
	c->base = base;
	c->last = &c->first;
	c->tick = event_new(base, -1, EV_PERSIST, on_tick, c);
	need(c->tick && event_add(c->tick, &tick) == 0);
	return c;
}

void acme_client_connect(struct acme_client *c, int fd)
{
	channel_free(c->channel);
	c->channel = channel_new(fd, ROLE_CORE, ROLE_ACME);
	channel_attach(c->channel, c->base,
	               &(struct channel_handlers){on_message, on_closed, c});
	for (struct call *call = c->first; call; call = call->next)
		send_call(c, call);
}

void acme_client_free(struct acme_client *c)
{
	struct arena a;

	if (!c)
		return;
	channel_free(c->channel);
	event_free(c->tick);
	while (c->first) {
		a = unlink_call(c, &c->first)->a;
		arena_done(&a);
	}
	a = c->a;
	arena_done(&a);
}

static void start(struct acme_client *c, enum ipc_type type, struct str first,
                  struct str second, acme_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	struct arena a = {0};
	struct call *call = ARENA_NEW(&a, struct call);

	ipc_put_str(&body, first);
	ipc_put_str(&body, second);
	need(!body.overflowed);
	*call = (struct call){.id = ++c->next_id,
	                      .type = type,
	                      .body = arena_dup(&a, buf_str(&body)),
	                      .deadline = clock_monotonic_ms() + ACME_TIMEOUT_MS,
	                      .done = done,
	                      .arg = arg};
	call->a = a;
	*c->last = call;
	c->last = &call->next;
	send_call(c, call);
}

void acme_order(struct acme_client *c, struct str host, struct str csr_der,
                acme_done_fn *done, void *arg)
{
	start(c, IPC_ACME_ORDER, host, csr_der, done, arg);
}

void acme_revoke(struct acme_client *c, struct str directory,
                 struct str certificate_der, acme_done_fn *done, void *arg)
{
	start(c, IPC_ACME_REVOKE, directory, certificate_der, done, arg);
}
