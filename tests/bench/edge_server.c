/*
 * The edge's handler alone, for measurements: one process, one loop, the thread of its
 * journal; no parent, no core, one certificate for every name. Prints a token's path.
 *
 *	bench_edge_server JOURNAL-DIR HTTP-PORT TLS-PORT CHAIN.der KEY.der
 */
#include "base/file.h"
#include "edge/site.h"
#include "net/tls.h"
#include "track/token_keys.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tls_pair *pair;

static enum tls_found find(void *arg, struct str name, struct tls_waiter *waiter,
                           struct tls_pair **found)
{
	(void)arg, (void)name, (void)waiter;
	*found = pair;
	return TLS_FOUND;
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

int main(int argc, char **argv)
{
	static struct site site;
	static struct tls_context tls;
	AUTO(arena) a = {0};
	AUTO(token_keys) keys = {0};
	struct journal_options journal = {0};
	struct site_options options = {.connections_max = 60000};
	struct http_server *server;
	struct str chain, key;
	struct err err = {0};

	need(argc == 6);
	journal.dir = argv[1];
	need(token_keys_add(&keys, 0, &err));
	options.tokens = tokens_new(&keys);
	options.base = event_base_new();
	options.profile = profile_new();
	profile_start(options.profile);
	profile_set_account(options.profile, &(struct profile_account){.id = 42});
	profile_done(options.profile);
	if (!journal_open(&journal, &options.journal, &err) ||
	    !file_read(&a, argv[4], 65536, &chain, &err) ||
	    !file_read(&a, argv[5], 65536, &key, &err) ||
	    !tls_pair_new(chain, key, &pair, &err) ||
	    !site_init(&site, &options, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	tls_context_init_by_name(&tls, find, NULL);
	server = http_server_new(
	        &(struct http_server_options){.base = options.base,
	                                      .head_max = SITE_HEAD_MAX,
	                                      .target_max = SITE_TARGET_MAX,
	                                      .body_max = SITE_BODY_MAX,
	                                      .connections_max = 60000,
	                                      .handler = site_handle,
	                                      .arg = &site});
	http_server_listen(server, listen_on(argv[2]));
	http_server_listen_as(server,
	                      &(struct http_listen){listen_on(argv[3]), &tls, false});
	print_path(options.tokens);
	event_base_dispatch(options.base);
	return 0;
}
