/*
 * Lists of patterns in the data files: host names and the like where `*` stands for any
 * run of characters (glob.h), as "ns-*.awsdns-*.com". Of several patterns that fit, the
 * one with the most bytes is the closest.
 */
#pragma once

#include "base/json.h"

enum { PATTERNS_MAX = 256, PATTERN_MAX = 253, CATALOG_MAX = 4096 };

struct patterns {
	struct str *v;
	size_t n;
};

/* Reads member `name`, an array of texts that may be empty. */
NODISCARD bool pattern_parse(struct arena *a, const json_t *object, const char *path,
                             const char *name, struct patterns *out, struct err *err);
/* The closest pattern that fits the text, or the empty view. */
struct str pattern_find(const struct patterns *patterns, struct str text);
/* The longest entry that the text begins with (any case), or the empty view. */
struct str pattern_find_prefix(const struct patterns *patterns, struct str text);

/* Reads a data file that is an array of 1 … CATALOG_MAX elements. */
NODISCARD bool catalog_parse(struct str text, json_t **out, struct err *err);
/* One of the words; *out is its index. */
NODISCARD bool catalog_get_word(struct arena *a, const json_t *object, const char *path,
                                const char *name, const char *const *words, size_t *out,
                                struct err *err);
