#include "diagnose/rules.h"

bool rule_spf_syntax(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_loop(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_too_many_lookups(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_too_many_voids(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_not_authorizing(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_missing(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_pass_all(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_no_all(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_spf_too_long(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}
