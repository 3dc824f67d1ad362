/*
 * The edge as a process, for measurements: its handler, loop, journal with its thread,
 * certificates by name, sandbox; without parent, core and keys. Prints the path of a token.
 *
 *	bench_edge_server JOURNAL-DIR HTTP-PORT TLS-PORT CHAIN.der KEY.der [HOSTS [KEPT]]
 *
 * Every name gets the one certificate, read from its DER when it is first asked for, one
 * turn of the loop later, as if keys had answered; KEPT of them stay in memory. HOSTS names
 * h0.example … are known, each with a file for apps.
 */
#include "base/file.h"
#include "edge/site.h"
#include "edge/tls_cache.h"
#include "net/tls.h"
#include "sandbox/sandbox.h"
#include "track/token_keys.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct str chain, key;
static struct tls_cache *cache;
static struct event_base *base;

struct answer {
	size_t n;
	char host[TLS_NAME_MAX];
};

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct answer *a = arg;
	struct tls_pair *pair;
	struct err err;

	(void)fd, (void)what;
	need(tls_pair_new(chain, key, &pair, &err));
	tls_cache_put(cache, (struct str){a->host, a->n}, pair);
	free(a);
}

static bool ask(void *arg, struct str host)
{
	static const struct timeval soon = {0, 0};
	struct answer *a = malloc(sizeof(*a));

	(void)arg;
	need(a != NULL);
	a->n = host.n;
	memcpy(a->host, host.p, host.n);
	return event_base_once(base, -1, EV_TIMEOUT, on_answer, a, &soon) == 0;
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	need(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	need(listen(fd, 4096) == 0);
	return fd;
}

/* A destination of 200 bytes. */
static void print_path(struct tokens *tokens)
{
	char url[201] = "https://www.acme.example/offers/";
	struct token token = {.kind = TOKEN_CLICK, .tenant = 42, .link = 3};
	AUTO(buf) path = {.max = 8192};
	struct err err = {0};

	for (size_t i = strlen(url); i < 200; i++)
		url[i] = (char)('a' + i * 7 % 26);
	token.message = token_message(1795750205000, 12345);
	token.text = str_c(url);
	need(token_seal(tokens, &token, STR("track.acme.example"), &path, &err));
	printf("/click/%.*s\n", (int)path.n, path.p);
	fflush(stdout);
}

/* The account of the token, and so many hosts. */
static struct profile *make_profile(size_t hosts)
{
	struct profile *p = profile_new();
	char name[32];

	profile_start(p);
	profile_set_account(p, &(struct profile_account){.id = 42});
	for (size_t i = 0; i < hosts; i++) {
		snprintf(name, sizeof(name), "h%zu.example", i);
		profile_set_host(p, &(struct profile_host){
		                            .host = str_c(name),
		                            .account = 42,
		                            .apple = STR("{\"applinks\":{\"details\":"
		                                         "[{\"appIDs\":[\"ABCDE12345."
		                                         "example.app\"]}]}}")});
	}
	profile_done(p);
	return p;
}

static bool start(char **argv, size_t hosts, struct arena *a, struct site_options *o,
                  struct err *err)
{
	const struct journal_options journal = {.dir = argv[1]};
	const struct sandbox_path paths[] = {
	        {SANDBOX_TREE, argv[1]}
        };
	struct sandbox_state state;
	AUTO(token_keys) keys = {0};

	if (!token_keys_add(&keys, 0, err))
		return false;
	o->tokens = tokens_new(&keys);
	o->base = base;
	o->profile = make_profile(hosts);
	return file_read(a, argv[4], 65536, &chain, err) &&
	       file_read(a, argv[5], 65536, &key, err) &&
	       sandbox_enter(ROLE_EDGE, paths, LEN(paths), SANDBOX_KEEP_USER,
	                     SANDBOX_KEEP_USER, &state, err) &&
	       journal_open(&journal, &o->journal, err);
}

int main(int argc, char **argv)
{
	static struct site site;
	static struct tls_context tls;
	AUTO(arena) a = {0};
	struct site_options options = {.connections_max = 60000};
	struct http_server *server;
	struct err err = {0};
	int http, https;

	need(argc >= 6);
	http = listen_on(argv[2]);
	https = listen_on(argv[3]);
	base = event_base_new();
	cache = tls_cache_new(&(struct tls_cache_options){
	        .max = argc > 7 ? strtoul(argv[7], NULL, 10) : 5000, .ask = ask});
	if (!start(argv, argc > 6 ? strtoul(argv[6], NULL, 10) : 0, &a, &options,
	           &err) ||
	    !site_init(&site, &options, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	tls_context_init_by_name(&tls, tls_cache_find, cache);
	server = http_server_new(
	        &(struct http_server_options){.base = base,
	                                      .head_max = SITE_HEAD_MAX,
	                                      .target_max = SITE_TARGET_MAX,
	                                      .body_max = SITE_BODY_MAX,
	                                      .idle_ms = 600000,
	                                      .connections_max = 60000,
	                                      .handler = site_handle,
	                                      .arg = &site});
	site_attach(&site, server);
	http_server_listen_as(server,
	                      &(struct http_listen){.fd = http, .is_brief = true});
	http_server_listen_as(
	        server,
	        &(struct http_listen){.fd = https, .tls = &tls, .is_brief = true});
	print_path(options.tokens);
	event_base_dispatch(base);
	return 0;
}
