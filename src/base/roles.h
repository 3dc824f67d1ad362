/*
 * The processes of `signet serve`, one row each. Tables that speak of several of them
 * (who sends which message, who reads which option) hold masks of ROLE_BIT().
 */
#pragma once

#include "base/str.h"

/* X(NAME, "name") */
#define ROLES(X)                                                                       \
	X(PARENT, "parent")                                                            \
	X(CORE, "core")                                                                \
	X(KEYS, "keys")                                                                \
	X(EDGE, "edge")                                                                \
	X(GATE, "gate")

enum role {
#define X(name, text) ROLE_##name,
	ROLES(X)
#undef X
	        ROLE_COUNT,
};

#define ROLE_BIT(role) (1u << (unsigned)(role))

/* "core", … */
const char *role_name(enum role role);
/* False for any other name. */
NODISCARD bool role_parse(struct str name, enum role *out);
