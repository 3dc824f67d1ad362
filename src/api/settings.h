/*
 * The settings of a new domain: what the customer gives for the variables of its profile,
 * and what this installation sets. In Signet's own layouts (standard, delegated) the
 * names, keys and hosts are the installation's alone; in the layouts of other services
 * the customer may give what that service showed. Private to src/api.
 */
#pragma once

#include "api/call.h"
#include "plan/plan.h"

struct settings_wanted {
	bool rsa;     /* dkim_key is to be made */
	bool rsa2;    /* a second one, of a layout that delegates two selectors */
	bool ed25519; /* dkim_key2 is to be made */
};

/* The object of texts for this profile, and which keys are still to be made. Errors about
 * members are added to the call. The caller drops the object. */
json_t *settings_make(struct api_call *call, const struct profile *profile,
                      struct str region, struct settings_wanted *wanted);
/* Whether the profile is one of Signet's own. */
bool settings_is_own(struct str profile);
/* What a variable is, by the settings or its default; empty where it has none. */
struct str settings_value(const json_t *settings, const struct profile *profile,
                          const char *name);
/* The region that the body names, else `otherwise`; an error where there is no such. */
struct str region_check(struct api_call *call, struct str otherwise);
/* The error of plan_make() as an error about a member of "settings". */
void settings_error(struct api_call *call, const struct err *err);
