/* What the table of options says of itself: an example file and its manual page. */
#pragma once

#include <stdio.h>

/* signet.conf with every option, its meaning and its default, all commented out. */
void config_example(FILE *out);
/* signet.conf(5) as roff. */
void config_manual(FILE *out);
