/*
 * The log of the roles: one line an event on standard error, as key=value or as JSON.
 * Libraries never log; a role logs once, where an error stops (STYLE.md, "Errors").
 *
 *	log_open("keys", LOG_AS_TEXT, LOG_INFO);
 *	log_info("key.taken", LOG_STR("domain", domain), LOG_NUM("pool", n));
 *
 *	time=2026-11-27T06:30:00.123Z level=info role=keys event=key.taken domain=a.example pool=63
 *
 * Values are escaped: one that holds a blank, a quote, `=` or anything not printable is
 * put in quotes with \" \\ \xNN, so no value can forge a field or a line. A line is
 * written by one write(); several processes may share the descriptor.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_AS_TEXT, LOG_AS_JSON };

struct log_field {
	const char *name; /* NULL: none */
	struct str text;
	int64_t number;
	bool is_number;
};

#define LOG_STR(name, s)                                                               \
	(struct log_field)                                                             \
	{                                                                              \
		(name), (s), 0, false                                                  \
	}
#define LOG_CSTR(name, c) LOG_STR(name, str_c(c))
#define LOG_NUM(name, n)                                                               \
	(struct log_field)                                                             \
	{                                                                              \
		(name), STR_NONE, (int64_t)(n), true                                   \
	}

#define log_debug(event, ...)   LOG_LINE(LOG_DEBUG, event, ##__VA_ARGS__)
#define log_info(event, ...)    LOG_LINE(LOG_INFO, event, ##__VA_ARGS__)
#define log_warning(event, ...) LOG_LINE(LOG_WARNING, event, ##__VA_ARGS__)
#define log_error(event, ...)   LOG_LINE(LOG_ERROR, event, ##__VA_ARGS__)
#define LOG_LINE(level, event, ...)                                                    \
	log_write(level, event, (const struct log_field[]){{0}, ##__VA_ARGS__},        \
	          LEN(((const struct log_field[]){{0}, ##__VA_ARGS__})))

/* `role` must live as long as the process. Before this, lines say role=signet. */
void log_open(const char *role, enum log_format format, enum log_level level);
/* "text", "json"; "debug" … "error": the values of log.format and log.level. */
NODISCARD bool log_format_parse(struct str name, enum log_format *out);
NODISCARD bool log_level_parse(struct str name, enum log_level *out);
/* Behind the macros. */
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t n);
