#include "data/data.h"

#include "data/table.h"

const struct data_row *data_at(size_t i)
{
	return i < data_row_count ? &data_rows[i] : NULL;
}

struct str data_file(struct str name)
{
	size_t low = 0, high = data_row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(name, data_rows[middle].name);

		if (order == 0)
			return data_rows[middle].text;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return STR_NONE;
}
