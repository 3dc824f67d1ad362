#include "parent/listen.h"

#include "base/file.h"
#include "base/ip_socket.h"
#include "ipc/role.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static const struct {
	enum config_id option;
	enum role role;
} rows[] = {
        {CONFIG_ID_api_listen,      ROLE_CORE},
        {CONFIG_ID_edge_listen,     ROLE_EDGE},
        {CONFIG_ID_edge_tls_listen, ROLE_EDGE},
        {CONFIG_ID_gate_listen,     ROLE_GATE},
};

/* A socket that is bound and does not listen yet, or -1. */
static int bind_to(struct ip ip, uint16_t port, bool is_shared)
{
	struct sockaddr_storage address;
	socklen_t n = ip_socket_address(ip, port, &address);
	int yes = 1;
	AUTO_FD int fd = socket(address.ss_family,
	                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int made;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
		return -1;
	if (is_shared &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) != 0)
		return -1;
	/* [::] means IPv6 alone, so that 0.0.0.0 may be named beside it. */
	if (address.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, n) != 0)
		return -1;
	made = fd;
	fd = -1;
	return made;
}

/* The same address for each process of the role. */
static bool open_shared(struct listeners *l, struct listener made, struct ip ip,
                        uint16_t port, unsigned processes)
{
	AUTO_FD int alone = -1;

	/* SO_REUSEPORT would let a second server have the port too: only where one that
	 * does not share it gets it, it is free. */
	if (processes > 1) {
		alone = bind_to(ip, port, false);
		if (alone < 0)
			return false;
		file_close(&alone);
	}
	for (made.instance = 0; made.instance < processes; made.instance++) {
		made.fd = bind_to(ip, port, processes > 1);
		if (made.fd < 0)
			return false;
		*ARRAY_ADD(l, &l->a) = made;
		if (listen(made.fd, BACKLOG) != 0)
			return false;
	}
	return true;
}

static bool open_one(struct listeners *l, struct listener made, unsigned processes,
                     struct err *err)
{
	struct ip ip;
	uint16_t port;

	if (!ip_port_parse(made.address, 0, &ip, &port))
		return err_set(err, ERR_INPUT, "%.*s: %.*s is not ADDR:PORT",
		               STR_ARG(made.option), STR_ARG(made.address));
	if (!open_shared(l, made, ip, port, processes))
		return err_set(err, ERR_UNAVAILABLE, "%.*s: %.*s: %s",
		               STR_ARG(made.option), STR_ARG(made.address),
		               strerror(errno));
	return true;
}

bool listeners_open(struct listeners *l, const struct config *c, struct err *err)
{
	*l = (struct listeners){0};
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct config_row *row = &config_rows[rows[i].option];
		const void *field = (const char *)c + row->offset;
		const struct str_list *list = field;
		unsigned processes =
		        rows[i].role == ROLE_EDGE ? (unsigned)c->edge_processes : 1;

		if (list->n > LISTEN_OPTION_MAX) {
			listeners_close(l);
			return err_set(err, ERR_INPUT, "%s: more than %d addresses",
			               row->name, LISTEN_OPTION_MAX);
		}
		for (size_t j = 0; j < list->n; j++) {
			struct listener made = {.role = rows[i].role,
			                        .option = str_c(row->name),
			                        .address = list->v[j],
			                        .fd = -1};

			if (!open_one(l, made, processes, err)) {
				listeners_close(l);
				return false;
			}
		}
	}
	return true;
}

void listeners_close(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		file_close(&l->v[i].fd);
	arena_done(&l->a);
	*l = (struct listeners){0};
}

bool listeners_has(const struct listeners *l, enum role role)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].role == role)
			return true;
	return false;
}
