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

/* Standard input, at most `max_bytes` (0: the default). */
static inline bool cli_input(struct cli *cli, int64_t max_bytes, struct str *out,
                             struct err *err)
{
	return cli_stdin(cli, max_bytes ? (size_t)max_bytes : INPUT_BYTES_DEFAULT, out,
	                 err);
}
