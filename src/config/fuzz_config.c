/*
 * Any bytes as signet.conf, up to a NUL, and behind it as one variable. What is
 * read can be told to every role, and the role reads the same.
 */
#include "fuzz.h"

#include "config/config.h"

#include <stdlib.h>

static const enum config_role roles[] = {CONFIG_PARENT, CONFIG_CORE, CONFIG_KEYS,
                                         CONFIG_EDGE,   CONFIG_GATE, CONFIG_CLI};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str rest = {(const char *)bytes, n};
	struct str text = STR_NONE;
	const char *environment[2] = {0};
	struct config c, told;
	struct err err;

	str_cut(&rest, '\0', &text);
	if (rest.n)
		environment[0] = arena_cstr(&a, rest);
	struct config_sources from = {STR("signet.conf"), text, environment, NULL};
	if (!config_parse_slice(&a, text, &told, &err) && err.text[0] == '\0')
		abort();
	if (!config_parse(&a, &from, &c, &err))
		return 0;
	if (!config_check(&c, &err) && err.text[0] == '\0')
		abort();
	for (size_t i = 0; i < LEN(roles); i++) {
		struct str slice = config_slice(&a, &c, roles[i]);

		need(config_parse_slice(&a, slice, &told, &err));
		need(str_eq(config_slice(&a, &told, roles[i]), slice));
	}
	return 0;
}
