/*
 * Layouts: a profile as it is given out with a domain. It is frozen with the domain, so
 * that the records a customer has published stay right whatever becomes of the profile.
 *
 * What is frozen is the profile with room for rotation: beside its DKIM record, two more
 * that are left out as long as their variables are not set: selector_next and
 * dkim_key_next for the key that comes, selector_old and dkim_key_old for the one that
 * goes. So a check needs the layout and the settings of a domain, and nothing else.
 */
#pragma once

#include "plan/plan.h"
#include "store/domain.h"
#include "store/layout.h"

enum { LAYOUT_TEXT_MAX = PROFILE_TEXT_MAX };

/* A profile's text (JSON) with room for rotation, and its digest. */
NODISCARD bool layout_freeze(struct arena *a, struct str profile, struct str text,
                             struct layout_row *out, struct err *err);
/* The settings of a domain (JSON object of texts) for plan_make(). */
NODISCARD bool layout_settings(struct arena *a, struct str json,
                               struct plan_settings *out, struct err *err);
/* The plan of a domain from its layout's text and its settings. */
NODISCARD bool layout_plan(struct arena *a, struct str text, struct str domain,
                           struct str settings, struct plan **out, struct err *err);
