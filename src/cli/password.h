/* A password from whoever sits at the terminal, unseen, or from a pipe. */
#pragma once

#include "cli/command.h"
#include "crypto/secret.h"

/* The first line of standard input, without its end; from a terminal `prompt` is shown and
 * nothing echoed. ERR_USAGE where it is empty. */
NODISCARD bool cli_password(const char *prompt, struct secret *out, struct err *err);
