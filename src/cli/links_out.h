/* Lists of links for people and as JSON: what `html links` and `mail links` print. */
#pragma once

#include "mime/link.h"

struct links_out_row {
	const struct link *link;
	struct str part; /* "1.2"; empty in a document of its own */
	bool is_trackable;
	const char *why;
};

struct links_out {
	struct links_out_row *v;
	size_t n, cap;
};

/* One array on one line. */
void links_out_json(const struct links_out *rows);
/* A line a link, then a line that counts them. */
void links_out_text(const struct links_out *rows);
