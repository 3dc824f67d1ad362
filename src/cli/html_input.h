/* What the html commands share: their input and the option that bounds it. */
#pragma once

#include "cli/command.h"

enum { HTML_BYTES_DEFAULT = 50 * 1024 * 1024, HTML_BYTES_MAX = 1 << 30 };

/* A row for a struct options with an int64_t max_bytes. */
#define HTML_MAX_BYTES_ROW                                                             \
	{                                                                              \
		"max-bytes", OPTION_NUMBER, offsetof(struct options, max_bytes), "N",  \
		        "refuse an input larger than this; 50 MiB where not given", 1, \
		        HTML_BYTES_MAX                                                 \
	}

/* Standard input, at most `max_bytes` (0: the default). */
static inline bool html_input(struct cli *cli, int64_t max_bytes, struct str *out,
                              struct err *err)
{
	return cli_stdin(cli, max_bytes ? (size_t)max_bytes : HTML_BYTES_DEFAULT, out,
	                 err);
}
