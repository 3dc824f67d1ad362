/*
 * Errors have one shape: a function that can fail returns NODISCARD bool and takes a
 * struct err that is filled when it returns false. A caller adds context once a layer:
 *
 *	if (!file_read(a, path, MAX, &text, err))
 *		return err_add(err, "profile %s", path);
 *
 * gives "profile /x.json: no such file". Results are not errors: "SPF says fail" or
 *"the record is missing" are values. The kind decides the exit status of the command
 * line (CLI.md, "Common rules").
 */
#pragma once

#include "base/need.h"

#include <stdbool.h>

enum err_kind {
	ERR_INPUT,       /* cannot be parsed at all (exit 65) */
	ERR_USAGE,       /* wrong arguments (exit 64) */
	ERR_UNAVAILABLE, /* a service that is needed does not answer (exit 69) */
	ERR_INTERNAL,    /* a bug or an exhausted resource (exit 70) */
};

struct err {
	enum err_kind kind;
	char text[512]; /* one line, no final newline; longer text is cut */
};

/* Fills *err and returns false, so that it can be returned: return err_set(err, …); */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...) PRINTF(3, 4);
/* Puts "context: " in front of the text and returns false. */
bool err_add(struct err *err, const char *format, ...) PRINTF(2, 3);
