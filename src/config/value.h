/* One value of the configuration from and to text, by the kind of its row. */
#pragma once

#include "config/config.h"

/*
 * Reads `text` into the field of `row`; entries of a list are added to those there. An
 * empty text is "not set" where the kind allows it. The error says why alone ("\"x\" is
 * not a number from 1 to 9"); whoever knows where it stood adds that.
 */
NODISCARD bool config_value_read(struct arena *a, const struct config_row *row,
                                 struct str text, struct config *c, struct err *err);
/* The field of `row`, emptied; of a list before its first entry of a source. */
void config_value_clear(const struct config_row *row, struct config *c);
