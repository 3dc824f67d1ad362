#include "base/roles.h"

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

bool role_parse(struct str name, enum role *out)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (str_eq(name, str_c(names[i]))) {
			*out = (enum role)i;
			return true;
		}
	return false;
}
