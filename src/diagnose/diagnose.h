/*
 * The check of a domain against a plan: observe each record, run the rules, sum up. One
 * pure function that asks DNS through the answers it is lent (dns/answer.h):
 *
 *	struct check_input in = {.a = &pass, .answers = &answers, .plan = plan, …};
 *	struct verdict *v = diagnose_check(&in);	(counts once nothing is pending)
 */
#pragma once

#include "diagnose/knowledge.h"
#include "diagnose/verdict.h"

/* The verdict lives in in->a and refers to the plan and the answers. */
struct verdict *diagnose_check(struct check_input *in);

/* Who serves the domain's zone, from its NS and SOA; never NULL (the generic provider). */
struct provider_match diagnose_provider(struct check_input *in, struct str domain);
