/* What the filters share: their input, and the option that bounds it. */
#pragma once

#include "cli/command.h"

enum {
	INPUT_BYTES_DEFAULT = 50 << 20, /* where --max-bytes is not given */
	INPUT_BYTES_MAX = 1 << 30,
};

/* A row for a struct options with an int64_t max_bytes. */
#define MAX_BYTES_ROW                                                                  \
	NUMBER_OPTION("max-bytes", offsetof(struct options, max_bytes), "N", 1,        \
	              INPUT_BYTES_MAX,                                                 \
	              "refuse an input larger than this; 50 MiB where not given")

/* ERR_USAGE, naming the option, where a value cannot stand as a URL in any text: it has
 * blanks, controls or characters beyond ASCII. An empty value is none and may stand. */
NODISCARD bool cli_check_url(const char *option, struct str value, struct err *err);
/* Standard input, at most `max_bytes` (0: the default). */
NODISCARD bool cli_input(struct cli *cli, int64_t max_bytes, struct str *out,
                         struct err *err);
