#include "diagnose/rules.h"

bool rule_type_spf_record(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_type_txt_for_cname(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_type_cname_for_txt(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_type_a_for_cname(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}

bool rule_type_ns_delegated(const struct rule_case *c, struct diagnosis *d)
{
	(void)c;
	(void)d;
	return false;
}
