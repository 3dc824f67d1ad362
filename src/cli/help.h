/* Help and the manual page, both made from the command and option tables. */
#pragma once

#include "cli/command.h"

/* `signet --help`: every command with its line. With `first`, as in `signet profile
 * --help`, only those that begin with this word; false and nothing where none does. */
bool help_overview(const char *first, FILE *out);
/* Lines of at most 80 columns, each behind `indent`. */
void help_wrapped(FILE *out, struct str text, const char *indent);
/* `signet COMMAND --help`: usage, words, options. */
void help_command(const struct command *c, const struct option_table *tables,
                  size_t table_count, FILE *out);
/* Fills err with what was not understood and the nearest commands; returns false. */
bool help_unknown_command(int argc, char **argv, struct err *err);
