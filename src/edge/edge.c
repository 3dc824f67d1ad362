#include "edge/edge.h"

#include "base/log.h"
#include "ipc/role.h"
#include "net/http_server.h"
#include "sandbox/sandbox.h"

#include <event2/event.h>

struct edge {
	struct role_run run;
	struct event_base *base;
	struct http_server *server;
};

static void handle(struct http_request *request, void *arg)
{
	bool is_health = str_eq(request->path, STR("/healthz"));
	bool is_read = request->method == HTTP_GET || request->method == HTTP_HEAD;
	static const struct http_field allow = {STR_INIT("Allow"),
	                                        STR_INIT("GET, HEAD")};
	struct http_response response = {.status = is_health ? 200 : 404,
	                                 .type = STR("text/plain"),
	                                 .body = is_health ? STR("ok\n")
	                                                   : STR("not found\n")};

	(void)arg;
	if (is_health && !is_read)
		response = (struct http_response){
		        .status = 405, .fields = &allow, .field_count = 1};
	http_reply(request->exchange, &response);
}

static void on_drained(void *arg)
{
	struct edge *e = arg;

	event_base_loopbreak(e->base);
}

static void on_drain(void *arg)
{
	struct edge *e = arg;

	http_server_drain(e->server);
}

static bool start(struct edge *e, struct err *err)
{
	struct sandbox_state state;

	e->base = event_base_new();
	need(e->base != NULL);
	e->server = http_server_new(&(struct http_server_options){
	        .base = e->base, .handler = handle, .drained = on_drained, .arg = e});
	if (!sandbox_enter(ROLE_EDGE, NULL, 0, e->run.uid, e->run.gid, &state, err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", state.landlock),
	         LOG_NUM("uid", state.uid));
	for (size_t i = 0; i < e->run.listener_count; i++) {
		http_server_listen(e->server, e->run.listeners[i].fd);
		e->run.listeners[i].fd = -1;
	}
	return true;
}

int edge_main(int control_fd)
{
	static struct edge e;
	const struct role_handlers handlers = {.drain = on_drain, .arg = &e};
	struct err err = {0};

	if (!role_start(control_fd, ROLE_EDGE, &e.run, &err) || !start(&e, &err))
		return role_fail(&e.run, &err);
	role_attach(&e.run, e.base, &handlers);
	event_base_dispatch(e.base);
	return role_end(&e.run);
}
