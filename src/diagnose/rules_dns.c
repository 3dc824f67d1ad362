#include "diagnose/rules.h"

bool rule_dns_bogus(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dns_servfail(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dns_timeout(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dns_server_lame(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dns_server_stale(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dns_propagating(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dns_negative_cached(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}
