#include "cli/commands.h"

const struct command *const commands[] = {
        &cmd_dkim_keygen,
        &cmd_dmarc,
        &cmd_spf,
        NULL,
};
