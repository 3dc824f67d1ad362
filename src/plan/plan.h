/*
 * A plan is what one domain has to publish: a profile with its variables filled in.
 * Every name and target is a canonical DNS name, every text is checked, so that what
 * follows (comparison, the words for a DNS panel, zone text) need not doubt it.
 *
 *	struct plan_settings s = {.given = map_init(&a)};
 *	plan_set(&s, STR("label=sg42"), &err) …
 *	struct plan *plan;
 *	if (!plan_make(&a, profile, STR("acme.example"), &s, &plan, &err)) …
 *	for (size_t i = 0; i < plan->record_count; i++)
 *		plan->records[i] …
 *
 * Limits: a value of a variable has at most 2048 bytes, of a record 4096.
 */
#pragma once

#include "plan/profile.h"

enum { PLAN_SETTING_MAX = 2048 };

/* What a caller says about variables: each entry is a struct str. */
struct plan_settings {
	struct map given;
};

struct plan_record {
	enum plan_purpose purpose;
	enum dns_type type;
	struct str name;  /* canonical */
	struct str value; /* TXT: the text; CNAME, MX: the canonical target */
	int32_t priority; /* of an MX; else -1 */
	uint32_t ttl;     /* seconds */
	bool required;
	enum plan_match match;
	size_t set; /* index of the first record of the same name and type */
};

struct plan {
	const struct profile *profile;
	struct str domain; /* canonical */
	struct plan_record *records;
	size_t record_count;
};

/* One "name=value" as it stands after --set; a name may be given once. */
NODISCARD bool plan_set(struct plan_settings *settings, struct str assignment,
                        struct err *err);

/* A domain that mail can be sent from, in canonical form: letters, digits, "-" and "_"
 * once an IDN is in A-labels, not the root and no IP address. Fails with ERR_USAGE. */
NODISCARD bool plan_domain(struct arena *a, struct str text, struct str *out,
                           struct err *err);
/* A DKIM selector, in canonical form; it may have several labels. The same errors. */
NODISCARD bool plan_selector(struct arena *a, struct str text, struct str *out,
                             struct err *err);
/*
 * The plan of a profile for a domain as a person typed it. The plan keeps the profile.
 * Fails, naming the variable, where one that is needed is not set, has a value that
 * does not fit, or is known to no profile; an empty value counts as not set. A setting
 * that only other profiles of Signet know is ignored, so that one set serves all.
 */
NODISCARD bool plan_make(struct arena *a, const struct profile *profile,
                         struct str domain, const struct plan_settings *settings,
                         struct plan **out, struct err *err);
