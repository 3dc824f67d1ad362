#include "base/roles.h"

#include <stdio.h>

static const char *const names[ROLE_COUNT] = {
#define X(name, text) [ROLE_##name] = (text),
        ROLES(X)
#undef X
};

const char *role_name(enum role role)
{
	need(role < ROLE_COUNT);
	return names[role];
}

void role_process_name(enum role role, unsigned instance, unsigned instances,
                       char out[ROLE_PROCESS_NAME_BYTES])
{
	if (instances > 1)
		snprintf(out, ROLE_PROCESS_NAME_BYTES, "%s.%u", role_name(role),
		         instance);
	else
		snprintf(out, ROLE_PROCESS_NAME_BYTES, "%s", role_name(role));
}

bool role_parse(struct str name, enum role *out)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (str_eq(name, str_c(names[i]))) {
			*out = (enum role)i;
			return true;
		}
	return false;
}
