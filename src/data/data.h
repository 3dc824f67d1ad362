/*
 * The files of data/ as they were when the binary was built: profiles, DNS providers,
 * mail services, networks. tools/embed writes them into a table sorted by name.
 *
 *	struct str text = data_file(STR("profiles/standard.json"));
 *
 * The views live as long as the program.
 */
#pragma once

#include "base/str.h"

struct data_row {
	struct str name, text;
};

/* The bytes of a file, or the view without a pointer where there is none. */
struct str data_file(struct str name);
/* The i-th file in the order of names, or NULL behind the last. */
const struct data_row *data_at(size_t i);
