#include "diagnose/rules.h"

const struct rule rules[] = {
#define X(code, severity, when, purposes, planned, function, about)                    \
	{code,           SEVERITY_##severity, RULE_##when, purposes,                   \
	 RULE_##planned, rule_##function,     about},
        RULES(X)
#undef X
};

const size_t rule_count = LEN(rules);
