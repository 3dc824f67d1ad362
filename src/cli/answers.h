/* What the evaluators answer as JSON, the same by themselves and inside `auth`; and the
 * message that they read. */
#pragma once

#include "auth/dkim_verify.h"
#include "auth/dmarc.h"
#include "auth/spf.h"
#include "cli/command.h"

#include <jansson.h>

json_t *answer_spf(const struct spf_result *r);
json_t *answer_dkim(const struct dkim_verdicts *v);
json_t *answer_dmarc(const struct dmarc *d);

/* A signature as lines for people. */
void answer_print_dkim(struct arena *a, const struct dkim_verdicts *v);

/* The message on standard input, at most max_bytes bytes (0: the default), as one piece;
 * all of it lives in the run's arena. */
NODISCARD bool answer_read_message(struct cli *cli, int64_t max_bytes,
                                   struct dkim_message *out, struct err *err);
/* A canonical name of an option's value; the error names the option. */
NODISCARD bool answer_read_name(struct arena *a, const char *option, struct str text,
                                struct str *out, struct err *err);
