/*
 * Command-line options as a table: one row gives the parser, the range check, the line
 * of --help and the paragraph of the manual page.
 *
 *	struct opts { bool json; int64_t timeout_ms; struct option_list dns; };
 *	static const struct option table[] = {
 *		FLAG_OPTION("json", offsetof(struct opts, json), "one JSON value"),
 *		LIST_OPTION("dns", offsetof(struct opts, dns), "ADDR[:PORT]", "ask this"),
 *	};
 *
 * `--name value` and `--name=value` are the same; `--` ends the options; options and
 * arguments may be mixed. An option that is no list may be given once. An empty value is
 * most often an unset variable of a script, so only those that say so take one.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* struct str; an empty value is an error */
	OPTION_ANY_TEXT, /* struct str; may be empty */
	OPTION_NUMBER,   /* int64_t within min … max */
	OPTION_LIST,     /* struct option_list, one entry each time it is given; none
	                     may be empty */
};

struct option {
	const char *name; /* without the dashes */
	enum option_kind kind;
	size_t offset;       /* of the field in the struct that is filled */
	const char *metavar; /* what stands for the value in help; NULL for a flag */
	const char *help;    /* a phrase, no final dot */
	int64_t min, max;    /* of OPTION_NUMBER */
};

/* A row of each kind, with what that kind needs and no more. */
#define FLAG_OPTION(name, at, help) OPTION_ROW(FLAG, name, at, NULL, help, 0, 0)
#define TEXT_OPTION(name, at, metavar, help)                                           \
	OPTION_ROW(TEXT, name, at, metavar, help, 0, 0)
#define ANY_TEXT_OPTION(name, at, metavar, help)                                       \
	OPTION_ROW(ANY_TEXT, name, at, metavar, help, 0, 0)
#define LIST_OPTION(name, at, metavar, help)                                           \
	OPTION_ROW(LIST, name, at, metavar, help, 0, 0)
#define NUMBER_OPTION(name, at, metavar, min, max, help)                               \
	OPTION_ROW(NUMBER, name, at, metavar, help, min, max)
#define OPTION_ROW(kind, name, at, metavar, help, min, max)                            \
	{                                                                              \
		name, OPTION_##kind, at, metavar, help, min, max                       \
	}

struct option_list {
	struct str *v;
	size_t n, cap;
};

struct option_table {
	const struct option *rows;
	size_t n;
};

/*
 * Parses argv[0 … argc-1] by the rows of all tables into `into`, whose fields the
 * caller has set to their defaults; what is no option goes to *arguments. An error is
 * of kind ERR_USAGE, names the option and, for an unknown one, the nearest known.
 */
NODISCARD bool option_parse(struct arena *a, const struct option_table *tables,
                            size_t table_count, void *into, int argc,
                            const char *const *argv, struct option_list *arguments,
                            struct err *err);
