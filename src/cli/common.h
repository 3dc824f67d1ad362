/* The options that commands share, as tables. */
#pragma once

#include "base/option.h"

extern const struct option_table cli_common_options; /* every command */
extern const struct option_table cli_dns_options;    /* those that ask DNS */
extern const struct option_table cli_server_options; /* those that ask a server */
