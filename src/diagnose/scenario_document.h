/* What a scenario expects of the verdict as JSON, above all of an audit's members. */
#pragma once

#include "base/json.h"

/* "PATH VALUE": the member at a path as dmarc.reports.0.uri is this text or JSON. */
NODISCARD bool document_expect_json(struct arena *a, const json_t *document,
                                    struct str args, struct err *err);
/* "ID ROLE…": the service was recognised, in exactly these roles. */
NODISCARD bool document_expect_service(struct arena *a, const json_t *document,
                                       struct str args, struct err *err);
