/* What tools/embed writes: the files in the order of their names. */
#pragma once

#include "data/data.h"

extern const struct data_row data_rows[];
extern const size_t data_row_count;
