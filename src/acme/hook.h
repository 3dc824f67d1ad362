/*
 * What uacme calls for each challenge (uacme(1), "-h"): this same program under another
 * name, a symbolic link in data_dir/acme. It puts the answer where the edges look for it:
 * challenges/TOKEN with the host on the first line and the key authorization (RFC 8555
 * §8.1) on the second. What is not http-01 it declines.
 */
#pragma once

#include "base/str.h"

#define ACME_HOOK_NAME "signet-acme-hook"

/* Whether the program was called by this name. */
bool acme_is_hook(const char *name);
/* argv: NAME METHOD TYPE IDENT TOKEN AUTH. Gives the exit status. */
int acme_hook_main(int argc, char **argv);
