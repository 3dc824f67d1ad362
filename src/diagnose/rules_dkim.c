#include "diagnose/rules.h"

bool rule_dkim_syntax(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dkim_revoked(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dkim_sha1_only(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dkim_not_for_email(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dkim_weak_key(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dkim_missing(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_dkim_test_mode(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}
