#include "parent/listen.h"

#include "base/file.h"
#include "base/ip.h"
#include "ipc/role.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static const struct {
	enum config_id option;
	enum role role;
} rows[] = {
        {CONFIG_ID_api_listen,  ROLE_CORE},
        {CONFIG_ID_edge_listen, ROLE_EDGE},
        {CONFIG_ID_gate_listen, ROLE_GATE},
};

static socklen_t to_address(struct ip ip, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (ip.length == 4) {
		memcpy(&v4.sin_addr, ip.bytes, 4);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, ip.bytes, 16);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

static bool bind_to(struct ip ip, uint16_t port, int *out)
{
	struct sockaddr_storage address;
	socklen_t n = to_address(ip, port, &address);
	int yes = 1;
	AUTO_FD int fd = socket(address.ss_family,
	                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
		return false;
	/* [::] means IPv6 alone, so that 0.0.0.0 may be named beside it. */
	if (address.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0)
		return false;
	if (bind(fd, (const struct sockaddr *)&address, n) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return false;
	*out = fd;
	fd = -1;
	return true;
}

static bool open_one(struct listeners *l, struct listener made, struct err *err)
{
	struct ip ip;
	uint16_t port;

	if (!ip_port_parse(made.address, 0, &ip, &port))
		return err_set(err, ERR_INPUT, "%.*s: %.*s is not ADDR:PORT",
		               STR_ARG(made.option), STR_ARG(made.address));
	if (!bind_to(ip, port, &made.fd))
		return err_set(err, ERR_UNAVAILABLE, "%.*s: %.*s: %s",
		               STR_ARG(made.option), STR_ARG(made.address),
		               strerror(errno));
	l->v[l->n++] = made;
	return true;
}

bool listeners_open(struct listeners *l, const struct config *c, struct err *err)
{
	*l = (struct listeners){0};
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct config_row *row = &config_rows[rows[i].option];
		const void *field = (const char *)c + row->offset;
		const struct str_list *list = field;

		if (list->n > ROLE_LISTENERS_MAX) {
			listeners_close(l);
			return err_set(err, ERR_INPUT, "%s: more than %d addresses",
			               row->name, ROLE_LISTENERS_MAX);
		}
		for (size_t j = 0; j < list->n; j++) {
			struct listener made = {rows[i].role, str_c(row->name),
			                        list->v[j], -1};

			if (!open_one(l, made, err)) {
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
	l->n = 0;
}

bool listeners_has(const struct listeners *l, enum role role)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].role == role)
			return true;
	return false;
}
