/*
 * The data that commands share: profiles by name or file, and what is known of DNS
 * providers, mail services and networks. Each call parses; a command calls once.
 */
#pragma once

#include "auth/suffixes.h"
#include "base/err.h"
#include "base/option.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/provider.h"
#include "plan/service.h"

/*
 * A profile: of the ones that are built in, or, where `name` contains a slash or ends
 * in
 * ".json", of a file. An unknown name is ERR_USAGE with the names there are.
 */
NODISCARD bool catalog_profile(struct arena *a, struct str name, struct profile **out,
                               struct err *err);
/* The names of the built-in profiles, one after the other; empty behind the last. */
struct str catalog_profile_name(size_t i);
/* The settings of `--set name=value`, and of the lines of a `--settings` file (empty: no
 * file); --set wins. */
NODISCARD bool catalog_settings(struct arena *a, const struct option_list *set,
                                struct str file, struct plan_settings *out,
                                struct err *err);

/* The built-in lists; these cannot fail in a binary that passed its tests. */
void catalog_providers(struct arena *a, struct providers *out);
void catalog_services(struct arena *a, struct services *out);
void catalog_networks(struct arena *a, struct networks *out);
/* The public suffix list; free it with suffixes_free(). */
struct suffixes *catalog_suffixes(void);
/* A provider by id, alias or name; an unknown one is ERR_USAGE with those near it. */
NODISCARD bool catalog_provider(const struct providers *list, struct str name,
                                const struct provider **out, struct err *err);
