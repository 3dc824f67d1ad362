/*
 * JSON on top of jansson: data files are read member by member with errors that say the
 * path ("$.records[2].type: unknown type"), and bytes from anywhere become JSON
 * strings.
 *
 * Reading: each json_get_… looks for member `name` of `object`, which stands at `path`,
 * and fails with the path where it is missing or of another type. The text that is read
 * is copied into the arena, so the json_t may be dropped afterwards.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <jansson.h>

/* Drops the reference at the end of the scope: AUTO_JSON json_t *j = …; */
#define AUTO_JSON __attribute__((cleanup(json_drop)))
void json_drop(json_t **j);

/* Parses a whole text; the error says line and column. Depth is limited by jansson. */
NODISCARD bool json_parse(struct str text, json_t **out, struct err *err);

/* A JSON string; what is not UTF-8 is written as \ddd (see utf8_printable). */
json_t *json_text(struct str s);
/* null for an empty view. */
json_t *json_text_or_null(struct str s);
/* The value on one line, its members in the order of insertion. */
struct str json_line(struct arena *a, const json_t *value);

NODISCARD bool json_get_text(struct arena *a, const json_t *object, const char *path,
                             const char *name, struct str *out, struct err *err);
NODISCARD bool json_get_bool(const json_t *object, const char *path, const char *name,
                             bool *out, struct err *err);
NODISCARD bool json_get_int(const json_t *object, const char *path, const char *name,
                            int64_t *out, struct err *err);
/* The member as an array; its elements stand at "path.name[i]". */
NODISCARD bool json_get_array(const json_t *object, const char *path, const char *name,
                              json_t **out, struct err *err);
NODISCARD bool json_get_object(const json_t *object, const char *path, const char *name,
                               json_t **out, struct err *err);
/* Whether the member is there and not null. */
bool json_has(const json_t *object, const char *name);
/* An unknown member is an error that names it; `known` ends with NULL. */
NODISCARD bool json_check_members(const json_t *object, const char *path,
                                  const char *const *known, struct err *err);
