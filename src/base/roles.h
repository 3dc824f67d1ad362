/*
 * The processes of `signet serve`, one row each. Tables that speak of several of them
 * (who sends which message, who reads which option) hold masks of ROLE_BIT().
 *
 * Of edge there may be several processes: each has its number, the instance, from 0 on;
 * all others are instance 0.
 */
#pragma once

#include "base/str.h"

/* X(NAME, "name") */
#define ROLES(X)                                                                       \
	X(PARENT, "parent")                                                            \
	X(CORE, "core")                                                                \
	X(KEYS, "keys")                                                                \
	X(EDGE, "edge")                                                                \
	X(GATE, "gate")                                                                \
	X(ACME, "acme")

enum role {
#define X(name, text) ROLE_##name,
	ROLES(X)
#undef X
	        ROLE_COUNT,
};

enum {
	ROLE_INSTANCES_MAX = 64,                             /* of one role */
	ROLE_PROCESSES_MAX = ROLE_COUNT + ROLE_INSTANCES_MAX /* of all */
};

#define ROLE_BIT(role) (1u << (unsigned)(role))

/* "core", … */
const char *role_name(enum role role);
/* The name of one of its processes: "core"; where there are several, "edge.0" … */
enum { ROLE_PROCESS_NAME_BYTES = 24 };
void role_process_name(enum role role, unsigned instance, unsigned instances,
                       char out[ROLE_PROCESS_NAME_BYTES]);
/* False for any other name. */
NODISCARD bool role_parse(struct str name, enum role *out);
