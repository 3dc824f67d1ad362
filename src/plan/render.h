/*
 * A plan as something to hand over: JSON for programs, zone text for a name server, a
 * table for a person in front of a DNS panel, the same in Markdown or HTML for a letter.
 */
#pragma once

#include "base/json.h"
#include "plan/field.h"
#include "plan/plan.h"

/* An array of {"purpose","type","name","host","value","priority","ttl","required",
 * "match"} in the order of the plan; the host is as the panel wants it. */
json_t *render_json(struct arena *a, const struct plan *plan,
                    const struct field_place *at);

/*
 * Master-file text (RFC 1035 §5) with names in full: goes into a zone file as it is.
 * Texts are quoted and split at 255 bytes.
 */
struct str render_zone(struct arena *a, const struct plan *plan);

/* Columns with the provider's labels and what it wants typed, then what to mind. */
struct str render_table(struct arena *a, const struct plan *plan,
                        const struct field_place *at);
struct str render_markdown(struct arena *a, const struct plan *plan,
                           const struct field_place *at);
/* A table and paragraphs, to stand in a body; every text is escaped. */
struct str render_html(struct arena *a, const struct plan *plan,
                       const struct field_place *at);
