/*
 * HSTS (RFC 6797) as far as it forbids links by HTTP under a tracking name. A browser opens
 * a name by HTTPS alone where a name above it, or the name itself, is on the list that
 * browsers bring along, or has told it so (includeSubDomains). Pure.
 *
 *	struct str suffix = hsts_preloaded(list, STR("go.acme.app"));	("app")
 *
 *	if (!hsts_is_remembered(&memory, now))
 *		(ask the names above)
 *	memory = hsts_learn(&memory, who_said_so, all_have_answered, now);
 *
 * What names above say is believed for a day: it seldom changes, their sites are not ours to
 * ask each hour, and one that is silent for an hour has taken nothing back.
 */
#pragma once

#include "base/str.h"

#define HSTS_REMEMBERED_MS ((int64_t)24 * 60 * 60 * 1000)

/* What the names above were seen to say. */
struct hsts_memory {
	struct str by; /* whose policy includes its sub-domains; empty: none has */
	int64_t at;    /* when; 0: that is not known */
};

/* The name of a list, a line each and "#" before comments, that this name is or is under;
 * empty where there is none. */
struct str hsts_preloaded(struct str list, struct str name);
bool hsts_is_remembered(const struct hsts_memory *memory, int64_t now);
/* `by` was seen now, or nothing (empty); without `is_sure` somebody may only have been
 * silent. */
struct hsts_memory hsts_learn(const struct hsts_memory *before, struct str by,
                              bool is_sure, int64_t now);
