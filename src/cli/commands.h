/*
 * The commands: each file cmd_NAME.c defines one row, commands.c lists them in the
 * order of --help.
 */
#pragma once

#include "cli/command.h"

/* Ends with NULL. */
extern const struct command *const commands[];
