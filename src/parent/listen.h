/*
 * The listening sockets of the server: which option makes which, and for which role.
 * Where a role has several processes each has a socket of its own on every address
 * (SO_REUSEPORT): the kernel spreads the connections, and those that were given to a
 * process that has died wait in its socket, which stays open here, for the next.
 */
#pragma once

#include "base/roles.h"
#include "config/config.h"

enum { LISTEN_OPTION_MAX = 32 }; /* addresses of one option */

struct listener {
	enum role role;
	unsigned instance;
	struct str option; /* "api.listen" */
	struct str address;
	int fd;
};

struct listeners {
	struct arena a;
	struct listener *v;
	size_t n, cap;
};

/* Binds all; the error names option and address. The views are those of the config. */
NODISCARD bool listeners_open(struct listeners *l, const struct config *c,
                              struct err *err);
void listeners_close(struct listeners *l);
bool listeners_has(const struct listeners *l, enum role role);
