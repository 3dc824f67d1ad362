#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024 };

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static const char *log_role = "signet";
static enum log_format log_format;
static enum log_level log_least = LOG_INFO;

void log_open(const char *role, enum log_format format, enum log_level level)
{
	log_role = role;
	log_format = format;
	log_least = level;
}

bool log_format_parse(struct str name, enum log_format *out)
{
	if (!str_eq(name, STR("text")) && !str_eq(name, STR("json")))
		return false;
	*out = str_eq(name, STR("json")) ? LOG_AS_JSON : LOG_AS_TEXT;
	return true;
}

bool log_level_parse(struct str name, enum log_level *out)
{
	for (size_t i = 0; i < LEN(level_names); i++)
		if (str_eq(name, str_c(level_names[i]))) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '=' ||
		    s.p[i] == '\\')
			return false;
	return s.n > 0;
}

static void add_value(struct buf *line, struct str s)
{
	if (is_plain(s)) {
		buf_add(line, s);
		return;
	}
	buf_add_char(line, '"');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"' || c == '\\')
			buf_printf(line, "\\%c", c);
		else if (c < ' ' || c > '~')
			buf_printf(line, "\\x%02x", (unsigned)(unsigned char)c);
		else
			buf_add_char(line, c);
	}
	buf_add_char(line, '"');
}

static void add_text_line(struct buf *line, const struct log_field *fields, size_t n)
{
	const char *gap = "";

	for (size_t i = 0; i < n; i++) {
		if (!fields[i].name)
			continue;
		buf_printf(line, "%s%s=", gap, fields[i].name);
		if (fields[i].is_number)
			buf_printf(line, "%lld", (long long)fields[i].number);
		else
			add_value(line, fields[i].text);
		gap = " ";
	}
}

static void add_json_line(struct arena *a, struct buf *line,
                          const struct log_field *fields, size_t n)
{
	AUTO_JSON json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		if (fields[i].name)
			json_object_set_new(object, fields[i].name,
			                    fields[i].is_number
			                            ? json_integer(fields[i].number)
			                            : json_text(fields[i].text));
	buf_add(line, json_line(a, object));
}

/* 2026-11-27T06:30:00.123Z */
static struct str stamp(struct arena *a, int64_t now)
{
	struct str seconds = clock_format(a, now);

	return arena_printf(a, "%.*s.%03dZ", (int)seconds.n - 1, seconds.p,
	                    (int)(now % 1000));
}

static void add_line(struct arena *a, struct buf *line, const struct log_field *fields,
                     size_t n)
{
	if (log_format == LOG_AS_JSON)
		add_json_line(a, line, fields, n);
	else
		add_text_line(line, fields, n);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t n)
{
	AUTO(arena) a = {0};
	AUTO(buf) line = {.max = LINE_MAX_BYTES};
	struct log_field *all;

	if (level < log_least)
		return;
	all = ARENA_ARRAY(&a, struct log_field, n + 4);
	all[0] = LOG_STR("time", stamp(&a, clock_now()));
	all[1] = LOG_CSTR("level", level_names[level]);
	all[2] = LOG_CSTR("role", log_role);
	all[3] = LOG_CSTR("event", event);
	for (size_t i = 0; i < n; i++)
		all[4 + i] = fields[i];
	add_line(&a, &line, all, n + 4);
	if (line.overflowed) {
		/* What does not fit is left out as a whole: half a line lies. */
		buf_reset(&line);
		add_line(&a, &line, all, 4);
	}
	line.max++;
	buf_add_char(&line, '\n');
	(void)!write(STDERR_FILENO, line.p, line.n);
}
