#include "diagnose/rules.h"

bool rule_mx_null(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_mx_is_address(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_mx_is_cname(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_mx_other_provider(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_mx_incomplete(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_mx_extra(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_mx_missing(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}
