#include "dns/type.h"

static const struct {
	enum dns_type type;
	const char *name;
} types[] = {
#define X(name, code) {DNS_##name, #name},
        DNS_TYPES(X)
#undef X
};

const char *dns_type_name(enum dns_type type)
{
	for (size_t i = 0; i < LEN(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return "TYPE";
}

bool dns_type_parse(struct str name, enum dns_type *out)
{
	for (size_t i = 0; i < LEN(types); i++) {
		if (str_eq_nocase(str_c(types[i].name), name)) {
			*out = types[i].type;
			return true;
		}
	}
	return false;
}

bool dns_type_is_known(uint16_t code)
{
	for (size_t i = 0; i < LEN(types); i++)
		if ((uint16_t)types[i].type == code)
			return true;
	return false;
}
