/* The listening sockets of the server: which option makes which, and for which role. */
#pragma once

#include "base/roles.h"
#include "config/config.h"

enum { LISTENERS_MAX = 96 }; /* of all roles together; a role takes 32 */

struct listener {
	enum role role;
	struct str option; /* "api.listen" */
	struct str address;
	int fd;
};

struct listeners {
	struct listener v[LISTENERS_MAX];
	size_t n;
};

/* Binds all; the error names option and address. The views are those of the config. */
NODISCARD bool listeners_open(struct listeners *l, const struct config *c,
                              struct err *err);
void listeners_close(struct listeners *l);
bool listeners_has(const struct listeners *l, enum role role);
