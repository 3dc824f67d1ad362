#include "gate/gate.h"

#include "base/log.h"
#include "ipc/role.h"
#include "sandbox/sandbox.h"

#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

struct gate {
	struct role_run run;
	struct event_base *base;
	struct evconnlistener *listeners[ROLE_LISTENERS_MAX];
};

static void on_client(struct evconnlistener *listener, evutil_socket_t fd,
                      struct sockaddr *address, int length, void *arg)
{
	static const char answer[] = "421 4.3.2 Signet's gate is not in service\r\n";

	(void)listener;
	(void)address;
	(void)length;
	(void)arg;
	/* It fits into the buffer of a new socket; a client that left misses nothing. */
	(void)!send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	close(fd);
}

/* Out of descriptors, most likely: the clients wait in the queue of the kernel. */
static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	(void)arg;
	log_error("gate.accept_failed");
}

static bool start(struct gate *g, struct err *err)
{
	struct sandbox_state state;

	g->base = event_base_new();
	need(g->base != NULL);
	if (!sandbox_enter(ROLE_GATE, NULL, 0, g->run.uid, g->run.gid, &state, err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", state.landlock),
	         LOG_NUM("uid", state.uid));
	for (size_t i = 0; i < g->run.listener_count; i++) {
		g->listeners[i] = evconnlistener_new(g->base, on_client, g,
		                                     LEV_OPT_CLOSE_ON_FREE |
		                                             LEV_OPT_CLOSE_ON_EXEC,
		                                     0, g->run.listeners[i].fd);
		need(g->listeners[i] != NULL);
		g->run.listeners[i].fd = -1;
		evconnlistener_set_error_cb(g->listeners[i], on_accept_failed);
	}
	return true;
}

static void on_drain(void *arg)
{
	struct gate *g = arg;

	for (size_t i = 0; i < g->run.listener_count; i++)
		evconnlistener_free(g->listeners[i]);
	event_base_loopbreak(g->base);
}

int gate_main(int control_fd)
{
	static struct gate g;
	const struct role_handlers handlers = {.drain = on_drain, .arg = &g};
	struct err err = {0};

	if (!role_start(control_fd, ROLE_GATE, &g.run, &err) || !start(&g, &err))
		return role_fail(&g.run, &err);
	role_attach(&g.run, g.base, &handlers);
	event_base_dispatch(g.base);
	return role_end(&g.run);
}
