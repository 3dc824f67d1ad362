#include "edge/standalone.h"

#include "base/file.h"
#include "base/ip_socket.h"
#include "base/log.h"
#include "edge/site.h"
#include "sandbox/sandbox.h"
#include "track/token_keys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 4096, CONNECTIONS_MAX = 60000, DEFAULT_PORT = 8080 };

struct kit {
	struct event_base *base;
	struct http_server *server;
	struct site site;
	struct event term, interrupt;
	bool is_draining;
};

static bool listen_on(struct str address, int *out, struct err *err)
{
	struct sockaddr_storage storage = {0};
	socklen_t n;
	struct ip ip;
	uint16_t port;
	int yes = 1;
	AUTO_FD int fd = -1;

	if (!ip_port_parse(address, DEFAULT_PORT, &ip, &port))
		return err_set(err, ERR_USAGE, "--listen: %.*s is not ADDR:PORT",
		               STR_ARG(address));
	n = ip_socket_address(ip, port, &storage);
	fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(fd, (const struct sockaddr *)&storage, n) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return err_set(err, ERR_UNAVAILABLE, "--listen: %.*s: %s",
		               STR_ARG(address), strerror(errno));
	*out = fd;
	fd = -1;
	return true;
}

static bool read_keys(const char *path, struct tokens **out, struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(token_keys) keys = {0};
	struct str text;
	bool ok;

	if (!file_read(&a, path, TOKEN_KEYS_TEXT_MAX, &text, err))
		return false;
	ok = token_keys_parse(text, &keys, err);
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	if (!ok)
		return err_add(err, "%s", path);
	*out = tokens_new(&keys);
	return true;
}

static void on_request(struct http_request *r, void *arg)
{
	struct kit *k = arg;

	site_handle(r, &k->site);
}

static void on_drained(void *arg)
{
	struct kit *k = arg;

	event_base_loopbreak(k->base);
}

/* The first lets it finish, the second ends it. */
static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct kit *k = arg;

	(void)number, (void)what;
	if (k->is_draining)
		event_base_loopbreak(k->base);
	k->is_draining = true;
	http_server_drain(k->server);
}

static bool listen_on_all(struct kit *k, const struct edge_kit *kit, struct err *err)
{
	for (size_t i = 0; i < kit->listen_count; i++) {
		int fd = -1;

		if (!listen_on(kit->listen[i], &fd, err))
			return false;
		http_server_listen(k->server, fd);
		log_info("edge.listens", LOG_STR("address", kit->listen[i]));
	}
	return true;
}

static void catch_signals(struct kit *k)
{
	event_assign(&k->term, k->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, k);
	event_assign(&k->interrupt, k->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal,
	             k);
	need(event_add(&k->term, NULL) == 0 && event_add(&k->interrupt, NULL) == 0);
}

static bool start(struct kit *k, const struct edge_kit *kit, struct err *err)
{
	struct site_options o = {.base = k->base,
	                         .click = kit->click,
	                         .open = kit->open,
	                         .unsubscribe = kit->unsubscribe,
	                         .contact = kit->contact,
	                         .is_standalone = true};
	struct sandbox_state state;

	if (!read_keys(kit->token_keys, &o.tokens, err))
		return false;
	k->server = http_server_new(
	        &(struct http_server_options){.base = k->base,
	                                      .head_max = SITE_HEAD_MAX,
	                                      .target_max = SITE_TARGET_MAX,
	                                      .body_max = SITE_BODY_MAX,
	                                      .connections_max = CONNECTIONS_MAX,
	                                      .handler = on_request,
	                                      .drained = on_drained,
	                                      .arg = k});
	catch_signals(k);
	return site_init(&k->site, &o, err) && listen_on_all(k, kit, err) &&
	       sandbox_enter(ROLE_EDGE, NULL, 0, SANDBOX_KEEP_USER, SANDBOX_KEEP_USER,
	                     &state, err);
}

bool edge_standalone(const struct edge_kit *kit, struct err *err)
{
	static struct kit k;
	bool ok;

	log_open("edge", LOG_AS_TEXT, LOG_INFO);
	k.base = event_base_new();
	need(k.base != NULL);
	ok = start(&k, kit, err);
	if (ok)
		event_base_dispatch(k.base);
	if (!k.server)
		return ok;
	event_del(&k.term);
	event_del(&k.interrupt);
	http_server_free(k.server);
	tokens_free(k.site.options.tokens);
	site_done(&k.site);
	event_base_free(k.base);
	return ok;
}
